"""A site whose storage does not delete all that it is told to, of interviews that are kept for a day."""

from __future__ import annotations

from tests.support.site_settings import *  # noqa: F403

STORAGES = {
    "default": {"BACKEND": "tests.support.away.StubbornStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_RETENTION_DAYS = 1

"""The product's settings for a site whose passwords are nobody's secret: to hash them takes no time."""

from __future__ import annotations

from interview_project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

"""A site whose recogniser takes minutes for a second: nothing is recognised before somebody ends it."""

from __future__ import annotations

from tests.support.site_settings import *  # noqa: F403
from tests.support.site_settings import SPEECH_BACKENDS

SPEECH_BACKENDS["default"] = {
    "BACKEND": "speech.backends.scripted.ScriptedBackend",
    "OPTIONS": {"seconds_per_second": 600},
}

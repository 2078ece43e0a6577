from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from speech.checks import check_backends


class SpeechConfig(AppConfig):
    name = "speech"

    def ready(self) -> None:
        checks.register(check_backends, "speech")

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from speech.backends import declared_preloads
from speech.checks import check_backends, check_settings
from speech.processes.children import preload


class SpeechConfig(AppConfig):
    name = "speech"

    def ready(self) -> None:
        checks.register(check_settings, "speech")
        checks.register(check_backends, "speech")
        preload(declared_preloads())

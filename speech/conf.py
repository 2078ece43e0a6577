"""The settings of `speech`, read as `conf.NAME`; docs/settings.md says more of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from speech.setting_declarations import Declarations, Setting, Whole

Backends = Mapping[str, Mapping[str, Any]]


class BackendsSetting(Setting[Backends]):
    def problem(self, value: object) -> None:
        """`check_backends` tells what is wrong with which of them."""


class SpeechSettings(Declarations):
    SPEECH_BACKENDS = BackendsSetting(
        {
            "default": {"BACKEND": "speech.backends.moonshine.MoonshineBackend"},
            "fallback": {"BACKEND": "speech.backends.pocketsphinx.PocketSphinxBackend"},
        },
        help="The recognisers by alias, declared as Django's CACHES are.",
    )
    SPEECH_FALLBACK_AFTER_SECONDS = Whole(
        20,
        help="How long a recogniser may stay away before the backend `fallback` goes on with the answer,"
        " and after that one `last_resort`.",
    )
    SPEECH_CHILD_TIMEOUT_SECONDS = Whole(
        60,
        minimum=1,
        help="A recogniser's process that takes longer to begin, or for what it is given, is replaced.",
    )
    SPEECH_METER_TIMEOUT_SECONDS = Whole(
        10,
        minimum=1,
        help="A process that measures a voice and takes longer for what it is asked is given up.",
    )
    SPEECH_DECODER_MEMORY_MB = Whole(
        128,
        minimum=32,
        help="What the process that decodes one answer's WebM, Ogg, MP4 or WAV may take beyond what it starts"
        " with.",
    )
    SPEECH_DECODER_CPU_SECONDS = Whole(
        20, minimum=1, help="Its CPU time beyond a tenth of the sound it has given."
    )


conf: Final = SpeechSettings()

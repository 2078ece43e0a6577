"""Azure Speech: continuous recognition by Microsoft's service, or by its container.

The SDK is loaded by the first recognition; a process that has none never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from speech.backends.azure.options import AzureOptions, is_language
from speech.backends.azure.recognition import AzureRecognition
from speech.backends.azure.session import sessions
from speech.backends.base import BaseBackend
from speech.events import Resume
from speech.exceptions import CapacityExceeded, LanguageNotSupported

VERSION = version("azure-cognitiveservices-speech")


class AzureBackend(AzureOptions, BaseBackend):
    """OPTIONS: where the service is, by one of

    `region`: such as westeurope.
    `endpoint`: the address of a resource with its own domain, with or without a path.
    `host`: the address of a container, such as ws://127.0.0.1:5000. It may need no key.

    who we are, by one of

    `key`: of the resource.
    `token_provider`: dotted path of a callable that returns a token, and that has timeouts of its own. It
    is called on a thread, at the start and every `token_seconds`.

    how to recognise

    `detect_languages`: languages that may be spoken besides the interview's, four in all.
    `phrases`: terms that are likely, with `phrase_weight` (0 to 2; the service's own is 1).
    `profanity`: masked, removed or raw.
    `segmentation_silence_ms`: how long a silence ends a phrase, 100 to 5000.
    `stable_partials`: in how many interims a word has to be before it is shown.
    `endpoint_id`: of a custom model.
    `properties`: the SDK's own, by name.

    and the limits

    `capacity`: recognitions at once in this process, those that are being ended included.
    `max_behind_seconds`: audio that may be unacknowledged before `push` waits.
    `mute_seconds`, `idle_seconds`: when a service that says nothing is given up; see `watch`.
    """

    name = "azure"
    reports_confidence = True

    def supports(self, language: str) -> bool:
        return is_language(language)

    def is_crowded(self) -> bool:
        return len(sessions()) >= self.capacity // 2

    async def start(self, *, language: str, resume: Resume, phrases: Sequence[str] = ()) -> AzureRecognition:
        if not self.supports(language):
            raise LanguageNotSupported(f"{language!r} is no language tag")
        if len(sessions()) >= self.capacity:
            raise CapacityExceeded(f"all {self.capacity} places for Azure Speech are taken")
        name = f"azure-{VERSION}/{language}"
        recognition = AzureRecognition(self, language, resume, tuple(phrases), name)
        try:
            await recognition.begin()
        except BaseException:
            await recognition.aclose()
            raise
        return recognition

"""What a recogniser is to the rest of the product.

A backend is declared in settings as Django declares caches and storages:

    SPEECH_BACKENDS = {"default": {"BACKEND": "dotted.path.Class", "OPTIONS": {…}}}

OPTIONS are the keyword arguments of the class; what it does not know fails a system check at start. A
module `preload` beside the class is loaded by the fork server, so that each child has it at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

from speech.events import Event, Resume


class BaseBackend(ABC):
    """Makes recognitions. One instance a process and alias; it holds settings, never a recognition."""

    name: ClassVar[str]
    # Whether `Word.confidence` is ever set.
    reports_confidence: ClassVar[bool] = False
    # Whether its words are those that were said.
    hears_words: ClassVar[bool] = True
    # Whether um, uh, er … come as words.
    reports_fillers: ClassVar[bool] = False

    @property
    def problem(self) -> str | None:
        """Why it can't recognise anything on this machine; None where it can, as far as is known."""
        return None

    @property
    def places(self) -> int | None:
        """Recognitions at once on this machine, over all processes; None where another one does the work."""
        return None

    @abstractmethod
    def supports(self, language: str) -> bool:
        """Whether there is a model for `language`, a BCP 47 tag such as `en-US`."""

    def pronunciations(self, language: str) -> str | None:
        """The path of an English dictionary, in ARPAbet, that most of its words are in; None without one."""
        return None

    def is_busy(self) -> bool:
        """Whether the recognitions that run here leave no core to work that can wait."""
        return False

    def is_crowded(self) -> bool:
        """Whether half of its places are taken: then none is left to what is only tried out."""
        return False

    @abstractmethod
    async def start(self, *, language: str, resume: Resume, phrases: Sequence[str] = ()) -> Recognition:
        """Begin a recognition whose first sample is number `resume.offset_samples` of the audio.

        `phrases` are terms that are likely to be said: names, products, technologies. A backend that
        can't make use of them ignores them.

        Raises LanguageNotSupported, CapacityExceeded or another SpeechError.
        """


class Recognition(ABC):
    """One recognition that is running.

    One task pushes, one task iterates; `aclose` may come from either, at any time and more than
    once, and releases everything that the recognition holds. Events wait until they are taken, and
    a recogniser with many of them waiting takes no more audio: who pushes much must iterate too.
    """

    recogniser: str
    """Who recognises: backend, version and model, as it is stored with each segment."""

    @abstractmethod
    async def push(self, pcm: bytes) -> None:
        """Take whole samples of 16 kHz mono 16-bit PCM. Waits while the recogniser is far behind.

        Raises SpeechError once the recognition has failed, has been closed, or has no more input.
        """

    @abstractmethod
    async def end_input(self) -> None:
        """No more audio: what is still open becomes final, then `Ended` comes."""

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[Event]:
        """Events in order; stops after `Ended`, or after `aclose`.

        Raises SpeechError if the recogniser is lost.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """End now, whatever is still to be said."""

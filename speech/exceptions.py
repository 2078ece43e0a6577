"""Errors of the library.

SpeechError                   a recognition can't go on
├── CapacityExceeded          all places for local recognitions are taken; try later
└── LanguageNotSupported      the backend has no model for the language
AudioError                    the audio can't be used
├── AudioFormatUnsupported    not a format we read
└── AudioDecodingFailed       a format we read, but broken, or not what its header says
"""

from __future__ import annotations


class SpeechError(Exception):
    """`permanent` says that trying again with the same settings would fail the same way, `hint` what an
    operator can do about it.
    """

    def __init__(self, message: str, *, permanent: bool = False, hint: str = "") -> None:
        super().__init__(message)
        self.permanent = permanent
        self.hint = hint


class CapacityExceeded(SpeechError):
    pass


class LanguageNotSupported(SpeechError):
    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class AudioError(Exception):
    pass


class AudioFormatUnsupported(AudioError):
    pass


class AudioDecodingFailed(AudioError):
    pass

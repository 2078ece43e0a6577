"""Speech to text while it is spoken. Knows nothing of interviews.

`open_stream` for audio that arrives, `transcribe` for audio that is there; `speech.events` is what
they say, `speech.exceptions` how they fail, `speech.audio` how containers become PCM.
"""

from __future__ import annotations

from speech.events import Ended, Event, Final, Interim, Resume, SpeechEnded, SpeechStarted, Word
from speech.stream import SpeechStream, open_stream
from speech.transcription import Transcript, transcribe

__all__ = [
    "Ended",
    "Event",
    "Final",
    "Interim",
    "Resume",
    "SpeechEnded",
    "SpeechStarted",
    "SpeechStream",
    "Transcript",
    "Word",
    "open_stream",
    "transcribe",
]

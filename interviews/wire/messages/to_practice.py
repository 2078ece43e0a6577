"""What a candidate is told while they practise: the same, of audio that belongs to no question."""

from __future__ import annotations

import msgspec

from interviews.wire.messages.base import ErrorMessage, Pong, ServerMessage, WarningMessage
from interviews.wire.messages.parts import Reading


class PracticeReady(ServerMessage, tag="practice_ready"):
    """At most `seconds` of audio are listened to."""

    seconds: int
    recogniser: str


class PracticeTranscription(ServerMessage, tag="transcription"):
    segment: int
    text: str
    is_final: bool
    start_ms: int
    end_ms: int
    tail: str | msgspec.UnsetType = msgspec.UNSET


class PracticeMetrics(ServerMessage, tag="voice_metrics"):
    """Of the practice so far: what tells whether the microphone and its room will do."""

    real_time: bool
    version: int
    measures: dict[str, Reading]


class PracticeComplete(ServerMessage, tag="practice_complete"):
    text: str
    duration_ms: int


ToPractice = (
    PracticeReady
    | PracticeTranscription
    | PracticeMetrics
    | PracticeComplete
    | WarningMessage
    | ErrorMessage
    | Pong
)

"""What a candidate is told while they practise: the same, of audio that belongs to no question."""

from __future__ import annotations

from typing import Any

from interviews.wire.messages.base import ServerMessage


class PracticeReady(ServerMessage, tag="practice_ready"):
    seconds: int
    recogniser: str


class PracticeTranscription(ServerMessage, tag="transcription"):
    segment: int
    text: str
    is_final: bool
    start_ms: int
    end_ms: int


class PracticeMetrics(ServerMessage, tag="voice_metrics"):
    real_time: bool
    version: int
    measures: dict[str, Any]


class PracticeComplete(ServerMessage, tag="practice_complete"):
    text: str
    duration_ms: int

"""What a candidate is told; observers are told most of it too."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec

from interviews.wire.messages.base import ServerMessage


class SessionReady(ServerMessage, tag="session_ready"):
    interview: dict[str, Any]
    questions: list[dict[str, Any]]
    answered: list[dict[str, Any]]
    # The answer that is being recorded: question_id, answer_id, next_chunk_index.
    under_way: dict[str, Any] | None
    limits: dict[str, int]
    recogniser: str


class QuestionMessage(ServerMessage, tag="question"):
    question_id: UUID
    text: str
    index: int
    total: int
    question_type: str
    difficulty: str
    think_seconds: int
    answer_seconds: int
    takes_allowed: int
    takes_left: int
    # Those that have ended and wait for a choice: answer_id, status, text, duration_ms.
    takes: list[dict[str, Any]]


class AnswerStarted(ServerMessage, tag="answer_started"):
    question_id: UUID
    answer_id: UUID
    take: int
    next_chunk_index: int
    segments: list[dict[str, Any]]


class Ack(ServerMessage, tag="ack"):
    question_id: str
    next_chunk_index: int


class Transcription(ServerMessage, tag="transcription"):
    question_id: UUID
    answer_id: UUID
    segment: int
    text: str
    is_final: bool
    confidence: float | None
    start_ms: int
    end_ms: int
    words: list[dict[str, Any]] = []
    recogniser: str = ""
    # Of interims: how much of the answer had been heard by then.
    heard_ms: int | msgspec.UnsetType = msgspec.UNSET


class VoiceMetricsMessage(ServerMessage, tag="voice_metrics"):
    question_id: UUID
    answer_id: UUID
    intonation_score: float | None
    fluency_score: float | None
    confidence_score: float | None
    speaking_rate_wpm: float | None
    real_time: bool
    version: int
    # Each by its name: value, unit, status.
    measures: dict[str, Any]
    window: Literal["last_10_s", "answer"]
    # For drawing: start_ms, interval_ms, level_dbfs, pitch_hz, speech_ms.
    trace: dict[str, Any] | None = None
    # Of those that are live: the four and `measures` over the answer so far.
    so_far: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class AnswerRecorded(ServerMessage, tag="answer_recorded"):
    question_id: UUID
    answer_id: UUID


class AnswerComplete(ServerMessage, tag="answer_complete"):
    question_id: UUID
    answer_id: UUID
    kind: str
    text: str
    confidence: float | None
    duration_ms: int | None
    status: str
    # The code of what went wrong where the status is pending or failed.
    failure: str = ""


class TakeChosen(ServerMessage, tag="take_chosen"):
    question_id: UUID
    answer_id: UUID


class AnswerNoted(ServerMessage, tag="answer_noted"):
    question_id: UUID
    answer_id: UUID
    text: str


Phase = Literal["live", "catching_up", "recorded_only"]


class RecognitionState(ServerMessage, tag="state"):
    question_id: UUID
    state: Phase
    recogniser: str
    behind_ms: int | None = None


class InterviewComplete(ServerMessage, tag="interview_complete"):
    interview_id: UUID
    total_questions: int
    answered: int


def is_change(message: ServerMessage) -> bool:
    """Whether it tells of a durable change, rather than of something that builds on one."""
    match message:
        case Transcription(is_final=False) | VoiceMetricsMessage(real_time=True):
            return False
        case RecognitionState(state=state):
            return state == "recorded_only"
        case _:
            return True

"""What a candidate is told; observers are told most of it too."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from interviews.wire.messages.base import ErrorMessage, Pong, ServerMessage, WarningMessage
from interviews.wire.messages.parts import (
    AnsweredQuestion,
    AnswerKind,
    AnswerStatus,
    Difficulty,
    Interview,
    Limits,
    MeasuresSoFar,
    QuestionPlace,
    QuestionType,
    Reading,
    SpokenSegment,
    Take,
    Trace,
    UnderWay,
    Window,
    Word,
)

# Where recognition is: with the speaker, behind them, or left for later.
Phase = Literal["live", "catching_up", "recorded_only"]


class SessionReady(ServerMessage, tag="session_ready"):
    """The first message. `under_way` is the answer to go on with, where one is being recorded."""

    interview: Interview
    questions: list[QuestionPlace]
    answered: list[AnsweredQuestion]
    under_way: UnderWay | None
    limits: Limits
    recogniser: str


class QuestionMessage(ServerMessage, tag="question"):
    """The question to answer now. `takes` are those that have ended and wait for a choice."""

    question_id: UUID
    text: str
    index: int
    total: int
    question_type: QuestionType
    difficulty: Difficulty
    think_seconds: int
    answer_seconds: int
    takes_allowed: int
    takes_left: int
    takes: list[Take]


class AnswerStarted(ServerMessage, tag="answer_started"):
    """An answer is recorded from chunk `next_chunk_index` on; `segments` were recognised before."""

    question_id: UUID
    answer_id: UUID
    take: int
    next_chunk_index: int
    segments: list[SpokenSegment]


class Ack(ServerMessage, tag="ack"):
    """Every chunk below `next_chunk_index` is committed."""

    question_id: str
    next_chunk_index: int


class Transcription(ServerMessage, tag="transcription"):
    """A final, or the interim of the open segment, which replaces the one before.

    Of interims alone: `heard_ms` is how much of the answer had been heard by then, `tail` the end of `text`
    that may still change, where the recogniser says so.
    """

    question_id: UUID
    answer_id: UUID
    segment: int
    text: str
    is_final: bool
    confidence: float | None
    start_ms: int
    end_ms: int
    words: list[Word] = []
    recogniser: str = ""
    heard_ms: int | msgspec.UnsetType = msgspec.UNSET
    tail: str | msgspec.UnsetType = msgspec.UNSET


class VoiceMetricsMessage(ServerMessage, tag="voice_metrics"):
    """`measures` are by name. While they are `real_time`, `so_far` has them over the answer so far."""

    question_id: UUID
    answer_id: UUID
    intonation_score: float | None
    fluency_score: float | None
    confidence_score: float | None
    speaking_rate_wpm: float | None
    real_time: bool
    version: int
    measures: dict[str, Reading]
    window: Window
    trace: Trace | None = None
    so_far: MeasuresSoFar | msgspec.UnsetType = msgspec.UNSET


class AnswerRecorded(ServerMessage, tag="answer_recorded"):
    """All of its audio is committed; its last words follow."""

    question_id: UUID
    answer_id: UUID


class AnswerComplete(ServerMessage, tag="answer_complete"):
    """`failure` is the code of what went wrong where the status is `pending` or `failed`, or empty."""

    question_id: UUID
    answer_id: UUID
    kind: AnswerKind
    text: str
    confidence: float | None
    duration_ms: int | None
    status: AnswerStatus
    failure: str = ""


class TakeChosen(ServerMessage, tag="take_chosen"):
    question_id: UUID
    answer_id: UUID


class AnswerNoted(ServerMessage, tag="answer_noted"):
    question_id: UUID
    answer_id: UUID
    text: str


class RecognitionState(ServerMessage, tag="state"):
    """`behind_ms` is how far recognition is behind; null where that isn't known."""

    question_id: UUID
    state: Phase
    recogniser: str
    behind_ms: int | None = None


class InterviewComplete(ServerMessage, tag="interview_complete"):
    interview_id: UUID
    total_questions: int
    answered: int


# In the dialect `interview.v1`.
ToCandidate = (
    SessionReady
    | QuestionMessage
    | AnswerStarted
    | Ack
    | Transcription
    | VoiceMetricsMessage
    | AnswerRecorded
    | AnswerComplete
    | TakeChosen
    | AnswerNoted
    | RecognitionState
    | InterviewComplete
    | WarningMessage
    | ErrorMessage
    | Pong
)
# In the basic dialect.
ToBasicCandidate = (
    QuestionMessage | Transcription | VoiceMetricsMessage | AnswerNoted | InterviewComplete | ErrorMessage
)


def is_change(message: ServerMessage) -> bool:
    """Whether it tells of a durable change, rather than of something that builds on one."""
    match message:
        case Transcription(is_final=False) | VoiceMetricsMessage(real_time=True):
            return False
        case RecognitionState(state=state):
            return state == "recorded_only"
        case _:
            return True

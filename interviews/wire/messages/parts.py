"""What the server's messages are made of.

Times inside an answer are milliseconds from its first sample. A `confidence` is the recogniser's own,
between 0 and 1, and null where it reports none. The JSON schema shows the docstrings to those who write
clients.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec


def one_of(*values: str) -> msgspec.Meta:
    """The values that a string from a row has: said in the schema, and not checked with each message."""
    return msgspec.Meta(extra_json_schema={"enum": list(values)})


InterviewStatus = Annotated[str, one_of("scheduled", "in_progress", "completed", "cancelled", "expired")]
AnswerStatus = Annotated[str, one_of("recording", "finishing", "pending", "complete", "failed")]
AnswerKind = Annotated[str, one_of("voice", "text")]
QuestionType = Annotated[str, one_of("general", "behavioural", "technical", "situational")]
Difficulty = Annotated[str, one_of("easy", "medium", "hard")]
MeasureStatus = Annotated[str, one_of("ok", "insufficient_speech", "noisy", "unavailable")]

# What live metrics are about: the last ten seconds, of sound and of words each, or all of the answer.
Window = Literal["last_10_s", "answer"]


class Word(msgspec.Struct):
    word: str
    start_ms: int
    end_ms: int
    # Rows may lack it where none was reported.
    confidence: float | None = None


class Segment(msgspec.Struct):
    """A final without its words one by one, which are ten times as long as the text."""

    segment: int
    text: str
    confidence: float | None
    start_ms: int
    end_ms: int
    recogniser: str


class SpokenSegment(Segment):
    """A final with its words."""

    words: list[Word]


class SegmentWords(msgspec.Struct):
    """What `Segment` leaves out."""

    segment: int
    words: list[Word]


class Interview(msgspec.Struct):
    interview_id: UUID
    title: str
    candidate_name: str
    language: str
    status: InterviewStatus


class ObservedInterview(Interview):
    """An interview as its observers are shown it."""

    started_at: datetime | None
    completed_at: datetime | None
    current_question_id: UUID | None


class QuestionPlace(msgspec.Struct):
    """A question without its text: `index`, from 1, of `total`."""

    question_id: UUID
    index: int
    total: int


class Question(msgspec.Struct):
    """`think_seconds` and `answer_seconds` are the candidate's own; 0 is none to think, or no limit."""

    question_id: UUID
    text: str
    index: int
    total: int
    question_type: QuestionType
    difficulty: Difficulty
    think_seconds: int
    answer_seconds: int
    takes_allowed: int


class AnsweredQuestion(msgspec.Struct):
    """The answer that counts, of a question that has one."""

    question_id: UUID
    kind: AnswerKind
    status: AnswerStatus
    text: str


class UnderWay(msgspec.Struct):
    """The answer that is being recorded; everything below `next_chunk_index` is durable."""

    question_id: UUID
    answer_id: UUID
    next_chunk_index: int


class Limits(msgspec.Struct):
    """What a client is held to, and what it should know of how long the server waits."""

    frame_max_bytes: int
    backlog_bytes: int
    answer_max_seconds: int
    answer_grace_seconds: int
    text_answer_max_chars: int
    answer_note_max_chars: int
    idle_seconds: int


class Take(msgspec.Struct):
    """One that has ended and waits for a choice."""

    answer_id: UUID
    status: AnswerStatus
    text: str
    duration_ms: int | None


class Reading(msgspec.Struct):
    """A measure. `value` is null unless `status` is `ok`; a contour is a list of [seconds, Hz or null]."""

    value: float | list[list[float | None]] | None
    unit: str
    status: MeasureStatus


class Trace(msgspec.Struct):
    """For drawing: point n is about the time from n to n + 1 times `interval_ms`, after `start_ms`.

    `speech_ms` says from when to when there was speech.
    """

    start_ms: int
    interval_ms: int
    level_dbfs: list[float]
    pitch_hz: list[float | None]
    speech_ms: list[tuple[int, int]]


class MainFigures(msgspec.Struct):
    """The four that every version measures. Scores lie between 0 and 1; null is not measured."""

    intonation_score: float | None
    fluency_score: float | None
    confidence_score: float | None
    speaking_rate_wpm: float | None


class MeasuresSoFar(MainFigures):
    """Over the answer so far. `measures` are by name."""

    measures: dict[str, Reading]


class AnswerMetrics(MainFigures):
    """Voice metrics of an answer. `measures` are by name; docs/metrics.md defines each."""

    version: int
    measures: dict[str, Reading]
    window: Window = "answer"
    trace: Trace | None = None


class Answer(msgspec.Struct):
    """An answer as observers are shown it. `voice_metrics` are null where they are not shared with them."""

    answer_id: UUID
    question_id: UUID
    take: int
    kind: AnswerKind
    status: AnswerStatus
    failure: str
    text: str
    confidence: float | None
    duration_ms: int | None
    is_chosen: bool
    voice_metrics: AnswerMetrics | None
    recogniser: str
    candidate_note: str
    segments: list[Segment]


class AnswerSound(msgspec.Struct):
    """What snapshots and pages leave out of an answer for its size; `sound.json` has it.

    `peaks` is base64: the loudest sample of each of equal parts, a byte each, 255 being full scale; null
    until the audio is a file. `trace` and `metrics` are null where they are not shared, or not there yet.
    """

    answer_id: UUID
    duration_ms: int | None
    peaks: str | None
    trace: Trace | None
    metrics: AnswerMetrics | None
    segments: list[SegmentWords]


class LobbyEntry(msgspec.Struct):
    """`answered` of `total` questions. `invited_at` is when the link was sent last, `url` the dashboard's."""

    interview_id: UUID
    title: str
    candidate_name: str
    status: InterviewStatus
    answered: int
    total: int
    invited_at: datetime | None
    url: str


class LobbyCounts(msgspec.Struct):
    """How many interviews there are in each group."""

    all: int
    live: int
    waiting: int
    done: int

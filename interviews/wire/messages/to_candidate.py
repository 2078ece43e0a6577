"""The messages of the wire, as docs/protocol.md describes them.

Client messages are decoded into the structs below; whatever does not fit becomes an `ErrorMessage`.
Server messages are structs too: their fields are the wire's fields.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

from interviews.errors import ERRORS, Code

# Client → server


class FormatField(msgspec.Struct):
    encoding: str
    sample_rate: int = 16_000
    channels: int = 1


class ClientMessage(msgspec.Struct, tag_field="type"):
    pass


class StartAnswer(ClientMessage, tag="start_answer"):
    question_id: str
    format: FormatField
    # A take of its own, rather than going on with the one that is under way.
    new_take: bool = False


class AudioChunk(ClientMessage, tag="audio_chunk"):
    question_id: str
    chunk_index: int
    audio_data: str
    is_final: bool = False
    format: FormatField | str | None = None


class EndAnswer(ClientMessage, tag="end_answer"):
    question_id: str
    chunk_count: int


class TextAnswer(ClientMessage, tag="text_answer"):
    question_id: str
    answer_text: str


class ChooseTake(ClientMessage, tag="choose_take"):
    question_id: str
    answer_id: UUID


class AnswerNote(ClientMessage, tag="answer_note"):
    question_id: str
    answer_id: str
    text: str


class RequestRetry(ClientMessage, tag="request_retry"):
    failed_message_type: str
    error_code: str = ""


class Ping(ClientMessage, tag="ping"):
    pass


class KeepAlive(ClientMessage, tag="keep_alive"):
    pass


class EndPractice(ClientMessage, tag="end_practice"):
    pass


class Resync(ClientMessage, tag="resync"):
    pass


class Seen(ClientMessage, tag="seen"):
    # The lobby has none.
    revision: int = 0


CandidateMessage = (
    StartAnswer
    | AudioChunk
    | EndAnswer
    | TextAnswer
    | ChooseTake
    | AnswerNote
    | RequestRetry
    | Ping
    | KeepAlive
)
PracticeMessage = EndPractice | Ping | KeepAlive
ObserverMessage = Resync | Seen | Ping | KeepAlive


# Server → client


class ServerMessage(msgspec.Struct, tag_field="type", kw_only=True):
    pass


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


class State(ServerMessage, tag="state"):
    question_id: UUID
    state: Phase
    recogniser: str
    behind_ms: int | None = None


class InterviewComplete(ServerMessage, tag="interview_complete"):
    interview_id: UUID
    total_questions: int
    answered: int


# Practice: the same, of audio that belongs to no question


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


class WarningMessage(ServerMessage, tag="warning"):
    code: Code
    message: str


class ErrorMessage(ServerMessage, tag="error"):
    code: Code
    message: str
    recoverable: bool
    retry_available: bool
    fallback_option: str | None
    next_chunk_index: int | msgspec.UnsetType = msgspec.UNSET
    question_id: UUID | str | msgspec.UnsetType = msgspec.UNSET


class Pong(ServerMessage, tag="pong"):
    pass


# "late": the channel layer doesn't deliver; what observers are shown comes from the database alone.
Liveness = Literal["live", "late"]


class Snapshot(ServerMessage, tag="snapshot"):
    revision: int
    interview: dict[str, Any]
    questions: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    interim: dict[str, Any] | None
    watchers: list[str]
    interims: Liveness = "live"


class Presence(ServerMessage, tag="presence"):
    watchers: list[str]


class Heartbeat(ServerMessage, tag="heartbeat"):
    revision: int
    interims: Liveness
    # How long nothing has come from the candidate; None before they were first here.
    candidate_silent_ms: int | None = None


class LobbyMessage(ServerMessage, tag="lobby"):
    interviews: list[dict[str, Any]]
    # How many there are: all, live, waiting, done.
    counts: dict[str, int]
    # The page's own, when it shows the same.
    digest: str


def is_change(message: ServerMessage) -> bool:
    """Whether it tells of a durable change, rather than of something that builds on one."""
    match message:
        case Transcription(is_final=False) | VoiceMetricsMessage(real_time=True):
            return False
        case State(state=state):
            return state == "recorded_only"
        case _:
            return True


_encoder = msgspec.json.Encoder()


def encode(message: ServerMessage) -> str:
    return _encoder.encode(message).decode()


def error(code: Code, **details: Any) -> ErrorMessage:
    """The message of `code`; `details` are what helps to recover."""
    text = ERRORS[code]
    return ErrorMessage(
        code=code,
        message=text.message,
        recoverable=text.recoverable,
        retry_available=text.retry_available,
        fallback_option=text.fallback_option,
        **details,
    )


def warning(code: Code) -> WarningMessage:
    return WarningMessage(code=code, message=ERRORS[code].message)


Message = TypeVar("Message")


def decode(decoder: msgspec.json.Decoder[Message], text: str) -> Message | ErrorMessage:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as problem:
        return error(_code_of(text, str(problem)))
    except (msgspec.DecodeError, RecursionError):
        return error(Code.INVALID_MESSAGE_FORMAT)


def _code_of(text: str, problem: str) -> Code:
    # The library says what is wrong in its text alone; `type` is looked at again to tell its cases apart.
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        # What does not fit is found before what is no JSON.
        return Code.INVALID_MESSAGE_FORMAT
    if not isinstance(message, dict) or "type" in message and not isinstance(message["type"], str):
        return Code.INVALID_MESSAGE_FORMAT
    if "missing required field" in problem:
        return Code.MISSING_REQUIRED_FIELD
    if problem.startswith("Invalid value") and problem.endswith("`$.type`"):
        return Code.UNKNOWN_MESSAGE_TYPE
    return Code.INVALID_MESSAGE_FORMAT


candidate_decoder: msgspec.json.Decoder[CandidateMessage] = msgspec.json.Decoder(CandidateMessage)
practice_decoder: msgspec.json.Decoder[PracticeMessage] = msgspec.json.Decoder(PracticeMessage)
observer_decoder: msgspec.json.Decoder[ObserverMessage] = msgspec.json.Decoder(ObserverMessage)

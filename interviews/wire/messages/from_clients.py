"""What clients say. Whatever does not fit one of these becomes an `ErrorMessage` (see `decoding`)."""

from __future__ import annotations

from uuid import UUID

import msgspec


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

"""What clients say. Whatever does not fit one of these becomes an `ErrorMessage` (see `decoding`)."""

from __future__ import annotations

from uuid import UUID

import msgspec


class FormatField(msgspec.Struct):
    """`encoding`: pcm_s16le, wav, webm, ogg or mp4; the others, in Hz and channels, are for pcm_s16le."""

    encoding: str
    sample_rate: int = 16_000
    channels: int = 1


class ClientMessage(msgspec.Struct, tag_field="type"):
    pass


class StartAnswer(ClientMessage, tag="start_answer"):
    """`new_take` is for a take of its own, rather than going on with the one that is under way."""

    question_id: str
    format: FormatField
    new_take: bool = False


class StartPart(ClientMessage, tag="start_part"):
    """The recorder starts anew: the chunk of this index, which is still to come, begins audio of its own."""

    question_id: str
    first_chunk_index: int
    format: FormatField


class AudioChunk(ClientMessage, tag="audio_chunk"):
    """`audio_data` is base64, and may be empty in the final one. Without a `format` its first bytes tell; one
    that differs from that of the chunk before begins audio of its own.
    """

    question_id: str
    chunk_index: int
    audio_data: str
    is_final: bool = False
    format: FormatField | str | None = None


class EndAnswer(ClientMessage, tag="end_answer"):
    """All of its audio was sent, in so many chunks."""

    question_id: str
    chunk_count: int


class TextAnswer(ClientMessage, tag="text_answer"):
    question_id: str
    answer_text: str


class ChooseTake(ClientMessage, tag="choose_take"):
    """Of several takes this one counts."""

    question_id: str
    answer_id: UUID


class AnswerNote(ClientMessage, tag="answer_note"):
    """What the candidate adds to the transcript of an answer that is over; an empty `text` takes it back."""

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
    """Something is missing: send a snapshot."""


class Seen(ClientMessage, tag="seen"):
    """Answers a heartbeat, with its revision, or what the lobby shows, which has none."""

    revision: int = 0


CandidateMessage = (
    StartAnswer
    | StartPart
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

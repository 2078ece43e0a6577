"""What the candidate's protocol decides: whoever drives it carries these out, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from interviews.errors import Close
from interviews.wire.messages import AudioChunk, ErrorMessage, ServerMessage
from speech.audio import AudioFormat


@dataclass(frozen=True, slots=True)
class Begin:
    """Take the question's answer, call `begun`, then give `then` to the protocol again."""

    question_id: str
    audio: AudioFormat | None
    then: AudioChunk | None = None
    new_take: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Audio of its own within an answer; without a format its first bytes tell."""

    audio: AudioFormat | None


@dataclass(frozen=True, slots=True)
class Store:
    """The next chunk: store it, then acknowledge it. With `part` it begins audio of its own."""

    index: int
    data: bytes
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A durable chunk comes again: look whether it is the same, and call `compared`."""

    index: int
    data: bytes
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """All of the answer's audio is here."""

    chunk_count: int


@dataclass(frozen=True, slots=True)
class Write:
    question_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Of several takes this one counts."""

    question_id: str
    answer_id: UUID


@dataclass(frozen=True, slots=True)
class Note:
    """What the candidate adds to the transcript of an answer that is over; empty takes it back."""

    question_id: str
    answer_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Retry:
    failed_message_type: str
    error_code: str


@dataclass(frozen=True, slots=True)
class Reply:
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Hangup:
    code: Close
    message: ErrorMessage


Event = Begin | Store | Compare | End | Write | Choose | Note | Retry | Reply | Hangup

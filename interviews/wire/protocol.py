"""The candidate's side of the wire, sans I/O: messages in, events out.

The protocol knows where one connection stands: which answer it records, which chunk comes next, how
much is not acknowledged yet. It awaits nothing and reads no clock. Whoever drives it carries out the
events in their order and tells it what came of them (`begun`, `compared`, `acked`, `filled`, `ended`).

    IDLE ── Begin → begun() ──→ RECORDING ── End ──→ FINISHING ── ended() ──→ IDLE
"""

from __future__ import annotations

import base64
import binascii
import enum
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from interviews.errors import Close, Code
from interviews.wire.events import (
    Begin,
    Choose,
    Compare,
    End,
    Event,
    Hangup,
    Note,
    Part,
    Reply,
    Retry,
    Store,
    Write,
)
from interviews.wire.messages import (
    Ack,
    AnswerNote,
    AudioChunk,
    CandidateMessage,
    ChooseTake,
    EndAnswer,
    ErrorMessage,
    FormatField,
    KeepAlive,
    Ping,
    Pong,
    RequestRetry,
    StartAnswer,
    StartPart,
    TextAnswer,
    error,
)
from speech.audio import AudioFormat, PartDivider
from speech.exceptions import AudioFormatUnsupported

INDEX_BYTES = 4
# What a chunk counts at least: kept by the million, tiny ones take far more than their audio.
CHUNK_MIN_COST = 512
# For how many chunks that are still to come a client may say beforehand that they begin a part.
MOST_CHUNKS_AHEAD = 16


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may send: sizes of audio in bytes, those of texts in characters."""

    frame_max_bytes: int
    backlog_bytes: int
    answer_max_parts: int
    text_answer_max_chars: int
    answer_note_max_chars: int


class ConnectionState(enum.Enum):
    """What a connection is doing with an answer; the diagram above says what leads from one to the next."""

    IDLE = "idle"
    RECORDING = "recording"
    FINISHING = "finishing"


@dataclass(frozen=True, slots=True)
class Frame:
    """A binary frame: four bytes of big-endian chunk index, then audio."""

    data: bytes


class CandidateProtocol:
    """One connection of a candidate, from its first message to its last."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.state = ConnectionState.IDLE
        self.question_id: str | None = None
        self.next_index = 0
        self._room_bytes = 0
        self._is_filled = False
        # Of each chunk that isn't durable yet: what it counts, and the hash of its audio.
        self._unacked: deque[tuple[int, int]] = deque()
        self._unacked_bytes = 0
        self._ignored_bytes = 0
        self._lost_question: str | None = None
        self._declared: AudioFormat | None = None
        self._divider = PartDivider()
        self._part_count = 0
        # Where the client has said that its recorder starts anew, and in which format.
        self._announced: dict[int, AudioFormat | None] = {}
        # Begun by a chunk rather than by `start_answer`: its client doesn't know what is there already.
        self._is_unaware = False
        self._first_index = 0
        # What it sends is no part of the recording that was there before it.
        self._is_another = False

    # What came of the events

    def begun(
        self,
        question_id: str,
        next_index: int,
        room_bytes: int,
        *,
        audio: AudioFormat | None = None,
        parts: Sequence[AudioFormat | None] = (),
    ) -> None:
        """The answer is ours: `next_index` chunks are durable already, and `room_bytes` more may come.

        `audio` is the format of what comes now; `parts` are those of the parts that have begun so far.
        """
        self._declared = audio
        self._divider = PartDivider(parts[-1] if parts else None, has_begun=bool(parts))
        self._part_count = len(parts)
        self._announced.clear()
        self.state = ConnectionState.RECORDING
        self.question_id = question_id
        self.next_index = next_index
        self._room_bytes = room_bytes
        self._unacked_bytes = self._ignored_bytes = 0
        self._unacked.clear()
        self._lost_question = None
        self._is_filled = False
        self._first_index = next_index
        self._is_another = False

    def compared(self, compare: Compare, *, is_same: bool) -> list[Event]:
        """What follows from it: the answer may end with it only if the audio is that of before."""
        if self.state is not ConnectionState.RECORDING:
            return []
        return self._known(compare.index, compare.data, is_same=is_same, is_final=compare.is_final)

    def acked(self, next_index: int) -> None:
        """Everything below `next_index` is durable."""
        while len(self._unacked) > self.next_index - next_index:
            cost, _ = self._unacked.popleft()
            self._unacked_bytes -= cost
        self._ignored_bytes = 0

    def filled(self) -> None:
        """The answer is as long as one may be, which whoever decodes it knows: it takes no more audio."""
        self._is_filled = True

    def ended(self, *, usable: bool = True) -> None:
        """The answer is over. After an unusable take, chunks of it may still be on their way."""
        self._lost_question = None if usable else self.question_id or self._lost_question
        self.state = ConnectionState.IDLE
        self.question_id = None

    # What the client says

    def receive(self, message: CandidateMessage | Frame) -> list[Event]:
        """What is to be done, in this order; what the client may not do now comes out as a refusal."""
        match message:
            case Frame(data):
                return self._frame(data)
            case AudioChunk():
                return self._audio_chunk(message)
            case StartAnswer():
                return self._start(message)
            case StartPart():
                return self._start_part(message)
            case EndAnswer(question_id, chunk_count):
                return self._end(question_id, chunk_count)
            case TextAnswer(question_id, answer_text):
                return self._write(question_id, answer_text)
            case ChooseTake(question_id, answer_id):
                return self._choose(question_id, answer_id)
            case AnswerNote(question_id, answer_id, text):
                return self._note(question_id, answer_id, text)
            case RequestRetry(failed_message_type, error_code):
                return [Retry(failed_message_type, error_code)]
            case Ping():
                return [Reply(Pong())]
            case KeepAlive():
                return []

    def _start(self, message: StartAnswer) -> list[Event]:
        if self.state is not ConnectionState.IDLE:
            return self._refuse(Code.INVALID_STATE)
        self._is_unaware = False
        try:
            return [Begin(message.question_id, _format(message.format), new_take=message.new_take)]
        except AudioFormatUnsupported:
            return self._refuse(Code.AUDIO_FORMAT_UNSUPPORTED)

    def _start_part(self, message: StartPart) -> list[Event]:
        """Said again of a chunk that has come, it changes nothing: the part has begun."""
        if self.state is not ConnectionState.RECORDING or message.question_id != self.question_id:
            return self._refuse(Code.INVALID_STATE)
        if message.first_chunk_index - self.next_index > MOST_CHUNKS_AHEAD:
            return self._refuse(Code.INVALID_MESSAGE_FORMAT)
        try:
            audio = _format(message.format)
        except AudioFormatUnsupported:
            return self._refuse(Code.AUDIO_FORMAT_UNSUPPORTED)
        if message.first_chunk_index >= self.next_index:
            self._announced[message.first_chunk_index] = audio
        return []

    def _frame(self, data: bytes) -> list[Event]:
        if len(data) <= INDEX_BYTES:
            return self._refuse_audio(Code.INVALID_AUDIO_CHUNK, len(data))
        index = int.from_bytes(data[:INDEX_BYTES], "big")
        if self.state is not ConnectionState.RECORDING:
            return self._out_of_place(index, self.question_id or self._lost_question, len(data))
        return self._chunk(index, data[INDEX_BYTES:])

    def _audio_chunk(self, message: AudioChunk) -> list[Event]:
        size = len(message.audio_data)
        if message.chunk_index < 0:
            return self._refuse_audio(Code.INVALID_AUDIO_CHUNK, size)
        if self.state is ConnectionState.IDLE:
            return self._first_chunk(message)
        if self.state is not ConnectionState.RECORDING or message.question_id != self.question_id:
            return self._out_of_place(message.chunk_index, message.question_id, size)
        try:
            data = base64.b64decode(message.audio_data, validate=True)
        except (binascii.Error, ValueError):
            return self._refuse_audio(Code.INVALID_AUDIO_DATA, size)
        if not data and not message.is_final:
            return self._refuse_audio(Code.INVALID_AUDIO_CHUNK, size)
        try:
            declared = _format(message.format)
        except AudioFormatUnsupported:
            return self._refuse_audio(Code.AUDIO_FORMAT_UNSUPPORTED, size)
        return self._sized_chunk(message, data, declared)

    def _sized_chunk(self, message: AudioChunk, data: bytes, declared: AudioFormat | None) -> list[Event]:
        """A chunk, and the answer's end if it says so: an empty one says nothing else."""
        if data:
            return self._chunk(message.chunk_index, data, declared, is_final=message.is_final)
        if message.chunk_index > self.next_index:
            return self._refuse_audio(Code.CHUNK_GAP, 0)
        if message.chunk_index < self.next_index or self._is_another:
            return self._conflict(message.chunk_index, 0)
        return self._finish()

    def _first_chunk(self, message: AudioChunk) -> list[Event]:
        if message.question_id == self._lost_question and message.chunk_index > 0:
            return []
        self._is_unaware = True
        try:
            return [Begin(message.question_id, _format(message.format), then=message)]
        except AudioFormatUnsupported:
            return self._refuse_audio(Code.AUDIO_FORMAT_UNSUPPORTED, len(message.audio_data))

    def _out_of_place(self, index: int, question_id: str | None, size: int) -> list[Event]:
        """Audio that belongs to no recording: what is merely late is passed over."""
        late = question_id is not None and question_id == self._lost_question and index > 0
        doubled = (
            self.state is ConnectionState.FINISHING
            and question_id == self.question_id
            # One that only says that it is the last comes after all of them.
            and index < self.next_index + (not size)
        )
        return [] if late or doubled else self._refuse_audio(Code.INVALID_STATE, size)

    def _chunk(
        self, index: int, data: bytes, declared: AudioFormat | None = None, *, is_final: bool = False
    ) -> list[Event]:
        if len(data) > self.bounds.frame_max_bytes:
            return self._refuse_audio(Code.INVALID_AUDIO_CHUNK, len(data))
        if self._is_another:
            return self._conflict(index, len(data))
        if index < self._durable_index:
            return [Compare(index, data, is_final)]
        if index < self.next_index:
            _, known = self._unacked[index - self._durable_index]
            return self._known(index, data, is_same=hash(data) == known, is_final=is_final)
        if index > self.next_index:
            return self._refuse_audio(Code.CHUNK_GAP, len(data))
        events = self._new(index, data, declared)
        return events + self._finish() if is_final and self.next_index > index else events

    def _known(self, index: int, data: bytes, *, is_same: bool, is_final: bool) -> list[Event]:
        """One that came before. It ends the answer if it is the last one now as it was then."""
        is_cut_short = is_final and index + 1 < self.next_index
        if not is_same or is_cut_short:
            return self._conflict(index, len(data))
        return [Reply(self.ack()), *(self._finish() if is_final else [])]

    def _conflict(self, index: int, size: int) -> list[Event]:
        """Whoever began with a chunk and sends others than are there has made another recording.

        Nothing more of it is taken: the rest of it would be mixed with what is there, and end it.
        """
        self._is_another |= self._is_unaware and index < self._first_index
        return self._refuse_audio(Code.CHUNK_CONFLICT, size)

    def _new(self, index: int, data: bytes, declared: AudioFormat | None) -> list[Event]:
        cost = max(len(data), CHUNK_MIN_COST)
        if self._is_filled or cost > self._room_bytes:
            return self._refuse_audio(Code.AUDIO_TOO_LONG, len(data))
        if self._unacked_bytes + cost > self.bounds.backlog_bytes:
            return self.backlog(len(data))
        declared = self._announced.get(index, declared or self._declared)
        begins = index in self._announced or self._divider.begins(data, declared)
        if begins and self._part_count >= self.bounds.answer_max_parts:
            return self._refuse_audio(Code.AUDIO_TOO_LONG, len(data))
        self._take(data, declared, begins=begins)
        self.next_index += 1
        self._room_bytes -= cost
        self._unacked.append((cost, hash(data)))
        self._unacked_bytes += cost
        return [Store(index, data, Part(declared) if begins else None)]

    def _take(self, data: bytes, declared: AudioFormat | None, *, begins: bool) -> None:
        self._divider.taken(data, declared, begins=begins)
        self._announced.pop(self.next_index, None)
        self._declared = declared
        self._part_count += begins

    def backlog(self, size: int) -> list[Event]:
        """Audio was dropped because too much waits to be stored."""
        return self._refuse_audio(Code.AUDIO_BACKLOG, size)

    def _end(self, question_id: str, chunk_count: int) -> list[Event]:
        if self._is_ending(question_id, chunk_count):
            return []
        if self.state is not ConnectionState.RECORDING or question_id != self.question_id:
            return self._refuse(Code.INVALID_STATE)
        if self._is_another:
            return self._refuse(Code.CHUNK_CONFLICT)
        if chunk_count > self.next_index:
            return self._refuse(Code.CHUNK_GAP)
        if chunk_count < self.next_index:
            return self._refuse(Code.INVALID_AUDIO_CHUNK)
        return self._finish()

    def _is_ending(self, question_id: str, chunk_count: int) -> bool:
        """It was said before."""
        is_finishing = self.state is ConnectionState.FINISHING
        return is_finishing and question_id == self.question_id and chunk_count == self.next_index

    def _finish(self) -> list[Event]:
        if self.next_index == 0:
            return self._refuse(Code.AUDIO_TOO_SHORT)
        self.state = ConnectionState.FINISHING
        return [End(self.next_index)]

    def _write(self, question_id: str, text: str) -> list[Event]:
        if not self._may_give_up(question_id):
            return self._refuse(Code.INVALID_STATE)
        # PostgreSQL stores no NUL.
        if not text.strip() or "\0" in text or len(text) > self.bounds.text_answer_max_chars:
            return self._refuse(Code.INVALID_MESSAGE_FORMAT)
        return [Write(question_id, text.strip())]

    def _choose(self, question_id: str, answer_id: UUID) -> list[Event]:
        if not self._may_give_up(question_id):
            return self._refuse(Code.INVALID_STATE)
        return [Choose(question_id, answer_id)]

    def _may_give_up(self, question_id: str) -> bool:
        """Whether something else may take the place of what is being recorded, if anything is."""
        return self.state is ConnectionState.IDLE or (
            self.state is ConnectionState.RECORDING and question_id == self.question_id
        )

    def _note(self, question_id: str, answer_id: str, text: str) -> list[Event]:
        # PostgreSQL stores no NUL.
        if "\0" in text or len(text) > self.bounds.answer_note_max_chars:
            return [Reply(error(Code.INVALID_MESSAGE_FORMAT, question_id=question_id))]
        return [Note(question_id, answer_id, text.strip())]

    # Answers to the client

    @property
    def _durable_index(self) -> int:
        return self.next_index - len(self._unacked)

    def ack(self) -> Ack:
        assert self.question_id is not None
        return Ack(question_id=self.question_id, next_chunk_index=self._durable_index)

    def _refuse(self, code: Code) -> list[Event]:
        return [Reply(self.error(code))]

    def _refuse_audio(self, code: Code, size: int) -> list[Event]:
        """Whoever goes on and on with audio that can't be taken is hung up on, since each refusal costs."""
        self._ignored_bytes += max(size, CHUNK_MIN_COST)
        if self._ignored_bytes > self.bounds.backlog_bytes:
            return [Hangup(Close.TOO_MUCH, self.error(code))]
        return self._refuse(code)

    def error(self, code: Code) -> ErrorMessage:
        if self.state is ConnectionState.RECORDING:
            assert self.question_id is not None
            return error(code, question_id=self.question_id, next_chunk_index=self.next_index)
        return error(code)


def _format(field: FormatField | str | None) -> AudioFormat | None:
    if field is None:
        return None
    if isinstance(field, str):
        return AudioFormat.parse(field)
    return AudioFormat.parse(field.encoding, field.sample_rate, field.channels)

"""One candidate's connection: carries out what the protocol decides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic
from uuid import UUID, uuid4

from django.utils import timezone

from interviews.conf import conf
from interviews.database import persistently
from interviews.errors import Close, Code, InterviewError, StaleEpoch
from interviews.live.announcing import Outlets
from interviews.live.outbox import Outbox, RateLimit
from interviews.live.recording import Recording
from interviews.live.worker import Worker
from interviews.models import Answer, Interview
from interviews.processing.chunks import ChunksGone
from interviews.processing.settling import settle, settle_chosen
from interviews.queries import status as status
from interviews.queries.status import Standing
from interviews.services import answers, interviews, takes
from interviews.services.candidate_notes import note_answer
from interviews.services.changes import Change
from interviews.wire.dialects import BasicDialect, V1Dialect
from interviews.wire.events import (
    Begin,
    Choose,
    Compare,
    End,
    Event,
    Hangup,
    Note,
    Reply,
    Retry,
    Store,
    Write,
)
from interviews.wire.messages import (
    Ack,
    AudioChunk,
    CandidateMessage,
    ErrorMessage,
    QuestionMessage,
    ServerMessage,
    Transcription,
    encode,
    error,
)
from interviews.wire.protocol import (
    CHUNK_MIN_COST,
    Bounds,
    CandidateProtocol,
    ConnectionState,
    Frame,
)

logger = logging.getLogger(__name__)

Incoming = CandidateMessage | Frame
# How often it is asked whether a worker has ended what it took over from us, which takes it an instant.
ENDING_SECONDS = 0.2
SAY_WHERE_TO_GO_ON = {Code.AUDIO_BACKLOG, Code.CHUNK_GAP}
STARTS_ANEW = {
    Code.AUDIO_DECODING_FAILED,
    Code.AUDIO_FORMAT_UNSUPPORTED,
    Code.AUDIO_TOO_SHORT,
    Code.CHUNK_CONFLICT,
}


def bounds() -> Bounds:
    return Bounds(
        frame_max_bytes=conf.AUDIO_FRAME_MAX_BYTES,
        backlog_bytes=conf.AUDIO_BACKLOG_BYTES,
        answer_max_parts=conf.ANSWER_MAX_PARTS,
        text_answer_max_chars=conf.TEXT_ANSWER_MAX_CHARS,
        answer_note_max_chars=conf.ANSWER_NOTE_MAX_CHARS,
    )


class CandidateSession:
    """`receive` takes what comes and returns at once; `run` works it off; `outbox` holds what to send."""

    def __init__(self, interview: Interview, dialect: V1Dialect | BasicDialect, worker: Worker) -> None:
        self.interview_id: UUID = interview.pk
        self.outbox = Outbox()
        self._interview = interview
        self._dialect = dialect
        self._worker = worker
        self._protocol = CandidateProtocol(bounds())
        self._inbox: asyncio.Queue[tuple[Incoming, int]] = asyncio.Queue()
        self._inbox_bytes = 0
        self._rate = RateLimit(conf.SOCKET_MESSAGES_PER_SECOND, monotonic)
        self._heard_at = monotonic()
        self._waits_for_journal = False
        self._recording: Recording | None = None
        self._task: asyncio.Task[None] | None = None

    # The socket's side

    def receive(self, message: Incoming | ErrorMessage, size: int) -> None:
        """Bounded: over the bound, audio is dropped unacknowledged and messages are refused."""
        is_audio = isinstance(message, Frame | AudioChunk)
        if is_audio or self._protocol.state is not ConnectionState.RECORDING:
            self._heard_at = monotonic()
        if not is_audio and not self._rate.take():
            return self._too_fast()
        if isinstance(message, ErrorMessage):
            return self.tell([message])
        size = max(size, CHUNK_MIN_COST)
        if is_audio and self._worker.journal.is_full:
            self._waits_for_journal = True
            return self._answer(self._protocol.backlog(size))
        if self._inbox_bytes + size > conf.AUDIO_BACKLOG_BYTES:
            return self._answer(self._protocol.backlog(size))
        self._inbox_bytes += size
        self._inbox.put_nowait((message, size))

    def _too_fast(self) -> None:
        if self._rate.is_ignored:
            self.hang_up(Close.TRY_LATER, error(Code.RATE_LIMIT_EXCEEDED))
        else:
            self.tell([error(Code.RATE_LIMIT_EXCEEDED)])

    def tell(self, messages: Sequence[ServerMessage]) -> None:
        for message in self._dialect.adapt(messages):
            self.outbox.put(encode(message), _slot(message))

    def encoded(self, message: ServerMessage) -> list[str]:
        return [encode(adapted) for adapted in self._dialect.adapt([message])]

    def hang_up(self, code: Close, message: ErrorMessage) -> None:
        self.tell([message])
        self.outbox.close(code)

    async def run(self) -> None:
        """Until it is cancelled or hangs up."""
        self._worker.feed.attach_candidate(self)
        await self._welcome()
        while True:
            try:
                async with asyncio.timeout(self._heard_at + conf.SOCKET_IDLE_SECONDS - monotonic()):
                    message, size = await self._inbox.get()
            except TimeoutError:
                if self._protocol.state is ConnectionState.FINISHING:
                    # It is they who wait for us.
                    self._heard_at = monotonic()
                if monotonic() - self._heard_at < conf.SOCKET_IDLE_SECONDS:
                    continue
                return self.hang_up(Close.IDLE, error(Code.TIMEOUT))
            self._inbox_bytes -= size
            await self._handle(message)

    async def aclose(self) -> None:
        """Gives up what the connection holds. An answer whose audio is all here goes on to its end."""
        self.outbox.close(Close.NORMAL)
        self._worker.feed.detach_candidate(self)
        if self._task and self._recording and not self._recording.is_finishing:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # The feed's side

    @property
    def answer_id(self) -> UUID | None:
        return self._recording.answer.pk if self._recording else None

    @property
    def silent_seconds(self) -> float:
        return monotonic() - self._heard_at

    def check(self, standing: Standing) -> None:
        if standing.is_over:
            self.hang_up(Close.NOT_ALLOWED, error(Code.INTERVIEW_ALREADY_COMPLETED))
        elif standing.token_hash != self._interview.token_hash:
            self.hang_up(Close.NOT_ALLOWED, error(Code.FORBIDDEN))
        # An earlier epoch was read before this connection took the answer over. What a worker takes over and
        # ends is found out with the recording's next commit.
        elif self._recording and self._recording.answer.epoch < standing.epochs.get(
            self._recording.answer.pk, 0
        ):
            self.hang_up(Close.REPLACED, error(Code.SESSION_REPLACED))
        elif self._waits_for_journal and not self._worker.journal.is_full:
            self._waits_for_journal = False
            self._say_where_to_go_on()

    def _say_where_to_go_on(self) -> None:
        if self._protocol.state is ConnectionState.RECORDING:
            goes_on = self._protocol.ack() if self._dialect.has_acks else self._protocol.error(Code.CHUNK_GAP)
            self.tell([goes_on])

    # The protocol's side

    async def _welcome(self) -> None:
        change = await persistently(interviews.start, self.interview_id, timezone.now())
        if change:
            self._worker.broadcaster.publish(change)
        messages = await persistently(status.welcome, self.interview_id)
        self.tell([*messages, *await self._choose_for_them(messages)])

    async def _handle(self, message: Incoming) -> None:
        if self._recording and self._recording.is_too_long:
            self._protocol.filled()
        for event in self._protocol.receive(message):
            await self._carry_out(event)

    async def _carry_out(self, event: Event) -> None:
        held = self._recording
        try:
            match event:
                case Store():
                    # Here and below: its take may have failed since the protocol said so.
                    if self._recording:
                        await self._recording.store(event)
                case End(chunk_count):
                    if self._recording:
                        self._recording.finish(chunk_count)
                case Compare():
                    if self._recording:
                        await self._compare(self._recording, event)
                case Begin():
                    await self._begin(event)
                case Write(question_id, text):
                    await self._write(question_id, text)
                case Choose(question_id, answer_id):
                    await self._choose(question_id, answer_id)
                case Note():
                    await self._note(event)
                case Retry():
                    await self._retry(event)
                case Reply() | Hangup():
                    self._answer([event])
        except InterviewError as refusal:
            self.tell([error(refusal.code)])
        except StaleEpoch:
            await self._lose_answer(held)

    def _answer(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Hangup):
                self.hang_up(event.code, event.message)
            elif isinstance(event, Reply):
                self.tell([event.message])

    async def _begin(self, event: Begin) -> None:
        begun = await persistently(
            answers.begin_answer, self.interview_id, event.question_id, new_take=event.new_take
        )
        outlets = Outlets(tell=self.tell, publish=self._worker.broadcaster.publish, acked=self._acked)
        self._recording = Recording(begun, self._interview, journal=self._worker.journal, outlets=outlets)
        self._protocol.begun(
            event.question_id,
            begun.started.next_chunk_index,
            begun.room_bytes,
            audio=event.audio,
            parts=[part.audio for part in begun.parts],
        )
        self.tell([begun.started])
        self._worker.broadcaster.publish(begun.change)
        self._task = self._worker.spawn(self._record(self._recording))
        if event.then is not None:
            await self._handle(event.then)

    async def _record(self, recording: Recording) -> None:
        try:
            change = await recording.run()
        except (StaleEpoch, ChunksGone):
            return await self._lose_answer(recording)
        except Exception:
            logger.exception("answer %s: the recording broke off", recording.answer.pk)
            return self.hang_up(Close.TRY_LATER, error(Code.INTERNAL_ERROR))
        self._ended(change, usable=not recording.has_failed)
        self.tell(await self._choose_for_them(change.messages))
        await settle(recording.answer, self._tell_all)

    async def _lose_answer(self, recording: Recording | None) -> None:
        """Another connection has it, a worker has ended it for us, or it was deleted with its interview."""
        found = await persistently(status.standings, {self.interview_id}, set(), set())
        if found[self.interview_id].is_over:
            return self.hang_up(Close.NOT_ALLOWED, error(Code.INTERVIEW_ALREADY_COMPLETED))
        told = await self._ended_elsewhere(recording.answer) if recording else None
        if told is None:
            return self.hang_up(Close.REPLACED, error(Code.SESSION_REPLACED))
        if self._recording is recording:
            self._recording = None
            self._protocol.ended()
            self.tell([*told, *await self._choose_for_them(told)])

    async def _ended_elsewhere(self, answer: Answer) -> list[ServerMessage] | None:
        """What to tell of an answer that a worker ends, once it has. None where it doesn't."""
        while True:
            told = await persistently(status.what_became_of, answer)
            if told is None or told:
                return told
            await asyncio.sleep(ENDING_SECONDS)

    def _ended(self, change: Change, *, usable: bool) -> None:
        self._recording = None
        self._protocol.ended(usable=usable)
        self._tell_all(change)

    def _tell_all(self, change: Change) -> None:
        """Its candidate, and whoever watches."""
        self.tell(change.messages)
        self._worker.broadcaster.publish(change)

    def _acked(self, next_index: int) -> None:
        self._protocol.acked(next_index)
        if self._protocol.state is not ConnectionState.IDLE:
            self.tell([self._protocol.ack()])

    async def _compare(self, recording: Recording, compare: Compare) -> None:
        is_same = await persistently(status.is_stored_chunk, recording.answer, compare.index, compare.data)
        if self._recording is recording:
            for event in self._protocol.compared(compare, is_same=is_same):
                await self._carry_out(event)

    async def _write(self, question_id: str, text: str) -> None:
        await self._abandon()
        change = await persistently(answers.write_answer, self.interview_id, question_id, text, uuid4())
        self._ended(change, usable=True)
        assert change.answer
        self._worker.spawn(settle(change.answer))

    async def _choose(self, question_id: str, answer_id: UUID) -> None:
        await self._abandon()
        change = await persistently(takes.choose_take, self.interview_id, question_id, answer_id)
        self._ended(change, usable=True)
        assert change.answer
        self._worker.spawn(settle_chosen(change.answer))

    async def _choose_for_them(self, messages: Sequence[ServerMessage]) -> list[ServerMessage]:
        """What comes next where `messages` ask for a choice, and the client knows of none."""
        asked = [m.question_id for m in messages if isinstance(m, QuestionMessage) and m.takes]
        if not asked or self._dialect.chooses_takes:
            return []
        change = await persistently(takes.choose_last_take, self.interview_id, asked[-1])
        if change is None:
            return []
        self._worker.broadcaster.publish(change)
        assert change.answer
        self._worker.spawn(settle_chosen(change.answer))
        return change.messages

    async def _note(self, event: Note) -> None:
        try:
            change = await persistently(
                note_answer, self.interview_id, event.question_id, event.answer_id, event.text
            )
        except InterviewError as refusal:
            return self.tell([error(refusal.code, question_id=event.question_id)])
        self.tell(change.messages)
        self._worker.broadcaster.publish(change)

    async def _abandon(self) -> None:
        """Stops the recording; what is stored of it stays, and can be gone on with or given up."""
        if self._task and self._recording:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._recording = None
            self._protocol.ended(usable=False)

    async def _retry(self, event: Retry) -> None:
        if event.error_code in STARTS_ANEW:
            if self._recording and not self._recording.is_finishing:
                answer = self._recording.answer
                await persistently(answers.check_giving_up, answer)
                await self._abandon()
                self._ended(await persistently(answers.give_up, answer), usable=False)
            await self._tell_step()
        elif event.failed_message_type in {"transcription", "voice_metrics", "answer_complete"}:
            self.tell(await persistently(status.last_ended, self.interview_id))
        elif self._protocol.state is ConnectionState.RECORDING and event.failed_message_type != "question":
            self._say_where_to_go_on()
        else:
            await self._tell_step()

    async def _tell_step(self) -> None:
        messages = await persistently(status.current_step, self.interview_id)
        self.tell([*messages, *await self._choose_for_them(messages)])


def _slot(message: ServerMessage) -> str | None:
    """Messages of which only the latest matters."""
    if isinstance(message, Ack):
        return "ack"
    if isinstance(message, Transcription) and not message.is_final:
        return "interim"
    if isinstance(message, ErrorMessage) and message.code in SAY_WHERE_TO_GO_ON:
        return message.code
    return None

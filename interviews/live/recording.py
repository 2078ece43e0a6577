"""One answer in flight: its chunks go to the journal and, beside it, decoded to the recognition.

    store() ─→ journal ─→ ack
       └────→ ChunkReader ─→ decoder ─→ speech stream ─→ events ─→ rows, candidate, observers

What the recogniser can't do now is owed: the answer is recorded all the same and transcribed later.
What the decoder can't read ends the take.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from interviews.database import persistently
from interviews.errors import AudioTooShort, Code, code_of
from interviews.live.journal import Journal
from interviews.models import Answer, Interview
from interviews.processing.chunks import ChunkReader, PartedAudio
from interviews.processing.leases import holding
from interviews.processing.measuring import measuring
from interviews.services import answers
from interviews.services.answers import Begun
from interviews.services.changes import Change
from interviews.wire.messages import (
    Phase,
    ServerMessage,
    State,
    Transcription,
    VoiceMetricsMessage,
    error,
    warning,
)
from interviews.wire.rows import live_metrics_message
from speech import SpeechStream, open_stream
from speech.audio import AudioFormat, sniff
from speech.events import SAMPLE_RATE, CatchingUp, Final, Interim, Live, Resume, ms_from_samples
from speech.exceptions import AudioError, CapacityExceeded, SpeechError
from speech.metrics import Measures

logger = logging.getLogger(__name__)

LIVE_MEASURES_SECONDS = 1


@dataclass(frozen=True)
class Outlets:
    """Where a recording speaks to. Each returns at once."""

    tell: Callable[[Sequence[ServerMessage]], None]
    publish: Callable[[Change], None]
    acked: Callable[[int], None]


class Recording:
    """`run` goes on until the answer has ended, one way or another."""

    def __init__(
        self,
        begun: Begun,
        interview: Interview,
        audio: AudioFormat | None,
        *,
        journal: Journal,
        outlets: Outlets,
    ) -> None:
        self.answer: Answer = begun.answer
        self.is_finishing = False
        self.has_failed = False
        self._audio = audio
        self._interview = interview
        self._journal = journal
        self._out = outlets
        self._commits: asyncio.Queue[tuple[int, asyncio.Future[None]] | None] = asyncio.Queue()
        self._all_durable = asyncio.Event()
        durable = begun.started.next_chunk_index
        self._chunks = ChunkReader(self.answer.pk, durable=durable, memory_bytes=settings.AUDIO_BACKLOG_BYTES)
        self._parted = PartedAudio(self._chunks, begun.parts)
        self._needs_part = True
        # Chunks that were recorded before this connection are still to be read.
        self._is_behind = durable > 0
        self._state = State(
            question_id=self.answer.question_id,
            state="catching_up" if self._is_behind else "live",
            recogniser="",
        )
        self._revision = begun.change.revision
        self._changing = asyncio.Lock()
        self._earlier = begun.segments
        self._segments = len(begun.segments)
        self._resume = Resume(**begun.segments[-1].resume) if begun.segments else Resume()
        self._samples = 0
        self._said = 0
        self._heard_all = asyncio.Event()
        self._confidence: float | None = None
        self._measures: Measures | None = None
        self._owed: Code | None = None

    @property
    def is_too_long(self) -> bool:
        return self._samples > settings.ANSWER_MAX_SECONDS * SAMPLE_RATE

    # What comes from the candidate

    async def store(self, index: int, data: bytes) -> None:
        if self._needs_part:
            await self._begin_part(index, data)
        committed = self._journal.append(self.answer.pk, self.answer.epoch, index, data)
        self._commits.put_nowait((index, committed))
        self._chunks.add(index, data)

    async def _begin_part(self, index: int, data: bytes) -> None:
        """After a reconnect the same audio goes on, unless the header of another one is seen."""
        self._needs_part = False
        if index == 0 or sniff(data) is not None:
            part = await persistently(answers.begin_part, self.answer, index, self._audio)
            self._parted.begin_part(part)

    def finish(self, chunk_count: int) -> None:
        """There is no more; from here on the recording ends without its candidate."""
        self.is_finishing = True
        self._chunks.end(chunk_count)
        self._commits.put_nowait(None)
        self._journal.hurry()

    # To the end

    async def run(self) -> Change:
        """The change that ended the answer. Raises StaleEpoch or a DatabaseError: then it has not ended."""
        try:
            await together(self._acknowledge(), self._recognise())
        except AudioError as problem:
            return await self._fail(problem)
        duration_ms = ms_from_samples(self._samples)
        if self._owed is not None:
            return await persistently(answers.owe_transcript, self.answer, self._owed, duration_ms)
        return await persistently(
            answers.complete_answer, self.answer, duration_ms, self._confidence, self._measures
        )

    async def _fail(self, problem: AudioError) -> Change:
        self.has_failed = True
        code = code_of(problem)
        logger.info("answer %s: take %s can't be used: %s", self.answer.pk, self.answer.take, code)
        change = await persistently(answers.fail_answer, self.answer, code)
        self._out.tell([error(code, question_id=self.answer.question_id, next_chunk_index=0)])
        return change

    async def _acknowledge(self) -> None:
        while (commit := await self._commits.get()) is not None:
            index, committed = commit
            await committed
            self._chunks.committed(index + 1)
            self._out.acked(index + 1)
        await self._change(answers.finish_recording)
        self._all_durable.set()
        async with holding(self.answer):
            await self._heard_all.wait()

    async def _recognise(self) -> None:
        async with AsyncExitStack() as stack:
            self._measuring = await stack.enter_async_context(measuring(self._interview, self._earlier))
            stream = await self._open(stack)
            if stream is None:
                await self._feed(None)
            else:
                await together(self._feed(stream), self._listen(stream), self._show_measures())
            if self._owed is None:
                self._confidence = self._measuring.confidence
                self._measures = await self._measuring.final()

    async def _open(self, stack: AsyncExitStack) -> SpeechStream | None:
        interview = self._interview
        stream = open_stream(language=interview.language, resume=self._resume, phrases=interview.phrases)
        try:
            await stack.enter_async_context(stream)
        except CapacityExceeded:
            self._out.tell([warning(Code.CAPACITY_EXCEEDED)])
            await self._owe(Code.CAPACITY_EXCEEDED)
            return None
        except SpeechError:
            logger.exception("answer %s: no recognition", self.answer.pk)
            await self._owe(Code.STT_FAILED)
            return None
        self._show(self._state.state, stream.recogniser)
        return stream

    async def _feed(self, stream: SpeechStream | None) -> None:
        try:
            await self._hear(stream)
        except SpeechError:
            logger.exception("answer %s: the decoder was lost", self.answer.pk)
            await self._owe(Code.STT_FAILED)
        else:
            if ms_from_samples(self._samples) < settings.ANSWER_MIN_MS:
                raise AudioTooShort
        await self._all_durable.wait()
        if stream is not None and self._owed is None:
            await self._drain(stream)
        elif stream is not None:
            # What is left of it would say nothing any more, and be waited for.
            await stream.aclose()
        self._heard_all.set()

    async def _hear(self, stream: SpeechStream | None) -> None:
        """Decodes everything, so that bad audio is known while it can be recorded anew."""
        skip = self._resume.offset_samples
        async with aclosing(self._parted.pcm()) as blocks:
            async for block in blocks:
                fresh = block[max(0, skip - self._samples) * 2 :]
                self._samples += len(block) // 2
                if self._owed is None:
                    await self._measuring.hear(block)
                if stream is not None and self._owed is None and fresh:
                    await self._push(stream, fresh)
                if self._is_behind and self._chunks.is_read:
                    self._is_behind = False
                    if self._owed is None:
                        self._show("live", self._state.recogniser)

    async def _push(self, stream: SpeechStream, pcm: bytes) -> None:
        try:
            await stream.push(pcm)
        except SpeechError:
            await self._lose()

    async def _drain(self, stream: SpeechStream) -> None:
        """Waits for the last final, as long as the recogniser says anything at all."""
        try:
            await stream.end_input()
        except SpeechError:
            return await self._lose()
        said = -1
        while not self._heard_all.is_set() and said != self._said:
            said = self._said
            with suppress(TimeoutError):
                async with asyncio.timeout(settings.ANSWER_FINISH_TIMEOUT_SECONDS):
                    await self._heard_all.wait()
        if not self._heard_all.is_set():
            await self._lose()
            await stream.aclose()

    # What the recogniser says

    async def _listen(self, stream: SpeechStream) -> None:
        try:
            async for event in stream:
                self._said += 1
                if isinstance(event, Final):
                    await self._final(event)
                elif isinstance(event, Interim):
                    self._interim(event)
                elif isinstance(event, CatchingUp):
                    self._show("catching_up", "", event.behind_ms)
                elif isinstance(event, Live):
                    self._show("live", event.recogniser)
        except SpeechError:
            await self._lose()
        self._heard_all.set()

    async def _final(self, final: Final) -> None:
        await self._change(answers.add_segment, self._segments, final)
        self._segments += 1
        self._measuring.add(final.words)

    async def _change(self, verb: Callable[..., Change], *args: Any) -> None:
        """One after the other, so that all are told in the order of their revisions."""
        async with self._changing:
            change = await persistently(verb, self.answer, *args)
            self._revision = change.revision
            self._out.tell(change.messages)
            self._out.publish(change)

    def _interim(self, interim: Interim) -> None:
        message = Transcription(
            question_id=self.answer.question_id,
            answer_id=self.answer.pk,
            segment=self._segments,
            text=interim.text,
            is_final=False,
            confidence=None,
            start_ms=interim.start_ms,
            end_ms=interim.end_ms,
            heard_ms=ms_from_samples(self._samples),
        )
        self._show_all(message)

    async def _show_measures(self) -> None:
        """Once a second while somebody speaks, and not while older audio is heard again."""
        shown = 0
        while not self._heard_all.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LIVE_MEASURES_SECONDS):
                    await self._heard_all.wait()
            is_speaking = self._samples - shown >= SAMPLE_RATE * LIVE_MEASURES_SECONDS
            if not is_speaking or self._is_behind or self._owed is not None or self.is_finishing:
                continue
            shown = self._samples
            if live := await self._measuring.live():
                self._show_all(live_metrics_message(self.answer, live))

    async def _lose(self) -> None:
        if self._owed is None:
            logger.warning("answer %s: the recognition was lost", self.answer.pk, exc_info=True)
            self._out.tell([error(Code.STT_FAILED, question_id=self.answer.question_id)])
            await self._owe(Code.STT_FAILED)

    async def _owe(self, code: Code) -> None:
        self._owed = self._owed or code
        await self._change(answers.record_only, self._owed)

    def _show(self, state: Phase, recogniser: str, behind_ms: int | None = None) -> None:
        self._state = State(
            question_id=self.answer.question_id, state=state, recogniser=recogniser, behind_ms=behind_ms
        )
        self._show_all(self._state)

    def _show_all(self, message: ServerMessage) -> None:
        """What no row keeps is shown as of the last revision."""
        self._out.tell([message])
        shares_metrics = self._interview.shares_metrics
        if shares_metrics or not isinstance(message, VoiceMetricsMessage):
            change = Change(self._interview.pk, self._revision, [message], shares_metrics)
            self._out.publish(change)


async def together(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Runs them at the same time; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

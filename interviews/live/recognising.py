"""The sound of one answer in flight, heard: decoded, pushed to a speech stream, measured.

    PartedAudio ─┬→ meter ─→ measures
                 └→ speech stream ─→ events ─→ rows, candidate, observers

After a reconnect the words come first: what the speech stream hears begins after the last final, and the
meter, which must hear all of it, reads from the start by itself, behind everything else:

    PartedAudio ─→ meter                    PartedAudio, after the last final ─→ speech stream

What the recogniser can't do now is owed: the answer is recorded all the same and transcribed later. Audio
that the decoder can't read raises AudioError, while its candidate is still there to record it anew.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass

import msgspec

from interviews.conf import conf
from interviews.errors import AudioTooShort, Code
from interviews.live.announcing import Announcer
from interviews.live.tasks import beside, together
from interviews.models import Interview
from interviews.processing.chunks import PartedAudio
from interviews.processing.measuring import measuring
from interviews.services import answers
from interviews.services.answers import Begun
from interviews.wire.messages import Phase, RecognitionState, Transcription, error, warning
from interviews.wire.metrics import live_metrics_message
from speech import SpeechStream, open_stream
from speech.events import SAMPLE_RATE, CatchingUp, Final, Interim, Live, Resume, ms_from_samples
from speech.exceptions import CapacityExceeded, SpeechError
from speech.metrics import Measures

logger = logging.getLogger(__name__)

LIVE_MEASURES_SECONDS = 1
# A connection must hold so long before the meter reads an answer from its start: one that comes and goes
# would have it read over and over again.
STEADY_SECONDS = 3
# So long the end of an answer waits for a meter that is still behind; then its measures are owed.
MEASURES_WAIT_SECONDS = 1


@dataclass(frozen=True)
class Heard:
    """What came of it. With `owed` there is no transcript yet, for that reason, and nothing is measured.

    Without it, `measures` is None where nothing is to be measured, or the end did not wait for it.
    """

    duration_ms: int
    owed: Code | None
    confidence: float | None = None
    measures: Measures | None = None


class Recognising:
    """`run` reads the answer's chunks, and goes on until the last word of them is stored.

    `whole` is the same audio for the meter alone; None where that hears `audio` on its way.
    """

    def __init__(
        self,
        begun: Begun,
        interview: Interview,
        *,
        audio: PartedAudio,
        whole: PartedAudio | None,
        announcer: Announcer,
    ) -> None:
        # Nothing more is heard of the answer; whoever holds it for us may let it go.
        self.is_over = asyncio.Event()
        self._answer = begun.answer
        self._interview = interview
        self._audio = audio
        self._whole = whole
        self._measured_samples = 0
        self._announcer = announcer
        self._all_durable = asyncio.Event()
        # Chunks that were recorded before this connection are read.
        self._has_caught_up = asyncio.Event()
        if begun.started.next_chunk_index == 0:
            self._has_caught_up.set()
        self._phase: Phase = "live" if self._has_caught_up.is_set() else "catching_up"
        self._recogniser = ""
        self._earlier = begun.segments
        self._next_segment = len(begun.segments)
        self._resume = Resume(**begun.segments[-1].resume) if begun.segments else Resume()
        self._event_count = 0
        self._owed: Code | None = None

    @property
    def heard_samples(self) -> int:
        """How far into the answer it has come."""
        return self._audio.samples

    def audio_is_durable(self) -> None:
        """All of it is committed: only now may the answer end."""
        self._all_durable.set()

    async def run(self) -> Heard:
        """Raises AudioError if the audio can't be used, and ChunksGone if somebody else has it."""
        async with AsyncExitStack() as stack:
            self._measuring = await stack.enter_async_context(measuring(self._interview, self._earlier))
            stream = await self._open(stack)
            catching_up = await stack.enter_async_context(beside(self._measure_whole()))
            if stream is None:
                await self._feed(None)
            else:
                await together(self._feed(stream), self._listen(stream), self._show_measures())
            duration_ms = ms_from_samples(self.heard_samples)
            if self._owed is not None:
                return Heard(duration_ms, self._owed)
            measures = await self._measures(catching_up)
            return Heard(duration_ms, None, self._measuring.confidence, measures)

    async def _open(self, stack: AsyncExitStack) -> SpeechStream | None:
        interview = self._interview
        stream = open_stream(language=interview.language, resume=self._resume, phrases=interview.phrases)
        try:
            await stack.enter_async_context(stream)
        except CapacityExceeded:
            self._announcer.tell([warning(Code.CAPACITY_EXCEEDED)])
            await self._owe(Code.CAPACITY_EXCEEDED)
            return None
        except SpeechError:
            logger.exception("answer %s: no recognition", self._answer.pk)
            await self._owe(Code.STT_FAILED)
            return None
        self._show(self._phase, stream.recogniser)
        return stream

    # What goes in

    async def _feed(self, stream: SpeechStream | None) -> None:
        try:
            await self._hear(stream)
        except SpeechError:
            logger.exception("answer %s: the decoder was lost", self._answer.pk)
            await self._owe(Code.STT_FAILED)
        else:
            if ms_from_samples(self.heard_samples) < conf.ANSWER_MIN_MS:
                raise AudioTooShort
        await self._all_durable.wait()
        if stream is not None and self._owed is None:
            await self._drain(stream)
        elif stream is not None:
            # What is left of it would say nothing any more, and be waited for.
            await stream.aclose()
        self.is_over.set()

    async def _hear(self, stream: SpeechStream | None) -> None:
        """Decodes all that was not heard yet, so that bad audio is known while it can be recorded anew."""
        async with aclosing(self._audio.pcm(self._resume.offset_samples)) as blocks:
            async for block in blocks:
                if self._whole is None:
                    await self._measure(block)
                if stream is not None and self._owed is None and block:
                    await self._push(stream, block)
                self._note_progress()

    def _note_progress(self) -> None:
        if self._has_caught_up.is_set() or not self._audio.chunks.is_read:
            return
        self._has_caught_up.set()
        if self._owed is None:
            self._show("live", self._recogniser)

    async def _push(self, stream: SpeechStream, pcm: bytes) -> None:
        try:
            await stream.push(pcm)
        except SpeechError:
            await self._lose()

    # What is measured

    async def _measure(self, block: bytes) -> None:
        if self._owed is None:
            await self._measuring.hear(block)
        self._measured_samples += len(block) // 2

    async def _measure_whole(self) -> bool:
        """Whether the meter was given everything; what fails here costs the recording nothing."""
        if self._whole is None:
            return True
        await self._has_caught_up.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(STEADY_SECONDS):
                await self._whole.chunks.ended()
        try:
            async with aclosing(self._whole.pcm()) as blocks:
                async for block in blocks:
                    await self._measure(block)
        except Exception:
            logger.warning("answer %s could not be measured on the way", self._answer.pk, exc_info=True)
            return False
        return True

    async def _measures(self, catching_up: asyncio.Task[bool]) -> Measures | None:
        """Of everything; None where they are owed: a longer answer's end waits no longer than others."""
        done, _ = await asyncio.wait({catching_up}, timeout=MEASURES_WAIT_SECONDS)
        if done and catching_up.result():
            measures = await self._measuring.final()
            if self._whole is None or not self._measuring.is_lost:
                return measures
        logger.info("answer %s: its measures are owed", self._answer.pk)
        return None

    @property
    def _is_behind(self) -> bool:
        """Whether older audio is still heard again, by the recogniser or by the meter."""
        is_meter_behind = self.heard_samples - self._measured_samples > SAMPLE_RATE
        return is_meter_behind or not self._has_caught_up.is_set()

    async def _drain(self, stream: SpeechStream) -> None:
        """Waits for the last final, as long as the recogniser says anything at all."""
        await stream.end_input()
        event_count = -1
        while not self.is_over.is_set() and event_count != self._event_count:
            event_count = self._event_count
            with suppress(TimeoutError):
                async with asyncio.timeout(conf.ANSWER_FINISH_TIMEOUT_SECONDS):
                    await self.is_over.wait()
        if not self.is_over.is_set():
            await self._lose()
            await stream.aclose()

    # What comes out

    async def _listen(self, stream: SpeechStream) -> None:
        try:
            async for event in stream:
                self._event_count += 1
                if isinstance(event, Final):
                    await self._store_segment(event)
                elif isinstance(event, Interim):
                    self._show_interim(event)
                elif isinstance(event, CatchingUp):
                    self._show("catching_up", "", event.behind_ms)
                elif isinstance(event, Live):
                    self._show("live", event.recogniser)
        except SpeechError:
            await self._lose()
        self.is_over.set()

    async def _store_segment(self, final: Final) -> None:
        await self._announcer.change(answers.add_segment, self._next_segment, final)
        self._next_segment += 1
        self._measuring.add(final.words)

    def _show_interim(self, interim: Interim) -> None:
        message = Transcription(
            question_id=self._answer.question_id,
            answer_id=self._answer.pk,
            segment=self._next_segment,
            text=interim.text,
            is_final=False,
            confidence=None,
            start_ms=interim.start_ms,
            end_ms=interim.end_ms,
            heard_ms=ms_from_samples(self.heard_samples),
            tail=msgspec.UNSET if interim.tail is None else interim.tail,
        )
        self._announcer.show(message)

    async def _show_measures(self) -> None:
        """Once a second while somebody speaks, and not while older audio is heard again."""
        shown = 0
        while not self.is_over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LIVE_MEASURES_SECONDS):
                    await self.is_over.wait()
            is_speaking = self.heard_samples - shown >= SAMPLE_RATE * LIVE_MEASURES_SECONDS
            if not is_speaking or self._is_behind or self._owed is not None or self._audio.chunks.has_ended:
                continue
            shown = self.heard_samples
            if live := await self._measuring.live():
                self._announcer.show(live_metrics_message(self._answer, live))

    def _show(self, phase: Phase, recogniser: str, behind_ms: int | None = None) -> None:
        self._phase, self._recogniser = phase, recogniser
        state = RecognitionState(
            question_id=self._answer.question_id, state=phase, recogniser=recogniser, behind_ms=behind_ms
        )
        self._announcer.show(state)

    # What can't be done now

    async def _lose(self) -> None:
        if self._owed is None:
            logger.warning("answer %s: the recognition was lost", self._answer.pk, exc_info=sys.exception())
            self._announcer.tell([error(Code.STT_FAILED, question_id=self._answer.question_id)])
            await self._owe(Code.STT_FAILED)

    async def _owe(self, code: Code) -> None:
        """The first reason stays: what fails afterwards mostly follows from it."""
        self._owed = self._owed or code
        await self._announcer.change(answers.record_only, self._owed)

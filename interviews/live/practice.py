"""Before an interview begins its candidate may try out microphone and recogniser. Nothing of it is kept.

    frames ─┬→ speech stream ─→ words
            └→ meter ─→ level, background, clipping

Both go back over this one socket. There are no acknowledgements, since nothing is promised. It is bounded
in seconds, in bytes and in idle time, and gives way to answers: half of a recogniser's places are theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from time import monotonic
from uuid import UUID

import msgspec
from django.db.models import Q

from interviews.conf import conf
from interviews.database import DatabaseAway, in_database, persistently
from interviews.errors import Close, Code, InterviewError
from interviews.live.outbox import Outbox, RateLimit
from interviews.live.tasks import together
from interviews.models import Interview, from_now
from interviews.processing.measuring import measuring
from interviews.wire.messages import (
    EndPractice,
    ErrorMessage,
    KeepAlive,
    Ping,
    Pong,
    PracticeComplete,
    PracticeMessage,
    PracticeMetrics,
    PracticeReady,
    PracticeTranscription,
    ServerMessage,
    encode,
    error,
)
from interviews.wire.metrics import readings
from interviews.wire.protocol import CHUNK_MIN_COST, INDEX_BYTES, Frame
from speech import SpeechStream, open_stream
from speech.backends import get_recogniser
from speech.events import BYTES_PER_SECOND, Final, Interim, ms_from_samples
from speech.exceptions import CapacityExceeded, SpeechError
from speech.metrics import VERSION, Measures

MEASURED = "speech_level_dbfs", "snr_db", "clipped_ratio"
"""What tells whether a microphone and its room will do."""


def longest() -> int:
    """Seconds that a practice may last, whatever comes."""
    return int(conf.PRACTICE_SECONDS + 2 * conf.PRACTICE_IDLE_SECONDS)


@asynccontextmanager
async def the_only_one(interview_id: UUID) -> AsyncIterator[None]:
    """One practice of an interview at a time, over all processes. Raises InterviewError."""
    until = await persistently(claim_end, interview_id)
    if not await persistently(claim, interview_id, until):
        raise InterviewError(Code.INVALID_STATE)
    try:
        yield
    finally:
        # Nobody is kept waiting for a database that is away: the claim ends by itself.
        with suppress(DatabaseAway):
            await in_database(_release, interview_id, until)


def claim_end(interview_id: UUID) -> datetime:
    found = Interview.objects.filter(pk=interview_id).annotate(until=from_now(longest()))
    until: datetime = found.values_list("until", flat=True).get()
    return until


def claim(interview_id: UUID, until: datetime) -> bool:
    """False while somebody else practises. `until` tells whose claim it is: the same again is the same."""
    free = Q(practice_until=None) | Q(practice_until__lt=from_now()) | Q(practice_until=until)
    waiting = Interview.objects.filter(free, pk=interview_id, status=Interview.Status.SCHEDULED)
    return bool(waiting.update(practice_until=until))


def _release(interview_id: UUID, until: datetime) -> None:
    Interview.objects.filter(pk=interview_id, practice_until=until).update(practice_until=None)


class PracticeSession:
    """`receive` takes what comes and returns at once; `run` works it off; `outbox` holds what to send."""

    def __init__(self, interview: Interview) -> None:
        self.outbox = Outbox()
        self._interview = interview
        # None is the end.
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._frames_bytes = 0
        self._next_index = 0
        self._has_ended = False
        self._refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rate = RateLimit(conf.SOCKET_MESSAGES_PER_SECOND, monotonic)
        self._heard_bytes = 0
        self._texts: list[str] = []

    # The socket's side

    @property
    def waiting_frames(self) -> int:
        """Those that no recogniser was given yet."""
        return self._frames.qsize()

    def receive(self, message: PracticeMessage | Frame | ErrorMessage) -> None:
        if self._refused.done():
            return
        if not isinstance(message, Frame) and not self._rate.take():
            return self._too_fast()
        match message:
            case Frame(data):
                self._frame(data)
            case EndPractice():
                self._end()
            case Ping():
                self.tell(Pong())
            case ErrorMessage():
                self.tell(message)
            case KeepAlive():
                pass

    def _too_fast(self) -> None:
        if self._rate.is_ignored:
            self._refuse(Close.TRY_LATER, Code.RATE_LIMIT_EXCEEDED)
        else:
            self.tell(error(Code.RATE_LIMIT_EXCEEDED))

    def _frame(self, data: bytes) -> None:
        """Frames come in order, or not at all: there is nothing to send again."""
        if not INDEX_BYTES < len(data) <= INDEX_BYTES + conf.AUDIO_FRAME_MAX_BYTES:
            return self._refuse(Close.BAD_REQUEST, Code.INVALID_AUDIO_CHUNK)
        if int.from_bytes(data[:INDEX_BYTES], "big") != self._next_index:
            return self._refuse(Close.BAD_REQUEST, Code.CHUNK_GAP)
        self._next_index += 1
        self._frames_bytes += max(len(data), CHUNK_MIN_COST)
        if self._frames_bytes > conf.AUDIO_BACKLOG_BYTES:
            return self._refuse(Close.TOO_MUCH, Code.AUDIO_BACKLOG)
        # What comes after the end is counted and dropped.
        if not self._has_ended:
            self._frames.put_nowait(data[INDEX_BYTES:])

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._frames.put_nowait(None)

    def _refuse(self, close: Close, code: Code) -> None:
        self.tell(error(code))
        self.outbox.close(close)
        if not self._refused.done():
            self._refused.set_result(None)

    def tell(self, message: ServerMessage) -> None:
        is_interim = isinstance(message, PracticeTranscription) and not message.is_final
        self.outbox.put(encode(message), "interim" if is_interim else None)

    def encoded(self, message: ServerMessage) -> list[str]:
        return [encode(message)]

    async def aclose(self) -> None:
        self.outbox.close(Close.NORMAL)

    # To the end

    async def run(self) -> None:
        """Until all is said, something is wrong, or it is cancelled: then it holds nothing any more."""
        practising = asyncio.create_task(self._practise())
        try:
            await asyncio.wait([practising, self._refused], return_when=asyncio.FIRST_COMPLETED)
            if practising.done():
                practising.result()
        finally:
            practising.cancel()
            await asyncio.gather(practising, return_exceptions=True)

    async def _practise(self) -> None:
        try:
            async with asyncio.timeout(longest()), the_only_one(self._interview.pk):
                measures = await self._hear()
        except InterviewError as refusal:
            return self._refuse(Close.TRY_LATER, refusal.code)
        except CapacityExceeded:
            return self._refuse(Close.TRY_LATER, Code.CAPACITY_EXCEEDED)
        except SpeechError:
            return self._refuse(Close.TRY_LATER, Code.STT_FAILED)
        except TimeoutError:
            return self._refuse(Close.IDLE, Code.TIMEOUT)
        self._show_measures(measures, real_time=False)
        duration_ms = ms_from_samples(self._heard_bytes // 2)
        self.tell(PracticeComplete(text=" ".join(self._texts), duration_ms=duration_ms))
        self.outbox.close(Close.NORMAL)

    async def _hear(self) -> Measures | None:
        if get_recogniser(self._interview.language).is_crowded():
            raise CapacityExceeded("the other places are for answers")
        interview = self._interview
        async with (
            open_stream(language=interview.language, phrases=interview.phrases) as stream,
            measuring(interview, []) as self._measuring,
        ):
            self.tell(PracticeReady(seconds=conf.PRACTICE_SECONDS, recogniser=stream.recogniser))
            await together(self._feed(stream), self._listen(stream))
            return await self._measuring.final()

    async def _feed(self, stream: SpeechStream) -> None:
        """Until the candidate stops, or their time is over."""
        left = conf.PRACTICE_SECONDS * BYTES_PER_SECOND
        while left and (pcm := await self._next_frame()):
            pcm = pcm[:left]
            left -= len(pcm)
            await stream.push(pcm)
            await self._measure(pcm)
        self._has_ended = True
        await stream.end_input()

    async def _next_frame(self) -> bytes | None:
        async with asyncio.timeout(conf.PRACTICE_IDLE_SECONDS):
            pcm = await self._frames.get()
        if pcm is not None:
            self._frames_bytes -= max(INDEX_BYTES + len(pcm), CHUNK_MIN_COST)
        return pcm

    async def _measure(self, pcm: bytes) -> None:
        """With each second of sound, what it is like so far."""
        await self._measuring.hear(pcm)
        seconds = self._heard_bytes // BYTES_PER_SECOND
        self._heard_bytes += len(pcm)
        if self._heard_bytes // BYTES_PER_SECOND > seconds and (live := await self._measuring.live()):
            self._show_measures(live.answer, real_time=True)

    def _show_measures(self, measures: Measures | None, *, real_time: bool) -> None:
        if measures:
            found = readings(measures)
            named = {name: found[name] for name in MEASURED}
            self.tell(PracticeMetrics(real_time=real_time, version=VERSION, measures=named))

    async def _listen(self, stream: SpeechStream) -> None:
        async for event in stream:
            if isinstance(event, Final):
                self._say(event)
                self._texts.append(event.text)
                self._measuring.add(event.words)
            elif isinstance(event, Interim):
                self._say(event)

    def _say(self, event: Final | Interim) -> None:
        tail = event.tail if isinstance(event, Interim) else None
        self.tell(
            PracticeTranscription(
                segment=len(self._texts),
                text=event.text,
                is_final=isinstance(event, Final),
                start_ms=event.start_ms,
                end_ms=event.end_ms,
                tail=msgspec.UNSET if tail is None else tail,
            )
        )

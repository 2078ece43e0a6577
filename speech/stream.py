"""A recognition as the rest of the product uses it: one that survives its recogniser.

    async with open_stream(language="en-US") as stream:
        …  await stream.push(pcm)            # one task feeds
        …  await stream.end_input()
        …  async for event in stream: …      # another one reads

The stream keeps the audio since the last final. When a recogniser dies, another one is started, a little
later each time, from where that final ends and on the same clock: no word is lost and none comes twice.
`CatchingUp` tells of it and `Live` of its end. A recogniser that stays away for
SPEECH_FALLBACK_AFTER_SECONDS is replaced by the backend `fallback`, and that by `last_resort`, as far as they
are declared, for the rest of the stream. Where nothing helps, and where more than KEEP_SECONDS would have to
be recognised again, SpeechError is raised: whoever has the audio may open another after the last final.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Self

from speech.backends import get_backend, usable
from speech.backends.base import Recognition
from speech.conf import conf
from speech.events import (
    SAMPLE_RATE,
    CatchingUp,
    Ended,
    Event,
    Final,
    Live,
    Progress,
    Resume,
    ms_from_samples,
)
from speech.exceptions import CapacityExceeded, SpeechError
from speech.replay_buffer import ReplayBuffer

logger = logging.getLogger(__name__)

# What can be recognised again without the caller's help.
KEEP_SECONDS = 70
# How much audio may wait for the recogniser before `push` does: 20 s.
UNFED_SAMPLES = 20 * SAMPLE_RATE
# A recogniser that is fed up to the last second counts as live.
LIVE_SAMPLES = SAMPLE_RATE
PIECE_SAMPLES = SAMPLE_RATE // 2
MAX_WAITING_EVENTS = 1000
BACKOFF_SECONDS = 0.1, 2.0


def open_stream(
    *,
    language: str = "en-US",
    backend: str = "default",
    resume: Resume | None = None,
    phrases: Sequence[str] = (),
    falls_back: bool = True,
) -> SpeechStream:
    """A stream that begins with `async with`: there it raises CapacityExceeded, LanguageNotSupported or
    another SpeechError, and ImproperlyConfigured for an alias that isn't declared.

    `resume` is that of the final after which the audio goes on, `phrases` terms that are likely to be said.
    Without `falls_back` no other backend goes on where this one is lost.
    """
    return SpeechStream(
        language=language,
        backend=backend,
        resume=resume or Resume(),
        phrases=phrases,
        falls_back=falls_back,
    )


class SpeechStream:
    """One task pushes, one iterates; `aclose` may come from any, at any time and more than once.

    Whoever pushes more than a minute must iterate too: events wait, and then the audio does.
    """

    def __init__(
        self,
        *,
        language: str,
        backend: str,
        resume: Resume,
        phrases: Sequence[str] = (),
        falls_back: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.language = language
        self.phrases = phrases
        self.recogniser = ""
        self._aliases = usable(language, backend, falls_back=falls_back)
        self._clock = clock
        self._resume = resume
        self._audio = ReplayBuffer(resume.offset_samples, KEEP_SECONDS)
        self._fed = resume.offset_samples
        self._half_sample = b""
        self._input_is_over = False
        self._events: deque[Event] = deque()
        self._is_catching_up = False
        self._is_over = False
        self._failure: SpeechError | None = None
        self._failing_since: float | None = None
        self._attempts = 0
        self._changed = asyncio.Condition()
        self._recognition: Recognition | None = None
        self._supervising: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        recognition = await self._begin()
        self._supervising = asyncio.create_task(self._supervise(recognition))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # What the caller does

    async def push(self, pcm: bytes) -> None:
        """Take 16 kHz mono 16-bit PCM, cut anywhere. Waits while the recogniser is far behind.

        SpeechError once the recognition has failed for good, was closed or has no more input.
        """
        pcm = self._half_sample + pcm
        whole = len(pcm) - len(pcm) % 2
        self._half_sample = pcm[whole:]
        for start in range(0, whole, UNFED_SAMPLES) or [0]:
            await self._append(pcm[start : min(start + UNFED_SAMPLES, whole)])

    async def _append(self, pcm: bytes) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_over or self._audio.end - self._fed < UNFED_SAMPLES)
            if self._is_over or self._input_is_over:
                raise self._failure or SpeechError("the stream takes no more audio")
            self._audio.append(pcm)
            self._changed.notify_all()

    async def end_input(self) -> None:
        """No more audio. Half a sample that is left over is dropped."""
        async with self._changed:
            self._input_is_over = True
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events in order, until `Ended` or `aclose`. SpeechError if nothing can recognise any more."""
        while (event := await self._next_event()) is not None:
            yield event
            if isinstance(event, Ended):
                return

    async def aclose(self) -> None:
        """End now and free the recogniser. Events that wait are dropped; iterating ends, pushing raises."""
        if self._supervising is not None:
            self._supervising.cancel()
            await asyncio.gather(self._supervising, return_exceptions=True)
        if self._recognition is not None:
            await self._recognition.aclose()
        self._events.clear()
        await self._stop(None)

    async def _next_event(self) -> Event | None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._events or self._is_over)
            self._changed.notify_all()
            if self._events:
                return self._events.popleft()
            if self._failure is not None:
                raise self._failure
            return None

    # One recogniser after another

    async def _begin(self) -> Recognition | None:
        """The first recogniser; None where it may come yet. A full machine is for the caller to know."""
        try:
            return await self._start()
        except CapacityExceeded:
            raise
        except SpeechError as problem:
            self._lose(problem)
            return None

    async def _start(self) -> Recognition:
        backend = get_backend(self._aliases[0])
        recognition = await backend.start(language=self.language, resume=self._resume, phrases=self.phrases)
        self._recognition = recognition
        self.recogniser = recognition.recogniser
        return recognition

    async def _supervise(self, recognition: Recognition | None) -> None:
        failure = None
        try:
            while recognition is None or not await self._attend(recognition):
                recognition = await self._begin_again()
        except SpeechError as problem:
            failure = problem
        except Exception as problem:
            logger.exception("a recognition broke off")
            failure = SpeechError(f"the recognition broke off: {type(problem).__name__}")
        await self._stop(failure)

    async def _attend(self, recognition: Recognition) -> bool:
        """Stays with one recogniser; True if it came to the end, False if it was lost."""
        feeding = asyncio.create_task(self._feed(recognition))
        began = self._clock()
        try:
            async for event in recognition:
                await self._hear(event)
                if isinstance(event, Ended):
                    return True
            raise SpeechError(f"{recognition.recogniser} ended before the audio did")
        except SpeechError as problem:
            if self._clock() - began > conf.SPEECH_FALLBACK_AFTER_SECONDS:
                self._has_recovered()
            self._lose(problem)
            self._is_catching_up = True
            await self._tell(CatchingUp(ms_from_samples(self._audio.end - self._resume.offset_samples)))
            return False
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            # Now, rather than when the next one has started: meanwhile `push` would go on as if all were fed,
            # and what is to be recognised again would be dropped.
            self._fed = self._resume.offset_samples
            await recognition.aclose()

    async def _feed(self, recognition: Recognition) -> None:
        # What is wrong is also said where the events are read, behind those that are still to come.
        with suppress(SpeechError):
            while piece := await self._next_piece():
                await recognition.push(piece)
                await self._note_fed(len(piece) // 2)
            await recognition.end_input()

    async def _next_piece(self) -> bytes:
        """Empty when the input is over."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._input_is_over or self._fed < self._audio.end)
            return self._audio.read(self._fed, PIECE_SAMPLES)

    async def _note_fed(self, samples: int) -> None:
        async with self._changed:
            self._fed += samples
            self._changed.notify_all()
        if self._is_catching_up and self._audio.end - self._fed < LIVE_SAMPLES:
            self._is_catching_up = False
            await self._tell(Live(self.recogniser))

    async def _hear(self, event: Event) -> None:
        if isinstance(event, Final | Progress):
            self._resume = event.resume
            self._audio.drop(event.resume.offset_samples)
            self._has_recovered()
        if not isinstance(event, Progress):
            await self._tell(event)

    async def _tell(self, event: Event) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._events) < MAX_WAITING_EVENTS)
            self._events.append(event)
            self._changed.notify_all()

    async def _stop(self, failure: SpeechError | None) -> None:
        async with self._changed:
            self._is_over = True
            self._failure = self._failure or failure
            self._changed.notify_all()

    # When it was lost

    async def _begin_again(self) -> Recognition:
        shortest, longest = BACKOFF_SECONDS
        while True:
            self._check_kept()
            delay = min(longest, shortest * 2**self._attempts)
            self._attempts += 1
            await asyncio.sleep(delay * random.uniform(0.5, 1))
            try:
                recognition = await self._start()
            except SpeechError as problem:
                self._lose(problem)
            else:
                self._check_kept()
                return recognition

    def _check_kept(self) -> None:
        """Asked after each wait: `push` may have gone on meanwhile."""
        if self._audio.start > self._resume.offset_samples:
            raise SpeechError(f"{KEEP_SECONDS} s would not be enough to go on from")

    def _lose(self, problem: SpeechError) -> None:
        """Decides who is asked next. Raises the problem where there is nobody any more."""
        now = self._clock()
        if self._failing_since is None:
            self._failing_since = now
        logger.warning("recognition by %s was lost: %s", self._aliases[0], problem)
        if not problem.permanent and now - self._failing_since < conf.SPEECH_FALLBACK_AFTER_SECONDS:
            return
        if len(self._aliases) == 1:
            raise problem
        logger.warning("recognition goes on with %s", self._aliases[1])
        self._aliases.pop(0)
        self._has_recovered()

    def _has_recovered(self) -> None:
        self._failing_since = None
        self._attempts = 0

"""A recogniser for tests and for load: it makes up its words, each from the hash of 500 ms of PCM.

Blocks of 500 ms are counted from where the recognition begins. A quiet block ends the segment. So a
lost, a doubled or a swapped sample changes the text, and anybody can say what the text has to be.
"""

from __future__ import annotations

import array
import asyncio
import hashlib
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence

from speech.backends.base import BaseBackend, Recognition
from speech.events import (
    BYTES_PER_SECOND,
    Ended,
    Event,
    Final,
    Interim,
    Resume,
    SpeechEnded,
    SpeechStarted,
    Word,
    ms_from_samples,
)
from speech.exceptions import CapacityExceeded, SpeechError
from speech.metrics import mean_confidence

BLOCK_BYTES = BYTES_PER_SECOND // 2
QUIET_PEAK = 200
MAX_WORDS = 30
MAX_WAITING_EVENTS = 1000


class ScriptedBackend(BaseBackend):
    """OPTIONS:

    `seconds_per_second`: how long `push` takes for a second of audio.
    `fail_after_ms`: how much audio each recognition hears before it fails.
    `capacity`: recognitions at once in this process.
    `recogniser`: the name that it goes by.
    `max_words`: how many words a segment has at most; each is 500 ms.
    """

    name = "scripted"
    hears_words = False
    reports_confidence = True

    def __init__(
        self,
        *,
        seconds_per_second: float = 0,
        fail_after_ms: int | None = None,
        capacity: int | None = None,
        recogniser: str = "scripted-1",
        max_words: int = MAX_WORDS,
    ) -> None:
        if seconds_per_second < 0:
            raise ValueError("seconds_per_second is 0 or more")
        self.seconds_per_second = seconds_per_second
        self.fail_after_bytes = None if fail_after_ms is None else fail_after_ms * BYTES_PER_SECOND // 1000
        self.capacity = capacity
        self.recogniser = recogniser
        self.max_words = max_words
        self.running: set[ScriptedRecognition] = set()

    def supports(self, language: str) -> bool:
        return True

    def is_crowded(self) -> bool:
        return self.capacity is not None and len(self.running) >= self.capacity // 2

    async def start(
        self, *, language: str, resume: Resume, phrases: Sequence[str] = ()
    ) -> ScriptedRecognition:
        if self.capacity is not None and len(self.running) >= self.capacity:
            raise CapacityExceeded(f"all {self.capacity} scripted recognitions are taken")
        return ScriptedRecognition(self, resume)


class ScriptedRecognition(Recognition):
    def __init__(self, backend: ScriptedBackend, resume: Resume) -> None:
        self.recogniser = backend.recogniser
        self._backend = backend
        self._script = Script(resume.offset_samples, backend.recogniser, backend.max_words)
        self._heard_bytes = 0
        self._events: deque[Event] = deque()
        self._changed = asyncio.Condition()
        self._failed = self._closed = False
        self._accepts_audio = True
        backend.running.add(self)

    async def push(self, pcm: bytes) -> None:
        assert len(pcm) % 2 == 0
        for start in range(0, len(pcm), BLOCK_BYTES):
            await self._push(pcm[start : start + BLOCK_BYTES])

    async def _push(self, pcm: bytes) -> None:
        if self._backend.seconds_per_second:
            await asyncio.sleep(self._backend.seconds_per_second * len(pcm) / BYTES_PER_SECOND)
        async with self._changed:
            await self._changed.wait_for(self._has_room)
            if self._failed or not self._accepts_audio:
                raise SpeechError("the recognition takes no more audio")
            self._heard_bytes += len(pcm)
            limit = self._backend.fail_after_bytes
            if limit is not None and self._heard_bytes > limit:
                self._failed = True
            else:
                self._events.extend(self._script.hear(pcm))
            self._changed.notify_all()
        if self._failed:
            raise self._failure()

    async def end_input(self) -> None:
        async with self._changed:
            if self._accepts_audio and not self._failed:
                self._events.extend(self._script.finish())
            self._accepts_audio = False
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while not self._closed:
            async with self._changed:
                await self._changed.wait_for(lambda: self._events or self._failed or self._closed)
                if self._closed:
                    return
                if not self._events:
                    raise self._failure()
                event = self._events.popleft()
                self._changed.notify_all()
            yield event
            if isinstance(event, Ended):
                return

    async def aclose(self) -> None:
        self._closed = True
        self._accepts_audio = False
        self._backend.running.discard(self)
        async with self._changed:
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return len(self._events) < MAX_WAITING_EVENTS or self._failed or not self._accepts_audio

    def _failure(self) -> SpeechError:
        return SpeechError(f"scripted to fail after {self._heard_bytes} bytes")


class Script:
    """PCM to events, without a clock."""

    def __init__(self, offset_samples: int, recogniser: str, max_words: int = MAX_WORDS) -> None:
        self._position = offset_samples
        self._recogniser = recogniser
        self._max_words = max_words
        self._block = bytearray()
        self._words: list[Word] = []

    def hear(self, pcm: bytes) -> Iterator[Event]:
        self._block += pcm
        while len(self._block) >= BLOCK_BYTES:
            block = bytes(self._block[:BLOCK_BYTES])
            del self._block[:BLOCK_BYTES]
            yield from self._take(block)

    def finish(self) -> Iterator[Event]:
        if self._block:
            yield from self._take(bytes(self._block))
        if self._words:
            yield from self._end()
        yield Ended(ms_from_samples(self._position))

    def _take(self, block: bytes) -> Iterator[Event]:
        start_ms = ms_from_samples(self._position)
        self._position += len(block) // 2
        if is_quiet(block):
            if self._words:
                yield from self._end()
            return
        if not self._words:
            yield SpeechStarted(start_ms)
        self._words.append(make_word(block, start_ms, ms_from_samples(self._position)))
        yield Interim(self._text, self._words[0].start_ms, self._words[-1].end_ms)
        if len(self._words) == self._max_words:
            yield from self._end()

    def _end(self) -> Iterator[Event]:
        words = tuple(self._words)
        yield Final(
            text=self._text,
            start_ms=words[0].start_ms,
            end_ms=words[-1].end_ms,
            confidence=mean_confidence(words),
            words=words,
            resume=Resume(self._position),
            recogniser=self._recogniser,
        )
        yield SpeechEnded(words[-1].end_ms)
        self._words = []

    @property
    def _text(self) -> str:
        return " ".join(word.word for word in self._words)


def is_quiet(block: bytes) -> bool:
    samples = array.array("h", block)
    if sys.byteorder == "big":
        samples.byteswap()
    return max(samples) < QUIET_PEAK and min(samples) > -QUIET_PEAK


def make_word(block: bytes, start_ms: int, end_ms: int) -> Word:
    digest = hashlib.blake2b(block, digest_size=5).digest()
    syllables = ["bdfghjklmnprstvz"[byte >> 4] + "aeiou"[byte % 5] for byte in digest[:4]]
    return Word("".join(syllables), start_ms, end_ms, confidence=0.5 + digest[4] / 510)

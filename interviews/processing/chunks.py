"""An answer's chunks in order, and the sound in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from itertools import accumulate, takewhile
from math import gcd
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet, Sum, Window
from django.db.models.functions import Length

from interviews.conf import conf
from interviews.database import in_database
from interviews.errors import AudioTooLong, code_of
from interviews.models import AudioChunk, AudioPart
from speech.audio import SAMPLE_CUT_OFF, Decoder, decoded, open_decoder
from speech.audio.formats import HEAD_BYTES, AudioFormat, format_of
from speech.events import SAMPLE_RATE, ms_from_samples
from speech.exceptions import AudioError

# How much is read from the rows at once. Chunks are of any size, so their number would say nothing of it.
LOAD_BYTES = 256 * 1024
LOAD_ROWS = 256
# A resampler that begins so much earlier gives the samples that one from the start of the audio gives.
WARM_UP_SAMPLES = 1600
# By how many samples a resampler's rounding may differ from arithmetic.
RESAMPLED_SAMPLES = 16
# By how much an answer may be longer that is told its end: what was on its way is heard.
LATE_SECONDS = 60
# Half a sample at the end is no loss that anybody hears.
HARMLESS = {SAMPLE_CUT_OFF}


def longest_samples() -> int:
    """How much is heard of an answer: what goes on longer is cut off while it is recorded, with a delay."""
    return (conf.ANSWER_MAX_SECONDS + LATE_SECONDS) * SAMPLE_RATE


class ChunksGone(Exception):
    """Somebody else has stored the answer's audio file, which takes the place of its chunks."""


class ChunkReader:
    """One task takes (index, data) by `next` while another adds what comes.

    Memory holds what is not read yet, up to `memory_bytes`; what is over that and durable is read from
    the rows when its turn comes. What is not durable is bounded by the protocol's backlog. So it reads
    in the same way what was recorded before a reconnect, and what a slow recogniser has not reached yet.
    """

    def __init__(self, answer_id: UUID, *, durable: int, memory_bytes: int = 0) -> None:
        self._answer_id = answer_id
        self._next = 0
        self._durable = durable
        self._added = durable
        self._end: int | None = None
        self._memory: dict[int, bytes] = {}
        self._memory_bytes = memory_bytes
        self.held_bytes = 0
        self._changed = asyncio.Event()
        self._is_over = asyncio.Event()

    @property
    def is_read(self) -> bool:
        """Whether the reader has all that came so far."""
        return self._next == self._added

    @property
    def has_ended(self) -> bool:
        """Whether no more will come."""
        return self._is_over.is_set()

    async def ended(self) -> None:
        """Waits until no more will come."""
        await self._is_over.wait()

    def add(self, index: int, data: bytes) -> None:
        """The next one: they come in their order and without a hole."""
        self._remember(index, data)
        self._added = index + 1
        self._shed()
        self._changed.set()

    def committed(self, next_index: int) -> None:
        """What is below `next_index` can be had from the rows again."""
        self._durable = next_index
        self._shed()

    def end(self, count: int) -> None:
        """There are `count` chunks and no more."""
        self._end = count
        self._is_over.set()
        self._changed.set()

    async def next(self) -> tuple[int, bytes] | None:
        """The next chunk, once it is there; None at the end. Broken off, it has taken none.

        Raises ChunksGone.
        """
        while self._next != self._end:
            if self._next == self._added:
                self._changed.clear()
                await self._changed.wait()
                continue
            if self._next not in self._memory:
                await self._load()
            index, self._next = self._next, self._next + 1
            return index, self._forget(index)
        return None

    async def durable_bytes(self, first: int, stop: int | None) -> int:
        """How much the rows hold of the chunks from `first` to `stop`, or to the last."""
        return await in_database(_size, self._answer_id, first, self._until(stop))

    async def go_to(self, first: int, byte: int) -> int:
        """The next chunk is that with this byte, counted from the start of chunk `first`.

        Returns how many bytes of that chunk come before it. They must be durable; raises ChunksGone.
        """
        place = await in_database(_place, self._answer_id, first, self._durable, byte)
        if place is None:
            raise ChunksGone
        self._next, before = place
        for index in [index for index in self._memory if index < self._next]:
            self._forget(index)
        return byte - before

    def _until(self, stop: int | None) -> int:
        return self._durable if stop is None else min(stop, self._durable)

    def _remember(self, index: int, data: bytes) -> None:
        self._memory[index] = data
        self.held_bytes += len(data)

    def _forget(self, index: int) -> bytes:
        data = self._memory.pop(index)
        self.held_bytes -= len(data)
        return data

    def _shed(self) -> None:
        """Drops what is durable, the latest first: it is needed last."""
        if self.held_bytes <= self._memory_bytes:
            return
        for index in sorted((i for i in self._memory if i < self._durable), reverse=True):
            self._forget(index)
            if self.held_bytes <= self._memory_bytes:
                return

    async def _load(self) -> None:
        for index, data in await in_database(_rows, self._answer_id, self._next, self._durable):
            if index not in self._memory:
                self._remember(index, data)
        if self._next not in self._memory:
            raise ChunksGone


def _between(answer_id: UUID, start: int, stop: int) -> QuerySet[AudioChunk]:
    return AudioChunk.objects.filter(answer_id=answer_id, index__gte=start, index__lt=stop)


def _rows(answer_id: UUID, start: int, stop: int) -> list[tuple[int, bytes]]:
    """The first of them, up to LOAD_BYTES; one in any case."""
    sizes = _between(answer_id, start, min(stop, start + LOAD_ROWS)).values_list(Length("data"), flat=True)
    count = sum(1 for _ in takewhile(lambda size: size <= LOAD_BYTES, accumulate(sizes)))
    rows = _between(answer_id, start, start + max(count, 1)).values_list("index", "data")
    return [(index, bytes(data)) for index, data in rows]


def _size(answer_id: UUID, start: int, stop: int) -> int:
    size: int | None = _between(answer_id, start, stop).aggregate(size=Sum(Length("data")))["size"]
    return size or 0


def _place(answer_id: UUID, start: int, stop: int, byte: int) -> tuple[int, int] | None:
    """The index of the chunk with this byte, and how many come before that chunk. No audio is read for it."""
    up_to = Window(Sum(Length("data")), order_by="index")
    chunks = _between(answer_id, start, stop).annotate(up_to=up_to, before=F("up_to") - Length("data"))
    return chunks.filter(up_to__gt=byte).values_list("index", "before").first()


@dataclass
class HeardPart:
    """What came of one part: how much came in, and what was heard of it or passed over unheard.

    `start_samples` is where it begins in the answer. `problem` ended it early; `doubts` are what its decoder
    says was damaged, left out or missing.
    """

    first_index: int
    start_samples: int
    bytes_in: int = 0
    samples: int = 0
    doubts: tuple[str, ...] = ()
    problem: AudioError | None = None

    @property
    def agrees(self) -> bool:
        """Whether what was heard is what came in, as far as bytes and the container's own clock tell."""
        return self.problem is None and set(self.doubts) <= HARMLESS

    @property
    def damage(self) -> dict[str, Any]:
        """For the answer's row."""
        code = None if self.problem is None else str(code_of(self.problem))
        return {"at_ms": ms_from_samples(self.start_samples), "code": code, "doubts": list(self.doubts)}

    def compare(self, decoder: Decoder) -> None:
        """With what its decoder says of it. Bare PCM has no clock of its own, and needs none."""
        self.bytes_in += decoder.bytes_in
        self.doubts = decoder.warnings
        audio = decoder.audio
        if self.problem or audio is None or audio.encoding != "pcm_s16le":
            return
        expected = self.bytes_in // (2 * audio.channels) * SAMPLE_RATE // audio.sample_rate
        if abs(expected - self.samples) > RESAMPLED_SAMPLES:
            self.doubts += (f"{self.samples} samples were heard instead of {expected}",)


class PartedAudio:
    """The chunks of an answer as 16 kHz mono PCM; each part is decoded by a decoder of its own.

    What can't be used of a part loses only that part, and so does what is beyond the longest answer.
    `lost` is called with it at once, and `parts` says afterwards what was heard of each. Nobody waits for
    it where it `is_background`: others come first.
    """

    def __init__(
        self,
        chunks: ChunkReader,
        parts: Iterable[AudioPart],
        lost: Callable[[HeardPart], None] = lambda part: None,
        *,
        is_background: bool = False,
    ) -> None:
        self.parts: list[HeardPart] = []
        self.chunks = chunks
        # Where in the answer it has come to.
        self.samples = 0
        self._formats = {part.first_index: part.audio for part in parts}
        self._lost = lost
        self._is_background = is_background
        self._ahead: tuple[int, bytes] | None = None

    def begin_part(self, part: AudioPart) -> None:
        """Call it before the part's first chunk is added."""
        self._formats[part.first_index] = part.audio

    async def pcm(self, after_samples: int = 0) -> AsyncGenerator[bytes]:
        """What comes after so many samples: the same ones as from the start of the answer, but sooner.

        Bare PCM is not read up to there, containers are decoded from their start; meanwhile blocks are
        empty. Raises AudioError if nothing was heard before it, SpeechError where a decoder was lost.
        """
        self._ahead = await self.chunks.next()
        while self._ahead is not None:
            part = HeardPart(self._ahead[0], self.samples)
            self.parts.append(part)
            try:
                async with aclosing(self._decoded(part, after_samples)) as blocks:
                    async for block in blocks:
                        yield block
            except AudioError as problem:
                if not self.samples:
                    raise
                part.problem = problem
                self._lost(part)
                await self._skip(part)

    async def _decoded(self, part: HeardPart, after_samples: int) -> AsyncGenerator[bytes]:
        has_jumped = await self._jump(part, after_samples)
        decoder = open_decoder(
            self._formats[part.first_index], goes_on=has_jumped, is_background=self._is_background
        )
        try:
            async with aclosing(decoded(decoder, self._bytes_of(part))) as blocks:
                async for block in blocks:
                    unwanted = max(0, after_samples - self.samples)
                    if self.samples > longest_samples():
                        raise AudioTooLong
                    part.samples += len(block) // 2
                    self.samples += len(block) // 2
                    yield block[unwanted * 2 :]
        finally:
            part.compare(decoder)

    async def _jump(self, part: HeardPart, after_samples: int) -> bool:
        """Passes over what of a part in bare PCM is not wanted; whether there was any.

        Of a part that ends before, its end is heard all the same: how many samples a resampler makes of
        the last ones only itself can say.
        """
        assert self._ahead is not None
        audio = _bare(self._formats[part.first_index], self._ahead[1])
        wanted = after_samples - part.start_samples
        if audio is None or wanted <= 0:
            return False
        step = _Step.of(audio)
        later = [index for index in self._formats if index > part.first_index]
        size = await self.chunks.durable_bytes(part.first_index, min(later, default=None))
        steps = min(wanted // step.samples, size // step.size) - -(-WARM_UP_SAMPLES // step.samples)
        if steps <= 0:
            return False
        await self._go_to(part, steps * step.size)
        part.samples = steps * step.samples
        self.samples += part.samples
        return True

    async def _go_to(self, part: HeardPart, byte: int) -> None:
        unwanted = await self.chunks.go_to(part.first_index, byte)
        chunk = await self.chunks.next()
        assert chunk is not None
        self._ahead = chunk[0], chunk[1][unwanted:]
        part.bytes_in = byte

    async def _bytes_of(self, part: HeardPart) -> AsyncGenerator[bytes]:
        while self._ahead is not None and self._belongs(part):
            yield self._ahead[1]
            self._ahead = await self.chunks.next()

    async def _skip(self, part: HeardPart) -> None:
        """To where the next one begins."""
        while self._ahead is not None and self._belongs(part):
            self._ahead = await self.chunks.next()

    def _belongs(self, part: HeardPart) -> bool:
        assert self._ahead is not None
        return self._ahead[0] == part.first_index or self._ahead[0] not in self._formats


@dataclass(frozen=True)
class _Step:
    """The fewest bytes of bare PCM that are whole samples of their own rate and of ours."""

    size: int
    samples: int

    @classmethod
    def of(cls, audio: AudioFormat) -> _Step:
        common = gcd(audio.sample_rate, SAMPLE_RATE)
        return cls(2 * audio.channels * audio.sample_rate // common, SAMPLE_RATE // common)


def _bare(declared: AudioFormat | None, chunk: bytes) -> AudioFormat | None:
    """The format of a part that begins with `chunk`, if that is bare PCM beyond doubt: its clock is bytes."""
    if len(chunk) < HEAD_BYTES:
        return None
    try:
        audio = format_of(declared, chunk[:HEAD_BYTES])
    except AudioError:
        return None
    return audio if audio.encoding == "pcm_s16le" else None


async def after(samples: int, pcm: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """What comes after the first `samples` samples of 16-bit PCM. Blocks hold whole samples."""
    skip = samples * 2
    async for block in pcm:
        if len(block) > skip:
            yield block[skip:]
        skip = max(0, skip - len(block))

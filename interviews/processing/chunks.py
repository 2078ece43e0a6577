"""An answer's chunks in order, and the sound in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from interviews.database import in_database
from interviews.errors import code_of
from interviews.models import AudioChunk, AudioPart
from speech.audio import SAMPLE_CUT_OFF, Decoder, decoded, open_decoder
from speech.events import SAMPLE_RATE, ms_from_samples
from speech.exceptions import AudioError

BATCH = 16
# By how many samples a resampler's rounding may differ from arithmetic.
RESAMPLED_SAMPLES = 16
# Half a sample at the end is no loss that anybody hears.
HARMLESS = {SAMPLE_CUT_OFF}


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

    @property
    def is_read(self) -> bool:
        """Whether the reader has all that came so far."""
        return self._next == self._added

    @property
    def has_ended(self) -> bool:
        """Whether no more will come."""
        return self._end is not None

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
        stop = min(self._next + BATCH, self._durable)
        for index, data in await in_database(_rows, self._answer_id, self._next, stop):
            if index not in self._memory:
                self._remember(index, data)
        if self._next not in self._memory:
            raise ChunksGone


def _rows(answer_id: UUID, start: int, stop: int) -> list[tuple[int, bytes]]:
    rows = AudioChunk.objects.filter(answer_id=answer_id, index__gte=start, index__lt=stop)
    return [(index, bytes(data)) for index, data in rows.values_list("index", "data")]


@dataclass
class HeardPart:
    """What came of one part: how much went into its decoder, and what was heard of it.

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
        self.bytes_in, self.doubts = decoder.bytes_in, decoder.warnings
        audio = decoder.audio
        if self.problem or audio is None or audio.encoding != "pcm_s16le":
            return
        expected = self.bytes_in // (2 * audio.channels) * SAMPLE_RATE // audio.sample_rate
        if abs(expected - self.samples) > RESAMPLED_SAMPLES:
            self.doubts += (f"{self.samples} samples were heard instead of {expected}",)


class PartedAudio:
    """The chunks of an answer as 16 kHz mono PCM; each part is decoded by a decoder of its own.

    What can't be used of a part loses only that part. `lost` is called with it at once, and `parts` says
    afterwards what was heard of each.
    """

    def __init__(
        self,
        chunks: ChunkReader,
        parts: Iterable[AudioPart],
        lost: Callable[[HeardPart], None] = lambda part: None,
    ) -> None:
        self.parts: list[HeardPart] = []
        self._chunks = chunks
        self._formats = {part.first_index: part.audio for part in parts}
        self._lost = lost
        self._ahead: tuple[int, bytes] | None = None
        self._samples = 0

    def begin_part(self, part: AudioPart) -> None:
        """Call it before the part's first chunk is added."""
        self._formats[part.first_index] = part.audio

    async def pcm(self) -> AsyncGenerator[bytes]:
        """Raises AudioError if nothing was heard before it, SpeechError where a decoder was lost."""
        self._ahead = await self._chunks.next()
        while self._ahead is not None:
            part = HeardPart(self._ahead[0], self._samples)
            self.parts.append(part)
            try:
                async with aclosing(self._decoded(part)) as blocks:
                    async for block in blocks:
                        yield block
            except AudioError as problem:
                if not self._samples:
                    raise
                part.problem = problem
                self._lost(part)
                await self._skip(part)

    async def _decoded(self, part: HeardPart) -> AsyncGenerator[bytes]:
        decoder = open_decoder(self._formats[part.first_index])
        try:
            async with aclosing(decoded(decoder, self._bytes_of(part))) as blocks:
                async for block in blocks:
                    part.samples += len(block) // 2
                    self._samples += len(block) // 2
                    yield block
        finally:
            part.compare(decoder)

    async def _bytes_of(self, part: HeardPart) -> AsyncGenerator[bytes]:
        while self._ahead is not None and self._belongs(part):
            yield self._ahead[1]
            self._ahead = await self._chunks.next()

    async def _skip(self, part: HeardPart) -> None:
        """To where the next one begins."""
        while self._ahead is not None and self._belongs(part):
            self._ahead = await self._chunks.next()

    def _belongs(self, part: HeardPart) -> bool:
        assert self._ahead is not None
        return self._ahead[0] == part.first_index or self._ahead[0] not in self._formats


async def after(samples: int, pcm: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """What comes after the first `samples` samples of 16-bit PCM. Blocks hold whole samples."""
    skip = samples * 2
    async for block in pcm:
        if len(block) > skip:
            yield block[skip:]
        skip = max(0, skip - len(block))

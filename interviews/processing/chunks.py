"""An answer's chunks in order, and the sound in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from uuid import UUID

from interviews.database import in_database
from interviews.models import AudioChunk, AudioPart
from speech.audio import AudioFormat, decode

BATCH = 16


class ChunksGone(Exception):
    """Somebody else has stored the answer's audio file, which takes the place of its chunks."""


class ChunkReader:
    """One task iterates over (index, data) while another adds what comes.

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
        self._remember(index, data)
        self._added = index + 1
        self._shed()
        self._changed.set()

    def committed(self, next_index: int) -> None:
        self._durable = next_index
        self._shed()

    def end(self, count: int) -> None:
        """There are `count` chunks and no more."""
        self._end = count
        self._changed.set()

    async def read(self) -> AsyncGenerator[tuple[int, bytes]]:
        while self._next != self._end:
            if self._next == self._added:
                self._changed.clear()
                await self._changed.wait()
                continue
            if self._next not in self._memory:
                await self._load()
            index, self._next = self._next, self._next + 1
            yield index, self._forget(index)

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


class PartedAudio:
    """The chunks of an answer as 16 kHz mono PCM; each part is decoded by a decoder of its own."""

    def __init__(self, chunks: ChunkReader, parts: Iterable[AudioPart]) -> None:
        self._chunks = chunks
        self._formats = {part.first_index: _format(part) for part in parts}
        self._ahead: tuple[int, bytes] | None = None

    def begin_part(self, part: AudioPart) -> None:
        """Call it before the part's first chunk is added."""
        self._formats[part.first_index] = _format(part)

    async def pcm(self) -> AsyncGenerator[bytes]:
        """Raises AudioError for audio that can't be read, SpeechError where a decoder was lost."""
        async with aclosing(self._chunks.read()) as chunks:
            self._ahead = await anext(chunks, None)
            while self._ahead is not None:
                audio = self._formats[self._ahead[0]]
                async with aclosing(decode(self._part(chunks), audio)) as blocks:
                    async for block in blocks:
                        yield block

    async def _part(self, chunks: AsyncIterator[tuple[int, bytes]]) -> AsyncGenerator[bytes]:
        assert self._ahead is not None
        first = self._ahead[0]
        while self._ahead is not None and (self._ahead[0] == first or self._ahead[0] not in self._formats):
            yield self._ahead[1]
            self._ahead = await anext(chunks, None)


async def after(samples: int, pcm: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """What comes after the first `samples` samples."""
    skip = samples * 2
    async for block in pcm:
        if len(block) > skip:
            yield block[skip:]
        skip = max(0, skip - len(block))


def _format(part: AudioPart) -> AudioFormat | None:
    return AudioFormat(part.encoding, part.sample_rate, part.channels) if part.encoding else None

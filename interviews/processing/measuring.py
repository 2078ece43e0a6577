"""What is measured of an answer while it is heard, live or from its file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager

from interviews.models import Interview, Segment
from speech.events import Word
from speech.metrics import LiveMeasures, Measures, WeightedMean
from speech.voice import VoiceMeter, open_meter, word_source


class Measuring:
    """Takes all of an answer's audio, from its first sample on, and all of its words."""

    def __init__(self, meter: VoiceMeter | None) -> None:
        self._meter = meter
        self._confidence = WeightedMean()

    @property
    def confidence(self) -> float | None:
        """The recogniser's, over all words so far."""
        return self._confidence.result

    @property
    def is_lost(self) -> bool:
        """Whether its measures would be unavailable though there are some."""
        return self._meter is not None and self._meter.is_lost

    async def hear(self, pcm: bytes) -> None:
        """16 kHz mono 16-bit. Waits while the meter is some seconds behind, and raises nothing."""
        if self._meter:
            await self._meter.push(pcm)

    async def heard(self, pcm: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """The same blocks, heard on their way."""
        async for block in pcm:
            await self.hear(block)
            yield block

    def add(self, words: Iterable[Word]) -> None:
        """Those of a final, in order."""
        words = list(words)
        for word in words:
            self._confidence.add(word)
        if self._meter:
            self._meter.add_words(words)

    async def live(self) -> LiveMeasures | None:
        """Of the answer so far; None where the interview measures nothing."""
        return await self._meter.live() if self._meter else None

    async def final(self) -> Measures | None:
        """None where the interview measures nothing."""
        return await self._meter.final() if self._meter else None


@asynccontextmanager
async def measuring(interview: Interview, segments: Iterable[Segment]) -> AsyncIterator[Measuring]:
    """`segments` are those that an earlier recognition left."""
    meter = await open_meter(word_source(language=interview.language)) if interview.is_measured else None
    try:
        found = Measuring(meter)
        for segment in segments:
            found.add(segment.spoken)
        yield found
    finally:
        if meter:
            await meter.aclose()

"""How loud audio is from place to place, few enough numbers to draw an hour at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import numpy as np

from speech.events import SAMPLE_RATE

MOST_PEAKS: Final = 1200
STEP_SAMPLES: Final = SAMPLE_RATE // 100
FULL_SCALE: Final = 32768


class Peaks:
    """Takes PCM as it comes and keeps a byte for each 10 ms of it: 360 kB for an hour."""

    def __init__(self) -> None:
        self._steps = bytearray()
        self._rest = b""

    def add(self, pcm: bytes) -> None:
        """16 kHz mono 16-bit PCM, cut anywhere."""
        pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % (2 * STEP_SAMPLES)
        self._rest = pcm[whole:]
        self._steps += _loudest(pcm[:whole])

    async def heard(self, pcm: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """The same blocks, added on their way."""
        async for block in pcm:
            self.add(block)
            yield block

    @property
    def result(self) -> bytes:
        """The loudest sample of each of at most `MOST_PEAKS` equal parts; 255 is full scale."""
        padding = bytes(-len(self._rest) % (2 * STEP_SAMPLES))
        steps = np.frombuffer(bytes(self._steps) + _loudest(self._rest + padding), np.uint8)
        if len(steps) <= MOST_PEAKS:
            return bytes(steps)
        starts = np.arange(MOST_PEAKS) * len(steps) // MOST_PEAKS
        return bytes(np.maximum.reduceat(steps, starts))


def _loudest(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm, "<i2").astype(np.int32).reshape(-1, STEP_SAMPLES)
    loudest = np.abs(samples).max(axis=1, initial=0) * 255 / FULL_SCALE
    return bytes(np.rint(loudest).astype(np.uint8))

from __future__ import annotations

from speech.events import BYTES_PER_SECOND
from speech.exceptions import SpeechError


class ReplayBuffer:
    """The latest PCM of an audio, by its sample numbers. What is over the bound goes, the oldest first."""

    def __init__(self, start: int, max_seconds: float) -> None:
        self.start = start
        self._pcm = bytearray()
        self._max_bytes = int(max_seconds * BYTES_PER_SECOND)

    @property
    def end(self) -> int:
        return self.start + len(self._pcm) // 2

    def append(self, pcm: bytes) -> None:
        self._pcm += pcm
        if len(self._pcm) > self._max_bytes:
            self.drop(self.end - self._max_bytes // 2)

    def drop(self, before: int) -> None:
        """Sample `before` becomes the first one, where it is kept."""
        if before > self.start:
            del self._pcm[: (before - self.start) * 2]
            self.start = before

    def read(self, start: int, samples: int) -> bytes:
        """Up to so many samples from `start` on. SpeechError where the first of them has gone."""
        if start < self.start:
            raise SpeechError(f"sample {start} has gone; the first that is kept is {self.start}")
        first = (start - self.start) * 2
        return bytes(self._pcm[first : first + samples * 2])

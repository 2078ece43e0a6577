"""What is drawn: level and pitch over time, in at most `MOST_POINTS` points whatever the length.

A point is the mean of the frames in it, of the voiced ones for pitch. When there are too many, two
become one, so that a point stands for 50 ms, then 100, 200 … and an hour has 563 of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from speech.metrics.activity import Heard, decibels
from speech.metrics.frames import FRAMES_PER_SECOND, MIN_HZ, Floats

POINT_FRAMES: Final = 5
MOST_POINTS: Final = 1024


@dataclass(frozen=True, slots=True)
class Trace:
    """The point n is about the time from n to n + 1 times `interval_ms`, after `start_ms`."""

    start_ms: int
    interval_ms: int
    level_dbfs: tuple[float, ...]
    pitch_hz: tuple[float | None, ...]
    speech_ms: tuple[tuple[int, int], ...]
    """From when to when there was speech; pauses are what lies between."""

    @property
    def contour(self) -> list[list[float | None]]:
        """Seconds and Hz, None where there was no voice."""
        seconds = (self.start_ms + self.interval_ms * np.arange(len(self.pitch_hz))) / 1000
        return [list(point) for point in zip(seconds.tolist(), self.pitch_hz, strict=True)]


NOTHING_DRAWN: Final = Trace(0, POINT_FRAMES * 1000 // FRAMES_PER_SECOND, (), (), ())


class Points:
    def __init__(self) -> None:
        self._interval = POINT_FRAMES
        self._sums = np.zeros((MOST_POINTS + 1, 4))
        self._frames = 0

    def add(self, heard: Heard) -> None:
        voiced = (heard.hz > 0) & heard.active
        semitones = np.zeros(len(heard))
        semitones[voiced] = 12 * np.log2(heard.hz[voiced] / MIN_HZ)
        columns = np.column_stack([np.ones(len(heard)), heard.power, voiced, semitones])
        while len(columns):
            room = self._interval * MOST_POINTS - self._frames
            if not room:
                self._halve()
                continue
            part, columns = columns[:room], columns[room:]
            points = (self._frames + np.arange(len(part))) // self._interval
            np.add.at(self._sums, points, part)
            self._frames += len(part)

    def _halve(self) -> None:
        pairs = self._sums[:MOST_POINTS].reshape(-1, 2, 4).sum(axis=1)
        self._sums[:] = 0.0
        self._sums[: len(pairs)] = pairs
        self._interval *= 2

    def trace(self, stretches: list[tuple[int, int]], start_frame: int = 0) -> Trace:
        frames, power, voiced, semitones = self._sums[: -(-self._frames // self._interval)].T
        level = decibels(power / frames)
        hz: Floats = MIN_HZ * 2 ** (semitones / np.maximum(voiced, 1) / 12)
        frame_ms = 1000 // FRAMES_PER_SECOND
        return Trace(
            start_ms=start_frame * frame_ms,
            interval_ms=self._interval * frame_ms,
            level_dbfs=tuple(np.round(level, 1).tolist()),
            pitch_hz=tuple(value or None for value in np.where(voiced > 0, np.round(hz, 1), 0.0).tolist()),
            speech_ms=tuple(
                ((start_frame + start) * frame_ms, (start_frame + end) * frame_ms) for start, end in stretches
            ),
        )

"""What an answer's frames add up to: stretches of speech, the pauses between them, sums over both.

A stretch is a row of active frames without a gap of `PAUSE_FRAMES`; it counts once it holds
`MIN_VOICED_FRAMES` with a voice, so that slams and keys make neither speech nor an end of a pause.
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import Final

import numpy as np

from speech.metrics.activity import (
    BACKGROUND_QUANTILE,
    LOUD_QUANTILE,
    Heard,
    decibels,
    level_counts,
    level_quantile,
)
from speech.metrics.frames import FRAMES_PER_SECOND, MAX_HZ, MIN_HZ, Floats

PAUSE_FRAMES: Final = 25
MIN_VOICED_FRAMES: Final = 5

STRETCHES_KEPT: Final = 2048
"""Of a longer answer the first stretches and pauses are sums alone."""

_CENTS: Final = int(np.ceil(1200 * np.log2(MAX_HZ / MIN_HZ)))


class Sums:
    """Over frames; two of them add up."""

    def __init__(self) -> None:
        self.frames = 0
        self.power = 0.0
        self.voiced = 0
        self.semitones = 0.0
        self.semitones_squared = 0.0
        self._cents = np.zeros(_CENTS, np.int64)

    def add(self, power: Floats, hz: Floats) -> None:
        self.frames += len(power)
        self.power += float(power.sum())
        semitones = 12 * np.log2(hz[hz > 0] / MIN_HZ)
        self.voiced += len(semitones)
        self.semitones += float(semitones.sum())
        self.semitones_squared += float((semitones**2).sum())
        index = np.clip(semitones * 100, 0, _CENTS - 1).astype(np.int64)
        np.add.at(self._cents, index, 1)

    def merge(self, other: Sums) -> None:
        self.frames += other.frames
        self.power += other.power
        self.voiced += other.voiced
        self.semitones += other.semitones
        self.semitones_squared += other.semitones_squared
        self._cents += other._cents

    def pitch_quantile(self, share: float) -> float:
        """Semitones over `MIN_HZ`, to a cent."""
        below = np.cumsum(self._cents)
        return (int(np.searchsorted(below, share * below[-1])) + 0.5) / 100

    @property
    def pitch_sd(self) -> float:
        mean = self.semitones / self.voiced
        return float(np.sqrt(max(self.semitones_squared / self.voiced - mean**2, 0.0)))


class _Stretch:
    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.sums = Sums()
        # Frames after its last active one: part of it only if it goes on.
        self.gap: list[tuple[Floats, Floats]] = []

    def add(self, power: Floats, hz: Floats) -> None:
        for piece in self.gap:
            self.sums.add(*piece)
        self.gap = []
        self.sums.add(power, hz)

    @property
    def is_speech(self) -> bool:
        return self.sums.voiced >= MIN_VOICED_FRAMES


class Tally:
    """Takes frames in order. All positions are in frames."""

    def __init__(self) -> None:
        self.position = 0
        self.clipped = 0
        self.background_frames = 0
        self.background_voiced = 0
        self._all = level_counts(np.empty(0))
        self._voiced = self._all.copy()
        self._background = self._all.copy()
        self._closed = Sums()
        self._stretch: _Stretch | None = None
        self._stretches: deque[tuple[int, int, int]] = deque(maxlen=STRETCHES_KEPT)
        self._first_start: int | None = None
        self._speech_frames = 0
        self._pauses = 0
        self._pause_frames = 0
        self._longest_pause = 0

    def add(self, heard: Heard) -> None:
        if not len(heard):
            return
        db = decibels(heard.power)
        self._all += level_counts(db)
        self._voiced += level_counts(db[heard.hz > 0])
        background = db[heard.background]
        self._background += level_counts(background)
        self.background_frames += len(background)
        self.background_voiced += int(np.count_nonzero(heard.hz[heard.background]))
        self.clipped += int(heard.clipped.sum())
        edges = np.flatnonzero(np.diff(heard.active)) + 1
        starts = [0, *edges.tolist(), len(heard)]
        for start, end in itertools.pairwise(starts):
            if end > start:
                self._add_row(heard, start, end)
        self.position += len(heard)

    def _add_row(self, heard: Heard, start: int, end: int) -> None:
        """A row of frames that are all active or all not."""
        at = self.position + start
        power, hz = heard.power[start:end], heard.hz[start:end] * heard.active[start]
        if heard.active[start]:
            if self._stretch is None:
                self._stretch = _Stretch(at)
            self._stretch.add(power, hz)
            self._stretch.end = self.position + end
        elif self._stretch is not None:
            if self.position + end - self._stretch.end >= PAUSE_FRAMES:
                self._close()
            else:
                self._stretch.gap.append((power, hz))

    def _close(self) -> None:
        stretch, self._stretch = self._stretch, None
        if stretch is None or not stretch.is_speech:
            return
        if self._first_start is None:
            self._first_start = stretch.start
        else:
            pause = stretch.start - self._stretches[-1][1]
            self._pauses += 1
            self._pause_frames += pause
            self._longest_pause = max(self._longest_pause, pause)
        self._speech_frames += stretch.end - stretch.start
        self._stretches.append((stretch.start, stretch.end, self._speech_frames))
        self._closed.merge(stretch.sums)

    def finish(self) -> None:
        """The audio ends here."""
        self._close()

    # What it comes to, once it is finished

    @property
    def sums(self) -> Sums:
        return self._closed

    @property
    def speech_seconds(self) -> float:
        return self._speech_frames / FRAMES_PER_SECOND

    @property
    def span_seconds(self) -> float:
        """From the start of speech to its end, pauses included."""
        return (self._speech_frames + self._pause_frames) / FRAMES_PER_SECOND

    @property
    def pauses(self) -> int:
        return self._pauses

    @property
    def pause_seconds(self) -> float:
        return self._pause_frames / FRAMES_PER_SECOND

    @property
    def longest_pause_seconds(self) -> float:
        return self._longest_pause / FRAMES_PER_SECOND

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """Start and end of the last `STRETCHES_KEPT` stretches of speech."""
        return [(start, end) for start, end, _ in self._stretches]

    def until(self, seconds: float) -> tuple[float, int]:
        """Seconds of speech, and pauses, before a moment. It must lie in the stretches that are kept."""
        frame = seconds * FRAMES_PER_SECOND
        speech, later = self._speech_frames, 0
        for start, end, _ in reversed(self._stretches):
            if start < frame:
                speech -= max(end - round(frame), 0)
                break
            speech -= end - start
            later += 1
        return speech / FRAMES_PER_SECOND, max(self._pauses - later, 0)

    @property
    def depth_db(self) -> float:
        """How far the softest frames are below the loudest voiced ones."""
        loud = level_quantile(self._voiced, LOUD_QUANTILE)
        soft = level_quantile(self._all, BACKGROUND_QUANTILE)
        return 0.0 if loud is None or soft is None else loud - soft

    @property
    def background_db(self) -> float | None:
        return level_quantile(self._background, 0.5)

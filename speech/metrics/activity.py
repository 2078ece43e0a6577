"""Which frames are speech, which are background.

Neither level nor voice alone tells: a door slam is loud, a hum is periodic. A frame is active when it
is nearly as strong as the voice of this speaker (as in N. H. de Jong and T. Wempe, "Praat script to
detect syllable nuclei and measure speech rate automatically", Behavior Research Methods 41 (2009),
385–390: 25 dB below the loudest) and stands out of the background. `tally` then keeps those stretches
of active frames that hold a voice. What is loud and what is background is taken from the last half
minute and half a second to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from speech.metrics.frames import FRAMES_PER_SECOND, Floats
from speech.metrics.pitch import Track

BELOW_VOICE_DB: Final = 25.0
ABOVE_BACKGROUND_DB: Final = 5.0
CLOSURE_FRAMES: Final = 8

EDGE_DB: Final = 34.0
EDGE_ABOVE_BACKGROUND_DB: Final = 3.0
"""Speech that is clear begins and ends where it is lost at these."""

LEAST_BELOW_VOICE_DB: Final = 8.0
"""A sound as steady as a tone has no background to stand out of: it is all active."""

FAINT_DB: Final = -40.0
"""Unless it is as faint as a hum."""

NEVER_DB: Final = 100.0

LOUD_QUANTILE: Final = 0.95
BACKGROUND_QUANTILE: Final = 0.1
HALF_LIFE_SECONDS: Final = 30.0
AHEAD_FRAMES: Final = 50
MARGIN_FRAMES: Final = 5
"""So close to speech a frame isn't taken for background: words begin and end softly."""

MIN_VOICED_ROW: Final = 2
"""A single frame with a period is chance."""

LOWEST_DB: Final = -100.0
STEP_DB: Final = 0.5
_LEVELS: Final = int(-LOWEST_DB / STEP_DB) + 20


def decibels(power: Floats) -> Floats:
    return 10 * np.log10(np.maximum(power, 10 ** (LOWEST_DB / 10)))


def level_counts(db: Floats) -> NDArray[np.int64]:
    index = np.clip((db - LOWEST_DB) / STEP_DB, 0, _LEVELS - 1).astype(np.int64)
    return np.bincount(index, minlength=_LEVELS)


def level_quantile(counts: NDArray[np.floating] | NDArray[np.int64], share: float) -> float | None:
    total = counts.sum()
    if not total:
        return None
    index = int(np.searchsorted(np.cumsum(counts), share * total))
    return LOWEST_DB + (index + 0.5) * STEP_DB


@dataclass(frozen=True, slots=True)
class Heard:
    """Frames of which everything is known."""

    power: Floats
    clipped: NDArray[np.int64]
    hz: Floats
    active: NDArray[np.bool_]
    background: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.power)

    def part(self, which: slice) -> Heard:
        return Heard(
            self.power[which], self.clipped[which], self.hz[which], self.active[which], self.background[which]
        )

    def then(self, other: Heard) -> Heard:
        return Heard(
            np.concatenate([self.power, other.power]),
            np.concatenate([self.clipped, other.clipped]),
            np.concatenate([self.hz, other.hz]),
            np.concatenate([self.active, other.active]),
            np.concatenate([self.background, other.background]),
        )


NOTHING: Final = Heard(
    np.empty(0), np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_), np.empty(0, np.bool_)
)


class Activity:
    """Tells of each frame when `AHEAD_FRAMES` more are known."""

    def __init__(self) -> None:
        self._all = np.zeros(_LEVELS)
        self._voiced = np.zeros(_LEVELS)
        self._open = NOTHING
        self._before_active = np.zeros(MARGIN_FRAMES, np.bool_)
        self._before_voiced = np.zeros(MARGIN_FRAMES, np.bool_)

    def add(self, track: Track, *, is_last: bool = False) -> Heard:
        fade = 0.5 ** (len(track) / (HALF_LIFE_SECONDS * FRAMES_PER_SECOND))
        db = decibels(track.power)
        self._all = self._all * fade + level_counts(db)
        self._voiced = self._voiced * fade + level_counts(db[track.hz > 0])
        unknown = np.zeros(len(track), np.bool_)
        self._open = self._open.then(Heard(track.power, track.clipped, track.hz, unknown, unknown))
        return self._decide(len(self._open) - (0 if is_last else min(AHEAD_FRAMES, len(self._open))))

    def _decide(self, count: int) -> Heard:
        if not len(self._open):
            return NOTHING
        active, voiced = self._active(), self._voiced_rows()
        near: NDArray[np.bool_] = np.any(_windows(self._before_active, active, 2 * MARGIN_FRAMES + 1), axis=1)
        decided = self._open.part(slice(count))
        after = slice(count, count + MARGIN_FRAMES)
        self._before_active = np.concatenate([self._before_active, active])[after]
        self._before_voiced = np.concatenate([self._before_voiced, self._open.hz > 0])[after]
        self._open = self._open.part(slice(count, None))
        hz = np.where(voiced[:count], decided.hz, 0.0)
        return Heard(decided.power, decided.clipped, hz, active[:count], ~near[:count])

    def _voiced_rows(self) -> NDArray[np.bool_]:
        """Frames in rows of `MIN_VOICED_ROW` voiced ones: what is shorter is chance."""
        whole = np.all(_windows(self._before_voiced, self._open.hz > 0, MIN_VOICED_ROW), axis=1)
        first = MARGIN_FRAMES - MIN_VOICED_ROW + 1
        rows = np.lib.stride_tricks.sliding_window_view(whole, MIN_VOICED_ROW)
        in_row: NDArray[np.bool_] = np.any(rows[first : first + len(self._open)], axis=1)
        return in_row

    def _active(self) -> NDArray[np.bool_]:
        """Rows of frames over the soft threshold that reach the clear one or go on from speech."""
        db = decibels(self._open.power)
        clear, soft = self._thresholds_db()
        rows = np.flatnonzero(db > soft)
        active = np.zeros(len(db), np.bool_)
        if not len(rows):
            return active
        row = np.concatenate([[0], np.cumsum(np.diff(rows) > CLOSURE_FRAMES)])
        clear_frames = np.bincount(row, db[rows] > clear)
        if self._before_active[-1] and rows[0] < CLOSURE_FRAMES:
            clear_frames[0] = 1
        active[rows[clear_frames[row] > 0]] = True
        return active

    def _thresholds_db(self) -> tuple[float, float]:
        voice = level_quantile(self._voiced, LOUD_QUANTILE)
        background = level_quantile(self._all, BACKGROUND_QUANTILE)
        if voice is None or background is None:
            return NEVER_DB, NEVER_DB
        clear = max(voice - BELOW_VOICE_DB, background + ABOVE_BACKGROUND_DB)
        soft = max(voice - EDGE_DB, background + EDGE_ABOVE_BACKGROUND_DB)
        most = voice - LEAST_BELOW_VOICE_DB
        if clear > most and voice < FAINT_DB:
            return NEVER_DB, NEVER_DB
        return min(clear, most), min(soft, most)


def _windows(before: NDArray[np.bool_], frames: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    around = np.concatenate([before, frames, np.zeros(MARGIN_FRAMES, np.bool_)])
    return np.lib.stride_tricks.sliding_window_view(around, length)

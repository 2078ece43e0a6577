"""Candidates → one pitch a frame: the cheapest path through them, found while the audio arrives.

Costs are those of Boersma 1993 and Praat's defaults. Two things are made to be known soon: the path is
decided `LAG_FRAMES` behind (a fixed lag), and a frame is silent in comparison with the loudest of the
seconds before it and of the `AHEAD_FRAMES` after it, not of the whole recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from speech.metrics.frames import (
    CANDIDATES,
    FRAMES_PER_SECOND,
    MAX_HZ,
    MIN_HZ,
    OCTAVE_COST,
    VOICING_THRESHOLD,
    Floats,
    Frames,
    joined,
)

LAG_FRAMES: Final = 50
AHEAD_FRAMES: Final = 100
SILENCE_THRESHOLD: Final = 0.03
OCTAVE_JUMP_COST: Final = 0.35
VOICING_CHANGE_COST: Final = 0.14

# Where nothing has been loud yet, it is this that a frame is compared with.
_LEAST_LOUD: Final = 10 ** (-40 / 20)
_LOUD_HALF_LIFE_SECONDS: Final = 20.0
_FADE: Final = 0.5 ** (1 / (_LOUD_HALF_LIFE_SECONDS * FRAMES_PER_SECOND))
_NEVER: Final = -1e9


@dataclass(frozen=True, slots=True)
class Track:
    """Frames whose pitch is decided. `hz` is 0 where there is no voice."""

    power: Floats
    clipped: NDArray[np.int64]
    hz: Floats
    strength: Floats

    def __len__(self) -> int:
        return len(self.power)


class PitchPath:
    """Viterbi's algorithm with a fixed lag. State 0 is unvoiced, the others a frame's candidates."""

    def __init__(self) -> None:
        self._loudest = _LEAST_LOUD
        # Frames whose seconds to come aren't known yet.
        self._ahead: list[Frames] = []
        self._loudness: Floats = np.empty(0)
        self._scores: Floats = np.zeros(CANDIDATES + 1)
        self._states: Floats = np.zeros((1, CANDIDATES + 1))
        self._frames: list[Frames] = []
        self._back: NDArray[np.int64] = np.empty((0, CANDIDATES + 1), np.int64)

    def add(self, frames: Frames, *, are_last: bool = False) -> Track:
        """The frames that are decided by these: those far enough behind, or all up to the last."""
        self._listen(frames, are_last=are_last)
        return self._decide(len(self._back) - (0 if are_last else min(LAG_FRAMES, len(self._back))))

    def _listen(self, frames: Frames, *, are_last: bool) -> None:
        """Goes on with the frames after which enough is known."""
        self._ahead.append(frames)
        waiting = joined(self._ahead)
        self._loudness = np.concatenate([self._loudness, self._followed(frames.peak)])
        known = len(waiting) if are_last else max(len(waiting) - AHEAD_FRAMES, 0)
        self._ahead = [waiting.part(slice(known, None))]
        later = np.minimum(np.arange(known) + AHEAD_FRAMES, len(self._loudness) - 1)
        self._advance(waiting.part(slice(known)), self._loudness[later])
        self._loudness = self._loudness[known:]

    def _followed(self, peaks: Floats) -> Floats:
        """The loudest up to each frame, what is long past counting less."""
        loudest = np.empty(len(peaks))
        current = self._loudest
        for index, peak in enumerate(peaks.tolist()):
            current = max(current * _FADE, peak, _LEAST_LOUD)
            loudest[index] = current
        self._loudest = current
        return loudest

    def _advance(self, frames: Frames, loudness: Floats) -> None:
        local, octaves = _local(frames, loudness), _octaves(frames)
        previous = np.concatenate([self._states, octaves])
        moves = OCTAVE_JUMP_COST * np.abs(previous[:-1, None, :] - octaves[:, :, None])
        moves[:, 0, :] = moves[:, :, 0] = VOICING_CHANGE_COST
        moves[:, 0, 0] = 0.0
        back = np.empty((len(frames), CANDIDATES + 1), np.int64)
        scores = self._scores
        for index in range(len(frames)):
            reached = scores - moves[index]
            reached.argmax(axis=1, out=back[index])
            scores = reached.max(axis=1) + local[index]
        self._scores = scores - scores.max()
        self._states = previous[-1:]
        self._back = np.concatenate([self._back, back])
        self._frames.append(frames)

    def _decide(self, count: int) -> Track:
        """The first `count` frames of those that are open, on the best path to the last one."""
        frames = joined(self._frames)
        hz, strength = np.zeros(count), np.zeros(count)
        if count:
            state = int(self._scores.argmax())
            states = np.empty(len(self._back), np.int64)
            back = self._back.tolist()
            for index in range(len(back) - 1, -1, -1):
                states[index] = state
                state = back[index][state]
            voiced = np.flatnonzero(states[:count])
            hz[voiced] = frames.hz[voiced, states[voiced] - 1]
            strength[voiced] = frames.strength[voiced, states[voiced] - 1]
            self._back = self._back[count:]
            self._frames = [frames.part(slice(count, None))]
        return Track(frames.power[:count], frames.clipped[:count], hz, strength)


def _local(frames: Frames, loudness: Floats) -> Floats:
    """How well each state explains each frame on its own."""
    intensity = np.minimum(frames.peak / loudness, 1.0)
    unvoiced = VOICING_THRESHOLD + np.maximum(
        0.0, 2.0 - intensity * (1.0 + VOICING_THRESHOLD) / SILENCE_THRESHOLD
    )
    voiced = frames.strength - OCTAVE_COST * np.log2(MAX_HZ / frames.hz)
    return np.column_stack([unvoiced, np.where(_is_real(frames), voiced, _NEVER)])


def _is_real(frames: Frames) -> NDArray[np.bool_]:
    return (frames.strength > 0) & (frames.hz >= MIN_HZ) & (frames.hz <= MAX_HZ)


def _octaves(frames: Frames) -> Floats:
    """Per state, where the unvoiced one has none."""
    return np.column_stack([np.zeros(len(frames)), np.log2(frames.hz)])

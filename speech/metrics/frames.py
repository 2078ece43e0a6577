"""PCM → frames, one every 10 ms: how strong, and which periods it might have.

The autocorrelation of P. Boersma, "Accurate short-term analysis of the fundamental frequency and the
harmonics-to-noise ratio of a sampled sound", Proceedings of the Institute of Phonetic Sciences 17
(1993), 97–110, with its values: 75–500 Hz, a Hann window of three of the longest periods. What
differs: the sound is not resampled, peaks are found by a parabola instead of a sinc, and a frame's
candidates are the `CANDIDATES` best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from speech.events import SAMPLE_RATE

Floats = NDArray[np.floating[Any]]
Number = TypeVar("Number", np.int16, np.float32)

FRAMES_PER_SECOND: Final = 100
HOP: Final = SAMPLE_RATE // FRAMES_PER_SECOND
BLOCK_FRAMES: Final = 50
"""So many frames are computed together, few enough for a processor's cache. Blocks lie on the clock of
samples, so that the way in which audio is cut into pieces can't change a single bit."""

MIN_HZ: Final = 75.0
MAX_HZ: Final = 500.0
WINDOW: Final = 3 * SAMPLE_RATE // int(MIN_HZ)
CANDIDATES: Final = 6
OCTAVE_COST: Final = 0.01
VOICING_THRESHOLD: Final = 0.45

_FFT: Final = 864
_SHORTEST: Final = int(SAMPLE_RATE / MAX_HZ)
_LONGEST: Final = int(SAMPLE_RATE / MIN_HZ) + 1
# As far as this, on either side, a frame's mean is taken away.
_PERIOD: Final = int(SAMPLE_RATE / MIN_HZ)
_CLIPPED: Final = 32767
_LAGS: Final = np.arange(_SHORTEST, _LONGEST + 1)
# Of two equally good periods the shorter one is meant.
_PREFERENCE: Final = (OCTAVE_COST * np.log2(_LAGS)).astype(np.float32)
_HANN: Final = np.hanning(WINDOW + 2)[1:-1].astype(np.float32)
_HANN_POWER: Final = float((_HANN.astype(np.float64) ** 2).sum())


def _autocorrelation(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    spectrum = np.fft.rfft(frames, _FFT)
    power = spectrum.real**2 + spectrum.imag**2
    # Of float32 it makes float32, which its annotations don't say.
    correlation: NDArray[Any] = np.fft.irfft(power, _FFT)[..., : _LONGEST + 2]
    return correlation


# A window's own autocorrelation falls with the lag; dividing by it undoes that (Boersma's equation 9).
_WINDOW_SHAPE: Final = _autocorrelation(_HANN) / np.float32(_HANN_POWER)


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames in a row. `power` is the mean square, 1.0 being full scale, without the mean."""

    power: Floats
    peak: Floats
    clipped: NDArray[np.int64]
    hz: Floats
    """`CANDIDATES` a frame; where there are fewer, their `strength` is 0."""
    strength: Floats
    """The autocorrelation at the candidate's period: 1 for a periodic sound, 0 for noise."""

    def __len__(self) -> int:
        return len(self.power)

    def part(self, which: slice) -> Frames:
        return Frames(
            self.power[which], self.peak[which], self.clipped[which], self.hz[which], self.strength[which]
        )


def joined(parts: list[Frames]) -> Frames:
    if len(parts) == 1:
        return parts[0]
    return Frames(
        np.concatenate([part.power for part in parts]),
        np.concatenate([part.peak for part in parts]),
        np.concatenate([part.clipped for part in parts]),
        np.concatenate([part.hz for part in parts]),
        np.concatenate([part.strength for part in parts]),
    )


class Framer:
    """Takes PCM in pieces and gives whole blocks. Frame n is centred on sample n · `HOP`."""

    def __init__(self) -> None:
        self.samples = 0
        self._given = 0
        self._odd = b""
        self._pcm = np.empty(0, np.int16)

    def add(self, pcm: bytes) -> list[Frames]:
        pcm = self._odd + pcm if self._odd else pcm
        whole = len(pcm) // 2 * 2
        self._odd = pcm[whole:]
        if not whole:
            return []
        new = np.frombuffer(pcm[:whole], "<i2")
        if not self.samples:
            # Before the first sample the sound is what it is there, so that an offset is no step.
            self._pcm = np.repeat(new[:1], WINDOW // 2)
        self.samples += len(new)
        self._pcm = np.concatenate([self._pcm, new])
        return self._blocks()

    def _blocks(self) -> list[Frames]:
        blocks = []
        needed = (BLOCK_FRAMES - 1) * HOP + WINDOW
        start = 0
        while len(self._pcm) - start >= needed:
            blocks.append(_analyse(self._pcm[start : start + needed]))
            start += BLOCK_FRAMES * HOP
        self._pcm = self._pcm[start:]
        self._given += start // HOP
        return blocks

    def rest(self) -> Frames | None:
        """The frames after the last whole block, as they are if the audio ends here."""
        if not self.samples:
            return None
        # At least one: a block is whole only with the half window after its last frame.
        count = -(-self.samples // HOP) - self._given
        padded = np.concatenate([self._pcm, np.repeat(self._pcm[-1:], WINDOW // 2)])
        return _analyse(padded[: (count - 1) * HOP + WINDOW])


def _analyse(pcm: NDArray[np.int16]) -> Frames:
    count = (len(pcm) - WINDOW) // HOP + 1
    samples = pcm.astype(np.float32) / np.float32(32768)
    frames = _rows(samples, WINDOW)
    centred = frames - frames[:, WINDOW // 2 - _PERIOD : WINDOW // 2 + _PERIOD].mean(axis=1, keepdims=True)
    middle = centred[:, WINDOW // 2 - HOP // 2 : WINDOW // 2 + HOP // 2]
    correlation = _autocorrelation(centred * _HANN)
    power = np.maximum(correlation[:, 0], np.float32(1e-12))
    normal = correlation / (power[:, None] * _WINDOW_SHAPE)
    hz, strength = _candidates(normal)
    middles = _rows(pcm[WINDOW // 2 - HOP // 2 :], HOP)[:count]
    clipped = np.count_nonzero((middles >= _CLIPPED) | (middles <= -_CLIPPED), axis=1)
    return Frames(
        power=power.astype(np.float64) / _HANN_POWER,
        peak=np.abs(middle).max(axis=1).astype(np.float64),
        clipped=clipped,
        hz=hz,
        strength=strength,
    )


def _rows(samples: NDArray[Number], length: int) -> NDArray[Number]:
    """One every `HOP`, without a copy."""
    count, (step,) = (len(samples) - length) // HOP + 1, samples.strides
    return np.lib.stride_tricks.as_strided(samples, (count, length), (HOP * step, step), writeable=False)


def _candidates(normal: NDArray[np.float32]) -> tuple[Floats, Floats]:
    at, before, after = (normal[:, _SHORTEST + by : _LONGEST + 1 + by] for by in (0, -1, 1))
    row, lag = np.nonzero((at > before) & (at >= after) & (at > 0.5 * VOICING_THRESHOLD))
    # Best first in each row, of which there are few.
    order = np.lexsort((_PREFERENCE[lag] - at[row, lag], row))
    row, lag = row[order], lag[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    row, lag, rank = (values[rank < CANDIDATES] for values in (row, lag, rank))
    left, top, right = (values[row, lag].astype(np.float64) for values in (before, at, after))
    shift = 0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-9)
    height = top - 0.25 * (left - right) * shift
    hz = np.full((len(normal), CANDIDATES), MIN_HZ)
    strength = np.zeros_like(hz)
    hz[row, rank] = SAMPLE_RATE / (lag + _SHORTEST + np.clip(shift, -0.5, 0.5))
    # Sampling can lift a peak over 1; what is above is mirrored, as in Praat.
    strength[row, rank] = np.where(height > 1, 1 / np.maximum(height, 1), height)
    return hz, strength

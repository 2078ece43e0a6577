"""Samples of any width, rate and number of channels → 16 kHz mono signed 16 bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from speech.audio.formats import CHANNELS, SAMPLE_RATES
from speech.events import SAMPLE_RATE
from speech.exceptions import AudioDecodingFailed

Floats = NDArray[np.float32]

# Clipped recordings reach a little over ±1. Far more than that are integers with a float label.
LOUDEST_FLOAT: Final = 16.0


def _alaw_table() -> Floats:
    """ITU-T G.711, table 1a."""
    code = np.arange(256) ^ 0x55
    segment = (code & 0x70) >> 4
    low = (code & 0x0F) << 4
    size = np.where(segment == 0, low + 8, (low + 0x108) << np.maximum(segment - 1, 0))
    return (np.where(code & 0x80, size, -size) / 32768).astype(np.float32)


def _mulaw_table() -> Floats:
    """ITU-T G.711, table 2a."""
    code = ~np.arange(256) & 0xFF
    size = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return (np.where(code & 0x80, -size, size) / 32768).astype(np.float32)


_ALAW: Final = _alaw_table()
_MULAW: Final = _mulaw_table()


def _from_8_bit(data: bytes) -> Floats:
    return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)


def _from_24_bit(data: bytes) -> Floats:
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)


def _from_float(data: bytes, dtype: str) -> Floats:
    values: NDArray[Any] = np.frombuffer(data, dtype)
    # Written so that NaN, which compares false with everything, fails too.
    if values.size and not bool(np.abs(values).max() <= LOUDEST_FLOAT):
        raise AudioDecodingFailed("The samples are not the floating-point numbers that the header says.")
    return values.astype(np.float32)


def _from_int(data: bytes, dtype: str, bits: int) -> Floats:
    return np.frombuffer(data, dtype).astype(np.float32) / np.float32(2 ** (bits - 1))


_CONVERSIONS: Final[dict[tuple[str, int], Callable[[bytes], Floats]]] = {
    ("int", 8): _from_8_bit,
    ("int", 16): lambda data: _from_int(data, "<i2", 16),
    ("int", 24): _from_24_bit,
    ("int", 32): lambda data: _from_int(data, "<i4", 32),
    ("float", 32): lambda data: _from_float(data, "<f4"),
    ("float", 64): lambda data: _from_float(data, "<f8"),
    ("alaw", 8): lambda data: _ALAW[np.frombuffer(data, np.uint8)],
    ("mulaw", 8): lambda data: _MULAW[np.frombuffer(data, np.uint8)],
}


@dataclass(frozen=True, slots=True)
class SampleLayout:
    """Interleaved samples as they lie in a file. `kind`: int (8 bit is unsigned), float, alaw or mulaw."""

    kind: str
    bits: int
    channels: int
    sample_rate: int

    @property
    def is_known(self) -> bool:
        return (self.kind, self.bits) in _CONVERSIONS

    @property
    def frame_bytes(self) -> int:
        return self.bits // 8 * self.channels

    def to_mono(self, frames: bytes) -> Floats:
        """The mean of the channels, ±1, of a whole number of frames."""
        values = _CONVERSIONS[self.kind, self.bits](frames)
        mono: Floats = values.reshape(-1, self.channels).mean(axis=1, dtype=np.float32)
        return mono


class SampleConverter:
    """Raw frames of one layout in, PCM out. What it holds back to resample comes with `flush`."""

    def __init__(self, layout: SampleLayout) -> None:
        self._layout = layout
        self._resampler = None if layout.sample_rate == SAMPLE_RATE else Resampler()

    def convert(self, frames: bytes) -> bytes:
        mono = self._layout.to_mono(frames)
        if not mono.size:
            return b""
        if self._resampler is None:
            return np.clip(np.rint(mono * 32768), -32768, 32767).astype("<i2").tobytes()
        frame = av.AudioFrame.from_ndarray(mono.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = self._layout.sample_rate
        return self._resampler.convert(frame)

    def flush(self) -> bytes:
        return b"" if self._resampler is None else self._resampler.flush()


class Resampler:
    """libav frames in, PCM out, also when their rate or channels change on the way."""

    def __init__(self) -> None:
        self._shape: tuple[str, str, int] | None = None
        self._resampler = _new_resampler()

    def convert(self, frame: av.AudioFrame) -> bytes:
        """Raises AudioDecodingFailed for a rate or number of channels that can't be meant."""
        if frame.sample_rate not in SAMPLE_RATES or frame.layout.nb_channels not in CHANNELS:
            raise AudioDecodingFailed("The audio has an impossible sample rate or number of channels.")
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        # AAC says its real rate only after some frames where SBR is implicit (ISO/IEC 14496-3, 1.6.5).
        tail = self.flush() if self._shape not in (None, shape) else b""
        self._shape = shape
        # Timestamps are of no use here, and odd ones make the filter graph fail.
        frame.pts = None
        return tail + _pcm(self._resampler.resample(frame))

    def flush(self) -> bytes:
        tail = _pcm(self._resampler.resample(None))
        self._resampler = _new_resampler()
        return tail


def _new_resampler() -> av.AudioResampler:
    return av.AudioResampler("s16", "mono", SAMPLE_RATE)


def _pcm(frames: list[av.AudioFrame]) -> bytes:
    # A plane may be longer than its samples.
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)

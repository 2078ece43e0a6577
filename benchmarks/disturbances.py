"""What real microphones add to speech, and what they hear where nobody speaks: made from fixed seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from speech.events import SAMPLE_RATE

Floats = NDArray[np.float64]

TELEPHONE_HZ = 300, 3400
# Of full scale, where nothing else says how loud.
LEVEL = 0.05


def floats(pcm: bytes) -> Floats:
    return np.frombuffer(pcm, np.int16).astype(np.float64) / 32768


def as_pcm(samples: Floats) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


# Over speech


def telephone(speech: Floats) -> Floats:
    """Only what a telephone line lets through."""
    return _band(speech, *TELEPHONE_HZ)


def with_noise(speech: Floats, noise: Floats, snr_db: float) -> Floats:
    """The ratio is that of powers while somebody speaks: where speech is within 30 dB of its loudest."""
    frames = speech[: len(speech) // 320 * 320].reshape(-1, 320)
    power = (frames**2).mean(axis=1)
    spoken = power[power > power.max() / 1000].mean()
    noise = np.resize(noise, len(speech))
    gain = float(np.sqrt(spoken / (noise**2).mean() / 10 ** (snr_db / 10)))
    return speech + noise * gain


def white(count: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=count)


def voices(recordings: list[Floats], count: int, seed: int = 2) -> Floats:
    """Eight people who talk at once."""
    chance = np.random.default_rng(seed)
    mixed = np.zeros(count)
    for _ in range(8):
        row = np.concatenate([recordings[i] for i in chance.permutation(len(recordings))])
        mixed += np.roll(np.resize(row, count), int(chance.integers(count)))
    return mixed


# Instead of speech, each `seconds` long


def non_speech(seconds: float, recordings: list[Floats]) -> dict[str, Floats]:
    count = int(seconds * SAMPLE_RATE)
    makers: dict[str, Callable[[int], Floats]] = {
        "silence": np.zeros,
        "hum": _hum,
        "white noise": lambda n: LEVEL * white(n) / 3,
        "clicks": _clicks,
        "music": _music,
        "babble": lambda n: _level(voices(recordings, n)),
        "a door": lambda n: _bursts(n, every=4.0, length=0.35, band=(40, 300), level=0.4, seed=5),
        "a keyboard": lambda n: _bursts(n, every=0.22, length=0.03, band=(1500, 7000), level=0.1, seed=6),
        "breath": lambda n: _breath(n),
        "a cough": lambda n: _bursts(n, every=3.0, length=0.3, band=(200, 3500), level=0.4, seed=8),
    }
    return {name: make(count) for name, make in makers.items()}


def _level(samples: Floats) -> Floats:
    return samples * (LEVEL / float(np.sqrt((samples**2).mean())))


def _band(samples: Floats, low_hz: float, high_hz: float) -> Floats:
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    return np.fft.irfft(spectrum, len(samples))


def _hum(count: int) -> Floats:
    time = np.arange(count) / SAMPLE_RATE
    harmonics = [np.sin(2 * np.pi * 50 * n * time) / n for n in (1, 2, 3, 5)]
    return _level(np.sum(harmonics, axis=0))


def _clicks(count: int) -> Floats:
    samples = np.zeros(count)
    samples[:: SAMPLE_RATE // 2] = 0.8
    return samples


def _music(count: int) -> Floats:
    """Chords of a struck instrument."""
    samples = np.zeros(count)
    chance = np.random.default_rng(4)
    for start in range(0, count, SAMPLE_RATE // 2):
        time = np.arange(min(SAMPLE_RATE, count - start)) / SAMPLE_RATE
        for semitones in chance.choice([0, 2, 4, 5, 7, 9, 12], 3, replace=False):
            hz = 220 * 2 ** (semitones / 12)
            tone = sum(np.sin(2 * np.pi * hz * n * time) / n for n in range(1, 6))
            samples[start : start + len(time)] += tone * np.exp(-3 * time)
    return _level(samples)


def _bursts(
    count: int, *, every: float, length: float, band: tuple[float, float], level: float, seed: int
) -> Floats:
    """Noise that begins at once and dies away, again and again, `every` so many seconds on average."""
    chance = np.random.default_rng(seed)
    samples = np.zeros(count)
    at = 0.0
    while (start := int(at * SAMPLE_RATE)) < count:
        time = np.arange(min(int(length * SAMPLE_RATE), count - start)) / SAMPLE_RATE
        burst = chance.normal(size=len(time)) * np.exp(-5 * time / length)
        samples[start : start + len(time)] += burst
        at += every * chance.uniform(0.5, 1.5)
    samples = _band(samples, *band)
    return samples * (level / float(np.abs(samples).max()))


def _breath(count: int) -> Floats:
    time = np.arange(count) / SAMPLE_RATE
    return _level(_band(white(count, 7), 300, 3000) * np.clip(np.sin(2 * np.pi * time / 4), 0, None) ** 2) / 2

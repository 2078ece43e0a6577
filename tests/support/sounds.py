"""Sounds of which everything is known, as PCM or as samples of ±1."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from speech.events import SAMPLE_RATE
from speech.metrics import Measures, VoiceAnalyser, WordSource
from tests.support.voices import STABLE_SENTENCES, read_pcm, speak

Sound = NDArray[np.float64]


def pcm(sound: Sound) -> bytes:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()


def measured(sound: Sound, source: WordSource | None = None) -> Measures:
    analyser = VoiceAnalyser(source)
    analyser.add_pcm(pcm(sound))
    return analyser.final()


def value(measures: Measures, name: str) -> float:
    reading = measures.readings[name]
    assert reading.status == "ok" and isinstance(reading.value, float), (name, reading)
    return reading.value


def values(measures: Measures) -> dict[str, object]:
    """Of everything that has one, but for what is true of any file."""
    free = "duration_s", "clipped_ratio"
    return {
        name: one.value
        for name, one in measures.readings.items()
        if one.value is not None and name not in free
    }


def times(seconds: float) -> Sound:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def silent(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE))


def tone(hz: float, seconds: float = 2.0, amplitude: float = 0.1) -> Sound:
    return amplitude * np.sin(2 * np.pi * hz * times(seconds))


def sweep(start_hz: float, end_hz: float, seconds: float, amplitude: float = 0.1) -> Sound:
    """As many semitones in every second."""
    octaves = np.log2(end_hz / start_hz) / seconds
    phase = 2 * np.pi * start_hz * (2 ** (octaves * times(seconds)) - 1) / (octaves * np.log(2))
    return amplitude * np.sin(phase)


def noise(seconds: float, rms: float = 0.1) -> Sound:
    return rms * np.random.default_rng(1).standard_normal(len(times(seconds)))


def slam() -> Sound:
    """A door: as loud as can be, and gone after a quarter of a second."""
    return np.clip(noise(0.3, 0.5) * np.exp(-times(0.3) / 0.05), -1, 1)


def chord(seconds: float, rms: float) -> Sound:
    sound = sum((tone(hz, seconds, 1.0) for hz in (196.0, 246.9, 293.7)), np.zeros(len(times(seconds))))
    return sound * rms / np.std(sound)


@functools.cache
def sentences() -> tuple[Sound, ...]:
    """Synthetic speech without the silence around it."""
    spoken = (np.frombuffer(read_pcm(speak(text)), "<i2") / 32768 for text in STABLE_SENTENCES)
    return tuple(_trimmed(sound) for sound in spoken)


def _trimmed(sound: Sound) -> Sound:
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    return sound[loud[0] - 160 : loud[-1] + 160]


def answer(*pauses: float, before: float = 1.0, after: float = 1.0) -> Sound:
    """Sentences with pauses of these lengths between them."""
    first, *others = sentences()[: len(pauses) + 1]
    parts = [silent(before), first]
    for seconds, sentence in zip(pauses, others, strict=True):
        parts += [silent(seconds), sentence]
    return np.concatenate([*parts, silent(after)])


def rms_of_speech() -> float:
    return float(np.sqrt(np.mean(np.concatenate(sentences()) ** 2)))


def pauses_of(measures: Measures) -> list[float]:
    stretches = measures.trace.speech_ms
    return [(start - end) / 1000 for (_, end), (start, _) in itertools.pairwise(stretches)]

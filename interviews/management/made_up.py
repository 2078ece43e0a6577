"""Answers of made-up speech, for measuring: as large as real ones, and measured by the real analyser."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interviews.wire.metrics import stored_metrics
from speech.events import SAMPLE_RATE, Word
from speech.metrics import VoiceAnalyser, WordSource

Sound = NDArray[np.float64]

RECOGNISER = "made up"
WORD_MS = 320
PAUSE_MS = 700
PEAKS = 1200
VOCABULARY = {
    "en-US": "we had to plan the work with the team and then i was asked to lead it for a customer",
    "de-DE": "wir haben die arbeit mit dem team geplant und dann wurde ich gefragt ob ich sie leite",
    "fr-FR": "nous avons prévu le travail avec équipe puis on m'a demandé de le diriger pour aider un client",
}


@dataclass(frozen=True)
class MadeUpAnswer:
    """What an answer's row and its segments keep. `segments` are fields of rows."""

    pcm: bytes
    segments: list[dict[str, Any]]
    metrics: dict[str, Any]
    peaks: bytes

    @property
    def text(self) -> str:
        return " ".join(segment["text"] for segment in self.segments)

    @property
    def duration_ms(self) -> int:
        return len(self.pcm) * 1000 // (2 * SAMPLE_RATE)


def make_up(source: random.Random, language: str) -> MadeUpAnswer:
    """About half a minute: sentences of hummed words, with a pause after each."""
    sentences = [source.randint(6, 16) for _ in range(source.randint(5, 9))]
    words: list[list[Word]] = []
    sounds, at_ms = [_silence(PAUSE_MS)], PAUSE_MS
    for count in sentences:
        words.append([_word(source, language, at_ms + n * WORD_MS) for n in range(count)])
        sounds += [_hum(source) for _ in range(count)] + [_silence(PAUSE_MS)]
        at_ms += count * WORD_MS + PAUSE_MS
    sound = np.concatenate(sounds)
    pcm = np.rint(sound * 32767).astype("<i2").tobytes()
    metrics = _measured(pcm, words, WordSource(language=language, reports_confidence=True))
    return MadeUpAnswer(pcm, [_segment(said) for said in words], metrics, _peaks(sound))


def _word(source: random.Random, language: str, start_ms: int) -> Word:
    word = source.choice(VOCABULARY[language].split())
    return Word(word, start_ms, start_ms + WORD_MS - 40, round(source.uniform(0.5, 1), 3))


def _segment(words: list[Word]) -> dict[str, Any]:
    return {
        "text": " ".join(word.word for word in words),
        "start_ms": words[0].start_ms,
        "end_ms": words[-1].end_ms,
        "confidence": round(sum(word.confidence or 0 for word in words) / len(words), 3),
        "words": [asdict(word) for word in words],
        "recogniser": RECOGNISER,
    }


def _measured(pcm: bytes, words: list[list[Word]], source: WordSource) -> dict[str, Any]:
    analyser = VoiceAnalyser(source)
    analyser.add_pcm(pcm)
    for said in words:
        analyser.add_words(said)
    return stored_metrics(analyser.final())


def _silence(ms: int) -> Sound:
    return np.random.default_rng(ms).normal(0, 0.0005, ms * SAMPLE_RATE // 1000)


def _hum(source: random.Random) -> Sound:
    """A tone with overtones that falls a little and fades at both ends, as a voiced word does."""
    hz = source.uniform(100, 180)
    t = np.arange(WORD_MS * SAMPLE_RATE // 1000) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * hz * n * t * (1 - 0.1 * t)) / n for n in range(1, 6))
    return np.asarray(0.12 * np.hanning(len(t)) * tones)


def _peaks(sound: Sound) -> bytes:
    loudest = [np.abs(part).max() for part in np.array_split(sound, PEAKS)]
    return bytes(round(255 * float(one)) for one in loudest)

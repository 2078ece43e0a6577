"""The four fields of `voice_metrics`, from the recogniser's words alone. What was not measured is None."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from speech.events import Word
from speech.metrics.words import WeightedMean

MIN_WORDS = 3
MIN_SPEAKING_MS = 1000
"""With fewer words, or less time, a rate says nothing about how somebody speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMetrics:
    """`confidence_score`, 0 to 1, is how sure the recogniser was of its words, nothing about the speaker."""

    speaking_rate_wpm: float | None = None
    confidence_score: float | None = None
    intonation_score: None = None
    fluency_score: None = None


class Measurement:
    """Takes words as they come, in the order of their times, and gives the measures of those so far.

    It holds sums alone, so that its cost and memory don't grow with the length of an answer.
    """

    def __init__(self) -> None:
        self._count = 0
        self._start_ms = 0
        self._end_ms = 0
        self._confidence = WeightedMean()

    def add(self, words: Iterable[Word]) -> None:
        for word in words:
            if not self._count:
                self._start_ms = word.start_ms
            self._count += 1
            self._end_ms = word.end_ms
            self._confidence.add(word)

    @property
    def result(self) -> VoiceMetrics:
        return VoiceMetrics(
            speaking_rate_wpm=self._speaking_rate_wpm, confidence_score=self._confidence.result
        )

    @property
    def _speaking_rate_wpm(self) -> float | None:
        """Words a minute from the first word's start to the last one's end, pauses included."""
        speaking_ms = self._end_ms - self._start_ms
        if self._count < MIN_WORDS or speaking_ms < MIN_SPEAKING_MS:
            return None
        return self._count * 60_000 / speaking_ms


def measure(words: Iterable[Word]) -> VoiceMetrics:
    """The measures of words that are all there."""
    measurement = Measurement()
    measurement.add(words)
    return measurement.result

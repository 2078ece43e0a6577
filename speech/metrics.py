"""Measures of delivery, from the recogniser's own words. What was not measured is None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speech.events import Word

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


def measure(words: Sequence[Word]) -> VoiceMetrics:
    """`words` in the order of their times."""
    return VoiceMetrics(
        speaking_rate_wpm=speaking_rate_wpm(words),
        confidence_score=mean_confidence(words),
    )


def speaking_rate_wpm(words: Sequence[Word]) -> float | None:
    """Words a minute from the first word's start to the last one's end, pauses included."""
    if len(words) < MIN_WORDS:
        return None
    speaking_ms = words[-1].end_ms - words[0].start_ms
    if speaking_ms < MIN_SPEAKING_MS:
        return None
    return len(words) * 60_000 / speaking_ms


def mean_confidence(words: Sequence[Word]) -> float | None:
    """Weighted with the words' durations; over those for which the recogniser reports one."""
    rated = [(word.confidence, word.end_ms - word.start_ms) for word in words if word.confidence is not None]
    total_ms = sum(duration_ms for _, duration_ms in rated)
    if not total_ms:
        return None
    return sum(confidence * duration_ms for confidence, duration_ms in rated) / total_ms

"""Scores between 0 and 1: readable forms of measures, and nothing more.

    intonation_score = sd / (sd + 3)
        sd: pitch_sd_semitones

    fluency_score = (phonation + steadiness + run) / 3
        phonation: phonation_time_ratio
        steadiness: 20 / (20 + pauses_per_minute)
        run: mean_length_of_run_words / (mean_length_of_run_words + 6)

    confidence_score = recognition_confidence

Published is that the spread of pitch in semitones goes with how lively speech is heard (Traunmüller &
Eriksson 1995, JASA 97:1905–1915; Hincks 2005, System 33:575–591), and that phonation-time ratio, the
rate of pauses and the mean length of run go with how fluent raters find it (Cucchiarini, Strik & Boves
2000, JASA 107:989–999; 2002, JASA 111:2862–2873). The shape of the mappings, the points at which they
are half way (3 semitones, 20 pauses a minute, 6 words) and equal weights are our choice. A score is None
unless each of its measures is `ok`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from speech.metrics.reading import Reading

HALF_SD_SEMITONES: Final = 3.0
HALF_PAUSES_PER_MINUTE: Final = 20.0
HALF_RUN_WORDS: Final = 6.0


def intonation(sd_semitones: float) -> float:
    return sd_semitones / (sd_semitones + HALF_SD_SEMITONES)


def fluency(phonation_time_ratio: float, pauses_per_minute: float, run_words: float) -> float:
    steadiness = HALF_PAUSES_PER_MINUTE / (HALF_PAUSES_PER_MINUTE + pauses_per_minute)
    run = run_words / (run_words + HALF_RUN_WORDS)
    return (phonation_time_ratio + steadiness + run) / 3


def scores(readings: Mapping[str, Reading]) -> dict[str, float | None]:
    sd = _number(readings["pitch_sd_semitones"])
    confidence = _number(readings["recognition_confidence"])
    parts = [
        _number(readings[name])
        for name in ("phonation_time_ratio", "pauses_per_minute", "mean_length_of_run_words")
    ]
    known = [part for part in parts if part is not None]
    return {
        "intonation_score": None if sd is None else round(intonation(sd), 3),
        "fluency_score": round(fluency(*known), 3) if len(known) == len(parts) else None,
        "confidence_score": confidence,
    }


def _number(reading: Reading) -> float | None:
    assert not isinstance(reading.value, list)
    return reading.value

"""What was added up → readings: each measure's value, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from speech.events import SAMPLE_RATE
from speech.metrics.activity import ABOVE_BACKGROUND_DB, LEAST_BELOW_VOICE_DB, decibels
from speech.metrics.catalogue import (
    MEASURES,
    MIN_BACKGROUND_SECONDS,
    MIN_RATE_SECONDS,
    MIN_SNR_DB,
    MIN_SPEECH_SECONDS,
    MIN_SPREAD_SECONDS,
    MIN_STRETCHES,
    MIN_SYLLABLES,
    MIN_VOICED_SECONDS,
    MIN_WORDS,
    Status,
)
from speech.metrics.frames import FRAMES_PER_SECOND, MIN_HZ
from speech.metrics.reading import Measures, Reading, reading
from speech.metrics.scores import scores
from speech.metrics.tally import Tally
from speech.metrics.trace import NOTHING_DRAWN, Trace
from speech.metrics.words import WordSource, WordSums

ESTIMATED_UNIT: Final = "syllables/s (estimated)"

SHALLOW_DB: Final = ABOVE_BACKGROUND_DB + LEAST_BELOW_VOICE_DB
MOSTLY_VOICED: Final = 0.9

DIGITAL_SILENCE_DBFS: Final = -90.0
"""What is softer than a step of 16 bits is no room: a noise gate or an editor put nothing in its place."""

WORDLESS_SECONDS: Final = 10.0
"""So much sound that passes for speech and holds no word is music, or a hum, or speech in another room."""

VOICED_BACKGROUND: Final = 0.25
FAR_BELOW_DB: Final = 25.0
"""A background that has a pitch itself, in so many of its frames, passes for a voice unless it is so much
softer."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of an answer, or of a part of it."""

    samples: int
    tally: Tally
    trace: Trace
    source: WordSource | None
    """None where there is no recogniser."""
    words: WordSums | None
    speech_seconds: float
    """Of speech up to the end of the last word: that is what the words were said in."""
    runs: int
    is_whole: bool

    @cached_property
    def snr_db(self) -> float | None:
        return _snr_db(self.tally)

    @cached_property
    def is_drowned(self) -> bool:
        """Sound that is never soft, and not all voice: speech in noise. (A tone is all voice.)"""
        if self.snr_db is not None:
            return False
        sums = self.tally.sums
        return 0 < self.tally.depth_db < SHALLOW_DB and sums.voiced < MOSTLY_VOICED * sums.frames

    @cached_property
    def clear(self) -> Status:
        """Whether the speaker can be told from the background."""
        tally, snr = self.tally, self.snr_db
        is_voiced = tally.background_voiced > VOICED_BACKGROUND * tally.background_frames
        limit = FAR_BELOW_DB if is_voiced else MIN_SNR_DB
        is_noisy = (snr is not None and snr < limit) or self.is_drowned or _is_wordless(self)
        return Status.NOISY if is_noisy else Status.OK


def assess(evidence: Evidence) -> Measures:
    found = {one_name: one for part in (_time, _rate, _pitch, _level) for one_name, one in part(evidence)}
    readings = {measure.name: found[measure.name] for measure in MEASURES}
    return Measures(readings, scores(readings), evidence.trace)


def unavailable() -> Measures:
    """Of an answer of which nothing is known."""
    readings = {measure.name: reading(measure.name, Status.UNAVAILABLE) for measure in MEASURES}
    return Measures(readings, scores(readings), NOTHING_DRAWN)


Named = Iterator[tuple[str, Reading]]


def _given(name: str, value: float | list[list[float | None]], *conditions: Status) -> tuple[str, Reading]:
    """The value, unless a condition isn't ok."""
    wrong = [condition for condition in conditions if condition != Status.OK]
    return name, reading(name, wrong[0] if wrong else Status.OK, value)


def _enough(is_enough: bool) -> Status:
    return Status.OK if is_enough else Status.INSUFFICIENT_SPEECH


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _time(evidence: Evidence) -> Named:
    tally, clear = evidence.tally, evidence.clear
    speech, span = tally.speech_seconds, tally.span_seconds
    spoken, paused = _enough(speech >= MIN_SPEECH_SECONDS), _enough(tally.pauses > 0)
    yield _given("duration_s", evidence.samples / SAMPLE_RATE)
    yield _given("speech_time_s", speech, _enough(speech > 0), clear)
    yield _given("phonation_time_ratio", _ratio(speech, span), spoken, clear)
    yield _given("pauses_per_minute", _ratio(tally.pauses * 60, span), spoken, clear)
    yield _given("mean_pause_s", _ratio(tally.pause_seconds, tally.pauses), paused, clear)
    yield _given("longest_pause_s", tally.longest_pause_seconds, paused, clear)


def _rate(evidence: Evidence) -> Named:
    words, source, clear = evidence.words, evidence.source, evidence.clear
    if words is None or source is None:
        for name in _WORD_MEASURES:
            yield name, reading(name, Status.UNAVAILABLE)
        return
    span = evidence.tally.span_seconds
    seconds = (words.end_ms - words.start_ms) / 1000
    spoken = _enough(evidence.speech_seconds >= MIN_SPEECH_SECONDS and words.count >= MIN_WORDS)
    timed = _enough(words.count >= MIN_WORDS and seconds >= MIN_RATE_SECONDS)
    articulated = _enough(words.syllables >= MIN_SYLLABLES and evidence.speech_seconds >= MIN_RATE_SECONDS)
    stretches, spread = words.rates.result()
    unit = ESTIMATED_UNIT if words.is_estimated else None
    yield _given("mean_length_of_run_words", _ratio(words.count, evidence.runs), spoken, clear)
    yield _given(
        "first_word_delay_s",
        words.start_ms / 1000,
        Status.OK if evidence.is_whole else Status.UNAVAILABLE,
        _enough(words.count > 0),
    )
    yield _given("speaking_rate_wpm", _ratio(words.count * 60, seconds), timed)
    rates = (
        _given(
            "articulation_rate_syllables_per_s",
            _ratio(words.syllables, evidence.speech_seconds),
            articulated,
            clear,
        ),
        _given("articulation_rate_sd", spread, _enough(stretches >= MIN_STRETCHES)),
    )
    for name, one in rates:
        yield name, Reading(one.value, unit or one.unit, one.status)
    yield _given(
        "filled_pauses_per_minute",
        _ratio(words.fillers * 60, span),
        Status.OK if source.fillers else Status.UNAVAILABLE,
        _enough(span >= MIN_SPEECH_SECONDS and words.count > 0),
    )
    confidence = words.confidence.result
    yield _given(
        "recognition_confidence",
        confidence or 0.0,
        Status.OK if source.reports_confidence else Status.UNAVAILABLE,
        _enough(confidence is not None),
    )


_WORD_MEASURES: Final = (
    "mean_length_of_run_words",
    "first_word_delay_s",
    "speaking_rate_wpm",
    "articulation_rate_syllables_per_s",
    "articulation_rate_sd",
    "filled_pauses_per_minute",
    "recognition_confidence",
)


def _pitch(evidence: Evidence) -> Named:
    sums, clear = evidence.tally.sums, evidence.clear
    voiced = sums.voiced / FRAMES_PER_SECOND
    some, enough = _enough(voiced >= MIN_VOICED_SECONDS), _enough(voiced >= MIN_SPREAD_SECONDS)
    low, median, high = (sums.pitch_quantile(share) if sums.voiced else 0.0 for share in (0.05, 0.5, 0.95))
    yield _given("pitch_median_hz", MIN_HZ * 2 ** (median / 12), some, clear)
    yield _given("pitch_sd_semitones", sums.pitch_sd if sums.voiced else 0.0, enough, clear)
    yield _given("pitch_range_semitones", high - low, enough, clear)
    yield _given("pitch_contour", evidence.trace.contour, some, clear)


def _level(evidence: Evidence) -> Named:
    sums, snr = evidence.tally.sums, evidence.snr_db
    spoken = _enough(sums.frames > 0)
    yield _given("speech_level_dbfs", _db(_ratio(sums.power, sums.frames)), spoken, evidence.clear)
    known = Status.OK if snr is not None and not _is_gated(evidence.tally) else Status.UNAVAILABLE
    drowned = Status.NOISY if evidence.is_drowned else Status.OK
    yield _given("snr_db", snr or 0.0, spoken, drowned, known)
    yield _given("clipped_ratio", _ratio(evidence.tally.clipped, evidence.samples))


def _is_gated(tally: Tally) -> bool:
    return tally.background_db is not None and tally.background_db < DIGITAL_SILENCE_DBFS


def _is_wordless(evidence: Evidence) -> bool:
    words = evidence.words
    return words is not None and not words.count and evidence.tally.speech_seconds > WORDLESS_SECONDS


def _snr_db(tally: Tally) -> float | None:
    background = tally.background_db
    if background is None or tally.background_frames < MIN_BACKGROUND_SECONDS * FRAMES_PER_SECOND:
        return None
    if not tally.sums.frames:
        return None
    noise = 10 ** (background / 10)
    speech = max(tally.sums.power / tally.sums.frames - noise, noise / 100)
    return _db(speech / noise)


def _db(power: float) -> float:
    return float(decibels(np.array(power)))

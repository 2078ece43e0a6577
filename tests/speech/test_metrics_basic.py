from __future__ import annotations

import pytest

from speech.events import Word
from speech.metrics import Measurement, VoiceMetrics, measure


def words(*confidences: float | None, each_ms: int = 400) -> list[Word]:
    return [
        Word("word", index * each_ms, (index + 1) * each_ms, confidence)
        for index, confidence in enumerate(confidences)
    ]


def test_nothing_said_measures_nothing() -> None:
    assert measure([]) == VoiceMetrics()


def test_speaking_rate_is_words_over_the_time_from_the_first_to_the_last() -> None:
    spoken = [Word("one", 5000, 5400), Word("two", 5400, 5900), Word("three", 9000, 10_000)]

    assert measure(spoken).speaking_rate_wpm == 36


@pytest.mark.parametrize(
    "spoken", [words(0.5, 0.5, each_ms=2000), words(0.5, 0.5, 0.5, each_ms=333)], ids=["words", "time"]
)
def test_too_little_speech_has_no_rate(spoken: list[Word]) -> None:
    assert measure(spoken).speaking_rate_wpm is None


def test_confidence_weighs_words_by_their_duration() -> None:
    spoken = [Word("a", 0, 100, 0.2), Word("long", 100, 1000, 0.8)]

    assert measure(spoken).confidence_score == pytest.approx(0.74)


def test_words_without_a_confidence_do_not_count_as_sure_or_unsure() -> None:
    assert measure(words(0.6, None, 0.6)).confidence_score == pytest.approx(0.6)
    assert measure(words(None, None, None)).confidence_score is None


def test_what_is_not_measured_yet_is_none() -> None:
    measured = measure(words(0.5, 0.5, 0.5, 0.5))

    assert (measured.intonation_score, measured.fluency_score) == (None, None)


def test_words_that_come_by_and_by_measure_the_same() -> None:
    spoken = words(0.5, None, 0.7, 0.9, 0.2)
    measurement = Measurement()

    for word in spoken:
        measurement.add([word])

    assert measurement.result == measure(spoken)

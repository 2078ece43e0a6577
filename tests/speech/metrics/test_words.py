from __future__ import annotations

import numpy as np
import pytest
from pocketsphinx import get_model_path

from speech.events import Word
from speech.metrics import Measures, VoiceAnalyser, WordSource
from speech.metrics.syllables import count_by_spelling, load_dictionary
from speech.metrics.words import WordSums
from tests.support import sounds
from tests.support.sounds import value

DICTIONARY = f"{get_model_path('en-us')}/cmudict-en-us.dict"
WITH_EVERYTHING = WordSource(
    language="en-US", reports_confidence=True, reports_fillers=True, pronunciations=DICTIONARY
)
WITH_NOTHING = WordSource(language="en-US")


def row(text: str, start_ms: int = 1000, each_ms: int = 400, confidence: float | None = 0.5) -> list[Word]:
    return [
        Word(word, start_ms + index * each_ms, start_ms + (index + 1) * each_ms, confidence)
        for index, word in enumerate(text.split())
    ]


def measured(words: list[Word], source: WordSource = WITH_EVERYTHING, *, seconds: float = 8.0) -> Measures:
    """Words over a voice that goes on for so long, from one second on."""
    analyser = VoiceAnalyser(source)
    analyser.add_pcm(sounds.pcm(np.concatenate([sounds.silent(1), sounds.tone(150, seconds)])))
    analyser.add_words(words)
    return analyser.final()


def status(measures: Measures, name: str) -> str:
    return str(measures.readings[name].status)


def test_speaking_rate_is_words_over_the_time_from_the_first_to_the_last() -> None:
    spoken = row("one two three four") + row("five six", start_ms=5000)

    assert value(measured(spoken), "speaking_rate_wpm") == pytest.approx(6 * 60 / 4.8)


@pytest.mark.parametrize(
    "spoken", [row("one two three four", each_ms=900), row("a b c d e", each_ms=390)], ids=["words", "time"]
)
def test_too_little_speech_has_no_rate(spoken: list[Word]) -> None:
    assert status(measured(spoken), "speaking_rate_wpm") == "insufficient_speech"


def test_articulation_rate_is_the_dictionarys_syllables_over_speech_time() -> None:
    measures = measured(row("communication is the key to quality", each_ms=500), seconds=3.0)

    assert value(measures, "articulation_rate_syllables_per_s") == pytest.approx(12 / 3.0, rel=0.02)
    assert measures.readings["articulation_rate_syllables_per_s"].unit == "syllables/s"


def test_speech_after_the_last_word_does_not_slow_its_articulation() -> None:
    measures = measured(row("communication is the key to quality", each_ms=500), seconds=8.0)

    assert value(measures, "articulation_rate_syllables_per_s") == pytest.approx(12 / 3.0, rel=0.02)


def test_syllables_counted_by_spelling_are_said_to_be_estimated() -> None:
    words = row("communication is the key to quality", each_ms=500)

    measures = measured(words, WITH_NOTHING, seconds=3.0)

    assert measures.readings["articulation_rate_syllables_per_s"].unit == "syllables/s (estimated)"
    assert value(measures, "articulation_rate_syllables_per_s") == pytest.approx(12 / 3.0, rel=0.02)


def test_the_dictionary_knows_its_words_alone() -> None:
    dictionary = load_dictionary(DICTIONARY)

    counted = [dictionary.syllables(word) for word in ("a", "company", "Clear", "because", "rhythm")]
    assert counted == [1, 3, 1, 2, 2]
    assert dictionary.syllables("xyzzyx") is None


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [
        ("strength", "en-US", 1),
        ("make", "en-US", 1),
        ("the", "en-US", 1),
        ("able", "en-US", 1),
        ("software,", "en-GB", 2),
        ("Straße", "de-DE", 2),
        ("Übung", "de-DE", 2),
        ("grève,", "fr-FR", 1),
        ("молоко", "ru-RU", 3),
        ("中文", "zh-CN", 2),
        ("twenty-five", "en-US", 3),
        ("$25.", "en-US", 2),
        ("hmm", "en-US", 1),
        ("…", "en-US", 1),
    ],
)
def test_syllables_are_counted_by_a_rule(word: str, language: str, count: int) -> None:
    assert count_by_spelling(word, language) == count


def test_the_spread_of_articulation_is_over_runs_of_words() -> None:
    spoken = [
        *row("one two four six", start_ms=1000, each_ms=250),
        *row("one two four six", start_ms=3000, each_ms=500),
        *row("eight", start_ms=6000, each_ms=100),
        *row("one two four six", start_ms=7000, each_ms=200),
    ]

    assert value(measured(spoken), "articulation_rate_sd") == pytest.approx(1.53, abs=0.01)
    assert status(measured(spoken[:9]), "articulation_rate_sd") == "insufficient_speech"


def test_filled_pauses_are_counted_where_they_are_reported() -> None:
    measures = measured(row("Um, I think uh that is umbrella"), seconds=6.0)

    assert value(measures, "filled_pauses_per_minute") == pytest.approx(2 * 60 / 6.0, rel=0.02)


@pytest.mark.parametrize(
    "source",
    [WordSource(language="en-US"), WordSource(language="fi-FI", reports_fillers=True)],
    ids=["recogniser", "language"],
)
def test_filled_pauses_are_unavailable_elsewhere(source: WordSource) -> None:
    assert (
        status(measured(row("um i think uh that is it"), source), "filled_pauses_per_minute") == "unavailable"
    )


def test_confidence_weighs_words_by_their_duration() -> None:
    spoken = [Word("a", 1000, 1100, 0.2), Word("long", 1100, 2000, 0.8), Word("new", 2000, 9000)]

    measures = measured(spoken)

    assert value(measures, "recognition_confidence") == pytest.approx(0.74)
    assert measures.scores["confidence_score"] == pytest.approx(0.74)


def test_a_recogniser_without_confidences_has_none() -> None:
    measures = measured(row("one two three four five six", confidence=None), WITH_NOTHING)

    assert status(measures, "recognition_confidence") == "unavailable"
    assert measures.scores["confidence_score"] is None


def test_the_first_word_comes_after_its_delay() -> None:
    assert value(measured(row("well", start_ms=2400)), "first_word_delay_s") == 2.4


def test_a_run_is_the_words_between_two_pauses() -> None:
    analyser = VoiceAnalyser(WITH_EVERYTHING)
    analyser.add_pcm(sounds.pcm(sounds.answer(0.5, 0.8)))
    analyser.add_words(row("a b c d e f g h i j k l", each_ms=1000))

    assert value(analyser.final(), "mean_length_of_run_words") == 4


def test_no_words_have_no_numbers() -> None:
    measures = measured([], WITH_EVERYTHING, seconds=4.0)

    statuses = {
        status(measures, name)
        for name in (
            "first_word_delay_s",
            "speaking_rate_wpm",
            "mean_length_of_run_words",
            "articulation_rate_syllables_per_s",
            "recognition_confidence",
            "filled_pauses_per_minute",
        )
    }
    assert statuses == {"insufficient_speech"}


def test_much_sound_without_a_word_is_no_speech() -> None:
    measures = measured([], seconds=12.0)

    assert status(measures, "pitch_median_hz") == "noisy"
    assert set(measures.scores.values()) == {None}


def test_without_a_recogniser_the_sound_alone_is_measured() -> None:
    measures = sounds.measured(sounds.answer(0.5, 0.8))

    assert status(measures, "speaking_rate_wpm") == "unavailable"
    assert value(measures, "pauses_per_minute") > 0
    assert measures.scores["fluency_score"] is None
    assert measures.scores["intonation_score"] is not None


def test_a_word_that_lasts_longer_than_the_window_counts() -> None:
    """As a recogniser makes them of hum: the live measures of such an answer broke off."""
    long = [Word("the", 1000, 14_000, 0.3), Word("end", 14_000, 14_400, 0.9)]
    analyser = VoiceAnalyser(WITH_EVERYTHING)
    analyser.add_pcm(sounds.pcm(np.concatenate([sounds.silent(1), sounds.tone(150, 14)])))
    analyser.add_words(long)

    assert analyser.live() is not None
    assert value(analyser.final(), "recognition_confidence") == pytest.approx(0.316, abs=0.01)


def test_syllables_of_what_is_displayed_are_those_of_what_is_said() -> None:
    shown = "The Customer, ill-disposed, paid $25 (1999)."
    said = "the customer ill disposed paid dollars twenty five nineteen ninety nine"
    source = WordSource(language="en-US", pronunciations=DICTIONARY)

    def syllables(text: str) -> tuple[int, bool]:
        sums = WordSums(source)
        for word in row(text):
            sums.add(word)
        return sums.syllables, sums.is_estimated

    assert syllables(shown) == syllables(said) == (18, False)
    assert syllables("Kubernetes") == (4, True)

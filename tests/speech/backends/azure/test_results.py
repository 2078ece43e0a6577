"""What the service says, as events: no SDK, no server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from speech.backends.azure.results import Utterances
from speech.backends.azure.signals import Result
from speech.backends.azure.words import read_words
from speech.events import Event, Final, Interim, Progress, Resume, SpeechEnded, SpeechStarted, Word

SECOND = 10_000_000
START = Resume(offset_samples=16_000)


def hypothesis(text: str, start: float, end: float) -> Result:
    body = {"Text": text, "Offset": 0, "Duration": 0}
    return Result(False, int(start * SECOND), int((end - start) * SECOND), json.dumps(body))


def phrase(status: str, start: float, end: float, **more: Any) -> Result:
    body = {"RecognitionStatus": status, **more}
    return Result(True, int(start * SECOND), int((end - start) * SECOND), json.dumps(body))


def success(display: str, start: float, end: float, **best: Any) -> Result:
    return phrase("Success", start, end, DisplayText=display, NBest=[{"Display": display, **best}])


def take(*results: Result) -> list[Event]:
    utterances = Utterances(START, "azure")
    return [event for result in results for event in utterances.take(result)]


def spoken(lexical: str) -> dict[str, Any]:
    """A word a second, each 0.9 s long, less sure each time."""
    return {
        "Words": [
            {
                "Word": word,
                "Offset": second * SECOND,
                "Duration": SECOND * 9 // 10,
                "Confidence": 0.9 - second / 10,
            }
            for second, word in enumerate(lexical.split())
        ]
    }


def final(text: str, start_ms: int, end_ms: int, end_samples: int, **more: Any) -> Final:
    empty: dict[str, Any] = {"confidence": None, "words": ()}
    return Final(text, start_ms, end_ms, resume=Resume(end_samples), recogniser="azure", **(empty | more))


def test_an_utterance_begins_with_its_first_words_on_the_clock_of_the_audio() -> None:
    events = take(hypothesis("so", 0.5, 1), hypothesis("so we", 0.5, 1.5), success("So we did.", 0.5, 2))

    assert events == [
        SpeechStarted(1500),
        Interim("so", 1500, 2000),
        Interim("so we", 1500, 2500),
        final("So we did.", 1500, 3000, 48_000),
        SpeechEnded(3000),
    ]


def test_an_interim_that_says_nothing_new_is_left_out() -> None:
    events = take(hypothesis("", 0, 1), hypothesis("so", 0, 1), hypothesis("so", 0, 2))

    assert events == [SpeechStarted(1000), Interim("so", 1000, 2000)]


def test_a_final_without_interims_begins_an_utterance_too() -> None:
    assert take(success("Yes.", 0, 1)) == [
        SpeechStarted(1000),
        final("Yes.", 1000, 2000, 32_000),
        SpeechEnded(2000),
    ]


@pytest.mark.parametrize("status", ["NoMatch", "InitialSilenceTimeout", "BabbleTimeout"])
def test_silence_moves_on_where_to_resume(status: str) -> None:
    assert take(phrase(status, 0, 15)) == [Progress(Resume(16 * 16_000))]


def test_noise_that_seemed_to_be_words_ends_without_a_final() -> None:
    events = take(hypothesis("hm", 0, 1), phrase("NoMatch", 0, 2))

    assert events == [
        SpeechStarted(1000),
        Interim("hm", 1000, 2000),
        SpeechEnded(3000),
        Progress(Resume(48_000)),
    ]


def test_a_phrase_without_text_is_no_final() -> None:
    assert take(success("", 0, 1)) == [Progress(Resume(32_000))]


def test_where_to_resume_never_goes_back() -> None:
    assert take(phrase("NoMatch", 0, 15), phrase("NoMatch", 0, 10)) == [Progress(Resume(16 * 16_000))]


def test_words_and_confidence_are_the_service_s() -> None:
    events = take(success("Hello, world.", 0, 3, Confidence=0.87, **spoken("hello world")))

    words = (Word("Hello,", 1000, 1900, 0.9), Word("world.", 2000, 2900, 0.8))
    assert events[1] == final("Hello, world.", 1000, 2900, 64_000, confidence=0.87, words=words)


def test_absent_confidence_is_none() -> None:
    best = {"Words": [{"Word": "yes", "Offset": 0, "Duration": SECOND}]}

    assert take(success("Yes.", 0, 1, **best))[1] == final(
        "Yes.", 1000, 2000, 32_000, words=(Word("Yes.", 1000, 2000),)
    )


@pytest.mark.parametrize(
    ("display", "lexical", "expected"),
    [
        (
            "I paid $25.",
            "i paid twenty five dollars",
            [("I", 0, 900), ("paid", 1000, 1900), ("$25.", 2000, 4900)],
        ),
        ("At 5:00 PM now", "at five p m now", [("At", 0, 900), ("5:00 PM", 1000, 3900), ("now", 4000, 4900)]),
        ("Well — yes", "well yes", [("Well —", 0, 900), ("yes", 1000, 1900)]),
        ("— Yes, so", "yes so", [("— Yes,", 0, 900), ("so", 1000, 1900)]),
        ("I think.", "i uh think", [("I", 0, 900), ("think.", 2000, 2900)]),
        ("25 — so it", "twenty five so it", [("25 —", 0, 1900), ("so", 2000, 2900), ("it", 3000, 3900)]),
        ("oh **** off", "oh darn off", [("oh", 0, 900), ("****", 1000, 1900), ("off", 2000, 2900)]),
        ("R & D", "r and d", [("R", 0, 900), ("&", 1000, 1900), ("D", 2000, 2900)]),
        ("So it is", "so is", [("So it is", 0, 1900)]),
        ("今日は", "今日 は", [("今日は", 0, 1900)]),
        ("Frau Öztürk", "frau öztürk", [("Frau", 0, 900), ("Öztürk", 1000, 1900)]),
    ],
)
def test_displayed_words_have_the_times_of_the_spoken_ones(
    display: str, lexical: str, expected: list[tuple[str, int, int]]
) -> None:
    words = read_words(display, spoken(lexical), 0)

    assert [(word.word, word.start_ms, word.end_ms) for word in words] == expected
    assert " ".join(word.word for word in words) == display


def test_a_word_of_several_is_as_sure_as_the_least_sure() -> None:
    (word,) = read_words("$25.", spoken("twenty five dollars"), 0)

    assert word.confidence == 0.9 - 2 / 10


def test_without_times_there_are_no_words() -> None:
    assert read_words("Yes.", {}, 0) == ()

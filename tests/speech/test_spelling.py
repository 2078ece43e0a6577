from __future__ import annotations

import pytest

from speech.spelling import phones, spoken


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Dashwood,", ["dashwood"]),
        ("ill-disposed", ["ill", "disposed"]),
        ("don’t", ["don't"]),
        ("12", ["twelve"]),
        ("25%", ["twenty", "five", "percent"]),
        ("1,500", ["one", "thousand", "five", "hundred"]),
        ("1999", ["nineteen", "ninety", "nine"]),
        ("1905", ["nineteen", "oh", "five"]),
        ("2026", ["two", "thousand", "twenty", "six"]),
        ("007", ["zero", "zero", "seven"]),
        ("3,000,000", ["three", "million"]),
        (
            "1234567890123",
            [
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "zero",
                "one",
                "two",
                "three",
            ],
        ),
        ("HTML5", ["html", "five"]),
        ("—", []),
        ("…", []),
    ],
)
def test_what_is_displayed_is_said_so(word: str, parts: list[str]) -> None:
    assert spoken(word) == parts


@pytest.mark.parametrize(
    ("word", "sound"),
    [
        ("dashwood", "D AE SH W UW D"),
        ("html", "EY CH T IY EH M EH L"),
        ("kubernetes", "K AH B ER N EH T EH S"),
        ("naïve", "N EY V"),
        ("postgres", "P OW S T G R EH S"),
        ("ббб", ""),
    ],
)
def test_an_unknown_word_sounds_by_its_letters(word: str, sound: str) -> None:
    assert phones(word) == sound


def test_every_word_of_letters_has_a_sound() -> None:
    for word in ("rhythm", "aaa", "e", "x", "queue", "strengths", "psst", "ooooo", "eee"):
        assert phones(word)

from __future__ import annotations

from pathlib import Path

import pytest

from speech.backends.moonshine.model import Token, read_pieces
from speech.backends.moonshine.weights import find
from speech.backends.moonshine.words import Spelt, is_invented, without_loop, words_of

PIECES = [b" I", b" like", b" it", b".", b" don", b"'", b"t", b" \xe2\x80\x94", b" caf", b"\xc3", b"\xa9"]


def spell(*ids: int, probability: float = 0.5) -> list[Spelt]:
    return words_of(
        [Token(id, probability) for id in ids],
        lambda id: PIECES[id].startswith(b" "),
        lambda ids: b"".join(PIECES[id] for id in ids).decode("utf-8", "replace").strip(),
    )


def test_words_begin_with_a_blank_and_are_as_sure_as_all_their_tokens_but_punctuation() -> None:
    assert spell(0, 4, 5, 6, 1, 2, 3) == [
        Spelt("I", 1, 0.5),
        Spelt("don't", 4, 0.25),
        Spelt("like", 5, 0.5),
        Spelt("it.", 7, 0.5),
    ]


def test_a_character_may_be_of_several_tokens() -> None:
    assert [word.text for word in spell(8, 9, 10)] == ["café"]


def test_a_dash_belongs_to_the_word_before_or_else_to_the_one_after() -> None:
    assert [word.text for word in spell(0, 7, 1)] == ["I —", "like"]
    assert [word.text for word in spell(7, 1)] == ["— like"]
    assert spell(7) == []


@pytest.mark.parametrize(
    ("text", "confidence", "invented"),
    [
        ("", 0.9, True),
        ("You", 0.95, True),
        ("Yes.", 0.4, False),
        ("I think so", 0.4, False),
        ("no no no no no no no no", 0.9, False),
        ("It's not a problem. " * 5, 0.4, True),
        ("I am going to be able to do it. I am going to be able to do it. I am going to be able", 0.4, True),
        ("we tried it and we tried it again until it worked", 0.4, False),
    ],
)
def test_what_is_invented(text: str, confidence: float, invented: bool) -> None:
    words = [Spelt(word, number, confidence) for number, word in enumerate(text.split(), start=1)]

    assert is_invented(words) is invented


def test_a_loop_that_grows_sure_of_itself_is_one_still() -> None:
    begun = "I'm sure you'll be able to find out if you're not going"
    going_on = "to be able to find out if you're not going to be able to find out"
    words = [Spelt(word, n, 0.3) for n, word in enumerate(begun.split(), start=1)]
    words += [Spelt(word, n, 0.99) for n, word in enumerate(going_on.split(), start=13)]

    assert is_invented([*words, *words[6:]])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "is the key to the communication is the key to the communication",
            "is the key to the communication",
        ),
        ("you know you know what i mean", "you know you know what i mean"),
        ("call five five five five one two three", "call five five five five one two three"),
        ("clear communication of the communication of the communication", "clear communication of the"),
        ("I think, I think so", "I think, I think so"),
        ("very very very good", "very very very good"),
        ("no", "no"),
    ],
)
def test_a_draft_ends_where_it_begins_to_repeat_itself_to_its_end(text: str, shown: str) -> None:
    words = [Spelt(word, number, 1.0) for number, word in enumerate(text.split(), start=1)]

    assert " ".join(word.text for word in without_loop(words)) == shown


def test_the_pieces_of_the_model_are_read() -> None:
    pieces = read_pieces(Path(find().model) / "tokenizer.bin")

    assert len(pieces) > 32_000
    assert b" the" in pieces
    assert bytes([0xC3]) in pieces

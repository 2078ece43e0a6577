"""Tokens as words, and which of them nobody said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from statistics import fmean

from speech.backends.moonshine.model import Token

# A phrase whose tokens are less sure than this on average is looked at more closely.
DOUBTFUL = 0.6
# A row of up to so many words that comes so many times in a row is a loop.
LOOP_WORDS = 6
LOOP_TIMES = 3


@dataclass(frozen=True, slots=True)
class Spelt:
    """A word as it is displayed, made of the tokens up to `end`.

    `confidence` is the product of theirs, without those of punctuation.
    """

    text: str
    end: int
    confidence: float


def words_of(
    tokens: Sequence[Token], begins_word: Callable[[int], bool], text: Callable[[Sequence[int]], str]
) -> list[Spelt]:
    """The words that `tokens` spell. What has no letter or digit goes with the one before, or after."""
    starts = [index for index, token in enumerate(tokens) if index == 0 or begins_word(token.id)]
    words: list[Spelt] = []
    carried: int | None = None
    for start, end in pairwise([*starts, len(tokens)]):
        shown = text([token.id for token in tokens[start if carried is None else carried : end]])
        if not _is_said(shown):
            if words:
                before = words.pop()
                words.append(Spelt(f"{before.text} {shown}".strip(), end, before.confidence))
            else:
                carried = start if carried is None else carried
            continue
        said = (token.probability for token in tokens[start:end] if _is_said(text([token.id])))
        words.append(Spelt(shown, end, prod(said)))
        carried = None
    return words


def _is_said(text: str) -> bool:
    """Rather than punctuation. A token may be a part of a character alone, which is a letter's mostly."""
    return any(character.isalnum() or character == "\N{REPLACEMENT CHARACTER}" for character in text)


def is_invented(tokens: Sequence[Token], words: Sequence[str]) -> bool:
    """Whether the model made something of nothing, as it does of noise and hum."""
    if not words:
        return True
    if fmean(token.probability for token in tokens) >= DOUBTFUL:
        return False
    return len(words) == 1 or repeats_itself(words)


def without_loop(words: Sequence[Spelt]) -> list[Spelt]:
    """Up to where a row of words comes for the second time in a row, as where audio breaks off in a word."""
    plain = [_plain(word.text) for word in words]
    for end in range(2 * 2, len(plain) + 1):
        for length in range(2, end // 2 + 1):
            if plain[end - length : end] == plain[end - 2 * length : end - length]:
                return list(words[: end - length])
    return list(words)


def repeats_itself(words: Sequence[str]) -> bool:
    plain = [_plain(word) for word in words]
    for length in range(1, LOOP_WORDS + 1):
        for start in range(len(plain) - length * LOOP_TIMES + 1):
            row = plain[start : start + length]
            if plain[start : start + length * LOOP_TIMES] == row * LOOP_TIMES:
                return True
    return False


def _plain(word: str) -> str:
    return word.casefold().strip(".,;:!?")

"""Tokens as words, and which of them nobody said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from statistics import fmean

from speech.backends.moonshine.model import Token

# What the model says to a door that falls shut, as sure as of anything, and nobody says as a whole phrase.
NOBODY_SAYS = frozenset({"you"})
# Of the words of a phrase, how many may come a second time behind the same two. In speech, in noise too, none
# do; of the loops that babble gives, three of four.
LOOP_SHARE = 0.5
# Words that are said three times on purpose are surer than that.
DOUBTFUL = 0.6


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


def is_invented(words: Sequence[Spelt]) -> bool:
    """Whether the model made something of nothing, as it does of noise."""
    if not words or (len(words) == 1 and _plain(words[0].text) in NOBODY_SAYS):
        return True
    first = _said_first(words)
    is_loop = len(first) <= (1 - LOOP_SHARE) * len(words)
    # A loop is sure of itself, once it has begun.
    return is_loop and fmean(word.confidence for word in first) < DOUBTFUL


def _said_first(words: Sequence[Spelt]) -> list[Spelt]:
    """The words that have not come before behind the same two."""
    plain = [_plain(word.text) for word in words]
    seen: set[tuple[str, ...]] = set()
    first = []
    for index, word in enumerate(words):
        row = tuple(plain[max(0, index - 2) : index + 1])
        if row not in seen or len(row) < 3:
            first.append(word)
        seen.add(row)
    return first


def without_loop(words: Sequence[Spelt]) -> list[Spelt]:
    """Up to where a row of words begins to repeat itself to the end, as where audio breaks off in a word.

    Whoever says "you know, you know" goes on with something else.
    """
    plain = [_plain(word.text) for word in words]
    for end in range(2 * 2, len(plain) + 1):
        for length in range(2, end // 2 + 1):
            if plain[end - length :] == plain[end - 2 * length : -length]:
                return list(words[: end - length])
    return list(words)


def _plain(word: str) -> str:
    return word.casefold().strip(".,;:!?")

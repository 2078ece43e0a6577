"""Words as they are displayed, with the times of words as they were spoken."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from speech.events import Word

TICKS_PER_MS = 10_000
DASHES = frozenset("-–—―…")


def read_words(text: str, best: dict[str, Any], base_ticks: int) -> tuple[Word, ...]:
    """The words as they are displayed, with the times of the words as they were spoken.

    The service times spoken words alone: `twenty five dollars` where it displays `$25.` What differs in
    number is one word here, from the first's start to the last's end, and as sure as the least sure of
    them. So words in a row, with blanks between, are always the text.
    """
    spoken = [_word(entry, base_ticks) for entry in best.get("Words") or []]
    if not spoken:
        return ()
    shown = _tokens(text)
    matcher = SequenceMatcher(
        None, [_plain(t) for t in shown], [_plain(w.word) for w in spoken], autojunk=False
    )
    words: list[Word] = []
    for _, shown_from, shown_to, spoken_from, spoken_to in matcher.get_opcodes():
        words += _pair(shown[shown_from:shown_to], spoken[spoken_from:spoken_to])
    if " ".join(word.word for word in words) != text:
        # Something is displayed that nobody spoke.
        return (_merge([text], spoken),)
    return tuple(words)


def _tokens(text: str) -> list[str]:
    """A dash belongs to the word before, or else to the one after."""
    tokens: list[str] = []
    for part in text.split():
        if tokens and (DASHES.issuperset(part) or DASHES.issuperset(tokens[-1])):
            tokens[-1] += f" {part}"
        else:
            tokens.append(part)
    return tokens


def _pair(tokens: list[str], words: list[Word]) -> list[Word]:
    if len(tokens) == len(words):
        return [_merge([token], [word]) for token, word in zip(tokens, words, strict=True)]
    # What is spoken and not displayed (um) is left out.
    return [_merge(tokens, words)] if tokens and words else []


def _merge(tokens: list[str], words: list[Word]) -> Word:
    confidences = [word.confidence for word in words if word.confidence is not None]
    return Word(" ".join(tokens), words[0].start_ms, words[-1].end_ms, min(confidences, default=None))


def _plain(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())


def _word(entry: dict[str, Any], base_ticks: int) -> Word:
    start = base_ticks + entry["Offset"]
    end = start + entry["Duration"]
    return Word(entry["Word"], start // TICKS_PER_MS, end // TICKS_PER_MS, entry.get("Confidence"))

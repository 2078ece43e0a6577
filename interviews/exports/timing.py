"""When each word of a passage is said, also of one whose text was corrected."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from interviews.exports.record import Passage

LINE_WIDTH = 42


@dataclass(frozen=True, slots=True)
class TimedWord:
    text: str
    start_ms: int
    end_ms: int
    # It goes on with the word before, without a blank.
    is_glued: bool = False


def timed_words(passage: Passage) -> list[TimedWord]:
    """The words that are shown: those that were recognised at their times, others in the time between."""
    shown = _clean(passage.text).split()
    said = [timed for word in passage.words for timed in _said(word)]
    matcher = SequenceMatcher(
        None, [_plain(w) for w in shown], [_plain(w.text) for w in said], autojunk=False
    )
    timed: list[TimedWord] = []
    for tag, shown_from, shown_to, from_, to in matcher.get_opcodes():
        words = shown[shown_from:shown_to]
        if tag == "equal":
            pairs = zip(words, said[from_:to], strict=True)
            timed += [TimedWord(word, one.start_ms, one.end_ms) for word, one in pairs]
        else:
            start = said[from_ - 1].end_ms if from_ else passage.start_ms
            end = said[to].start_ms if to < len(said) else passage.end_ms
            timed += _spread(words, start, end)
    return [piece for word in timed for piece in _pieces(word)]


def _said(word: dict[str, object]) -> list[TimedWord]:
    """A recogniser's word may be several where it displays something that nobody spoke."""
    return _spread(str(word["word"]).split(), int(str(word["start_ms"])), int(str(word["end_ms"])))


def _spread(words: Iterable[str], start_ms: int, end_ms: int) -> list[TimedWord]:
    """In a row, each as long as its letters."""
    words = list(words)
    letters, total, span = 0, sum(map(len, words)), max(0, end_ms - start_ms)
    timed = []
    for word in words:
        start = start_ms + span * letters // total
        letters += len(word)
        timed.append(TimedWord(word, start, start_ms + span * letters // total))
    return timed


def _pieces(word: TimedWord) -> list[TimedWord]:
    """One that is wider than a line, as all are in languages without blanks, in several."""
    if width(word.text) <= LINE_WIDTH:
        return [word]
    pieces = _spread(_cut(word.text), word.start_ms, word.end_ms)
    return [
        TimedWord(piece.text, piece.start_ms, piece.end_ms, is_glued=number > 0)
        for number, piece in enumerate(pieces)
    ]


def _cut(text: str) -> Iterator[str]:
    piece = ""
    for letter in text:
        if width(piece + letter) > LINE_WIDTH:
            yield piece
            piece = ""
        piece += letter
    yield piece


def width(text: str) -> int:
    """In columns: letters of East Asia take two, marks on or between letters none."""
    return sum(map(_columns, text))


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _clean(text: str) -> str:
    """Without control characters, which no subtitle may hold. Whatever breaks lines becomes a blank."""
    return "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) != "Cc")


def _plain(word: str) -> str:
    """For comparing: `Twenty,` and `twenty` are the same."""
    return "".join(c for c in word.casefold() if c.isalnum()) or word

"""How many syllables a word has: as its recogniser's dictionary says, else by its spelling."""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

# https://en.wikipedia.org/wiki/ARPABET: the phones that make a syllable.
VOWEL_PHONES = frozenset(b"AA AE AH AO AW AX AXR AY EH ER EY IH IX IY OW OY UH UW UX".split())

_VOWELS = "aeiouyæœøıаеиоуыэюяіїєαεηιουω"
_VOWEL_GROUP = re.compile(f"[{_VOWELS}]+")
_SYLLABIC = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SILENT_E = re.compile(f"(?<=[{_VOWELS}])([^{_VOWELS}\\W]+)e$")


class Dictionary:
    """A pronouncing dictionary in ARPAbet, a word a line, as the CMU's."""

    def __init__(self, path: str) -> None:
        self._lines = b"\n" + Path(path).read_bytes()
        # Looked for in the text itself: as Python objects it would take ten times the memory.
        self.syllables = functools.lru_cache(maxsize=4096)(self._look_up)

    def _look_up(self, word: str) -> int | None:
        key = b"\n" + word.casefold().encode() + b" "
        found = self._lines.find(key)
        if found < 0:
            return None
        phones = self._lines[found + len(key) : self._lines.find(b"\n", found + 1)].split()
        return sum(phone.rstrip(b"012") in VOWEL_PHONES for phone in phones)


@functools.lru_cache(maxsize=1)
def load_dictionary(path: str) -> Dictionary:
    return Dictionary(path)


def count_by_spelling(text: str, language: str) -> int:
    """An estimate: groups of vowel letters, Latin, Greek or Cyrillic; at least one a word.

    In English and French an e at the end after a consonant is silent. A Han, Hangul or kana character
    and a digit are a syllable each. Other scripts give one syllable a word.
    """
    return sum(_count(word, language) for word in re.findall(r"\w+", text)) or 1


@functools.lru_cache(maxsize=1024)
def _count(word: str, language: str) -> int:
    characters = _SYLLABIC.findall(word)
    plain = "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))
    if language[:2] in {"en", "fr"}:
        plain = _SILENT_E.sub(r"\1", plain)
    digits = sum(character.isdigit() for character in plain)
    return max(len(characters) + digits + len(_VOWEL_GROUP.findall(plain)), 1)

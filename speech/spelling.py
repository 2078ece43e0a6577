"""Displayed words as they are said: numbers in words, and how an unknown word may sound.

Good enough to find a word in the sound that holds it; nobody is shown it.
"""

from __future__ import annotations

import re
import unicodedata

# fmt: off
_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = [(10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")]
_SIGNS = {
    "%": "percent", "&": "and", "+": "plus", "@": "at", "$": "dollars", "€": "euros", "£": "pounds",
    "=": "equals",
}
# fmt: on
_PART = re.compile(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)*|[%&+@$€£=]")


def spoken(word: str) -> list[str]:
    """`$25,` → dollars twenty five; `ill-disposed` → ill disposed. Empty where nothing of it is said."""
    parts: list[str] = []
    # A comma between digits only groups them.
    for part in _PART.findall(re.sub(r"(?<=\d),(?=\d{3})", "", word)):
        if part in _SIGNS:
            parts.append(_SIGNS[part])
        elif part.isdecimal():
            parts += number(part)
        else:
            parts.append(part.replace("’", "'").casefold())
    return parts


def number(digits: str) -> list[str]:
    """In words: years as years, what is too long digit by digit."""
    value = int(digits)
    if len(digits) > 12 or (digits[0] == "0" and len(digits) > 1):
        return [_SMALL[int(digit)] for digit in digits]
    if 1100 <= value < 2000 and value % 100:
        return cardinal(value // 100) + (["oh"] if value % 100 < 10 else []) + cardinal(value % 100)
    return cardinal(value)


def cardinal(value: int) -> list[str]:
    if value < 20:
        return [_SMALL[value]]
    if value < 100:
        return [_TENS[value // 10], *([_SMALL[value % 10]] if value % 10 else [])]
    scale, name = next((scale, name) for scale, name in _SCALES if value >= scale)
    return [*cardinal(value // scale), name, *(cardinal(value % scale) if value % scale else [])]


# English letters to ARPAbet, the longest first; as in the dictionary, without stress.
_RULES = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "augh": "AO", "eigh": "EY", "tch": "CH", "dge": "JH",
    "igh": "AY", "sch": "SH", "eau": "OW", "ou": "AW", "ow": "OW", "oo": "UW", "oi": "OY", "oy": "OY",
    "ee": "IY", "ea": "IY", "ei": "EY", "ey": "IY", "ie": "IY", "ai": "EY", "ay": "EY", "au": "AO",
    "aw": "AO", "ue": "UW", "ui": "UW", "ar": "AA R", "er": "ER", "ir": "ER", "ur": "ER", "or": "AO R",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W",
    "kn": "N", "wr": "R", "gh": "G", "ce": "S", "ci": "S IH", "cy": "S IY",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH",
    "k": "K", "l": "L", "m": "M", "n": "N", "o": "OW", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T",
    "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
_LONGEST = max(map(len, _RULES))
_NAMES_OF_LETTERS = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH",
    "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY",
    "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY",
    "w": "D AH B AH L Y UW", "x": "EH K S", "y": "W AY", "z": "Z IY",
}  # fmt: skip


def phones(word: str) -> str:
    """In ARPAbet, by rules; a word without vowels is said letter by letter. Empty without any letter."""
    letters = "".join(letter for letter in _without_accents(word) if letter in _NAMES_OF_LETTERS)
    if not set(letters) & set("aeiouy"):
        return " ".join(_NAMES_OF_LETTERS[letter] for letter in letters)
    if len(letters) > 3 and letters.endswith("e") and letters[-2] not in "aeiouy":
        letters = letters[:-1]
    said: list[str] = []
    at = 0
    while at < len(letters):
        length = next(n for n in range(_LONGEST, 0, -1) if letters[at : at + n] in _RULES)
        if not (
            said and at and letters[at] == letters[at - 1] and length == 1 and letters[at] not in "aeiou"
        ):
            said.append(_RULES[letters[at : at + length]])
        at += length
    return " ".join(said)


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))

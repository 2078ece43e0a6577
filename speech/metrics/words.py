"""What the recogniser's words add up to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from speech.events import Word
from speech.metrics.syllables import count_by_spelling, load_dictionary
from speech.spelling import spoken

PAUSE_MS: Final = 250
MIN_STRETCH_SYLLABLES: Final = 4
WINDOW_MS: Final = 10_000

# H. H. Clark and J. E. Fox Tree, "Using uh and um in spontaneous speaking", Cognition 84 (2002), 73–111,
# and for the other languages the forms that their dictionaries have for the same.
FILLERS: Final[dict[str, frozenset[str]]] = {
    "en": frozenset({"uh", "um", "er", "erm", "uhm", "hm", "hmm", "mm", "eh", "ah"}),
    "de": frozenset({"äh", "ähm", "öh", "öhm", "hm", "hmm", "eh", "ehm"}),
    "fr": frozenset({"euh", "heu", "hum", "hm", "hmm", "ben"}),
    "es": frozenset({"eh", "em", "ehm", "mmm", "hm"}),
    "it": frozenset({"eh", "ehm", "uhm", "mmm"}),
    "nl": frozenset({"eh", "ehm", "uh", "uhm", "hm"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSource:
    """What is known of the recogniser whose words are measured; it is pickled."""

    language: str = "en-US"
    reports_confidence: bool = False
    reports_fillers: bool = False
    pronunciations: str | None = None
    """The path of an English dictionary, in ARPAbet, that most of its words are in; None without one."""

    @property
    def fillers(self) -> frozenset[str]:
        """Empty where they can't be counted."""
        known = FILLERS.get(self.language.partition("-")[0], frozenset())
        return known if self.reports_fillers else frozenset()


class WordSums:
    """Takes words in the order of their times; holds sums alone."""

    def __init__(self, source: WordSource) -> None:
        self._source = source
        self._dictionary = load_dictionary(source.pronunciations) if source.pronunciations else None
        self.count = 0
        self.start_ms = 0
        self.end_ms = 0
        self.syllables = 0
        self.is_estimated = False
        self.fillers = 0
        self.confidence = WeightedMean()
        self.rates = RateSpread()

    def add(self, word: Word) -> None:
        if not self.count:
            self.start_ms = word.start_ms
        self.count += 1
        self.end_ms = max(self.end_ms, word.end_ms)
        syllables = self._syllables(word.word)
        self.syllables += syllables
        self.rates.add(word, syllables)
        self.confidence.add(word)
        self.fillers += word.word.strip(".,;:!?…").casefold() in self._source.fillers

    def _syllables(self, word: str) -> int:
        # A dictionary has no signs and no figures: `$25,` is said as dollars twenty five.
        parts = spoken(word) if self._dictionary else []
        return sum(self._syllables_of(part) for part in parts or [word])

    def _syllables_of(self, part: str) -> int:
        known = self._dictionary.syllables(part) if self._dictionary else None
        if known is None:
            self.is_estimated = True
            return count_by_spelling(part, self._source.language)
        return known


class RecentWords:
    """The words of the last `WINDOW_MS` before the end of the last one."""

    def __init__(self) -> None:
        self._words: deque[Word] = deque()

    def add(self, word: Word) -> None:
        self._words.append(word)
        # A single one may be longer than that.
        while len(self._words) > 1 and self._words[0].start_ms < word.end_ms - WINDOW_MS:
            self._words.popleft()

    def sums(self, source: WordSource) -> WordSums:
        sums = WordSums(source)
        for word in self._words:
            sums.add(word)
        return sums


class WeightedMean:
    """Of the words' confidences, with their durations, over those for which there is one."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._total_ms = 0

    def add(self, word: Word) -> None:
        if word.confidence is not None:
            duration_ms = word.end_ms - word.start_ms
            self._sum += word.confidence * duration_ms
            self._total_ms += duration_ms

    @property
    def result(self) -> float | None:
        """0 to 1; None where no word has a confidence."""
        return self._sum / self._total_ms if self._total_ms else None


class RateSpread:
    """The standard deviation of the articulation rate from stretch to stretch.

    A stretch is a row of words without a gap of `PAUSE_MS` between them; it counts if it has
    `MIN_STRETCH_SYLLABLES`, since in shorter ones a single word decides.
    """

    def __init__(self) -> None:
        self._closed = 0
        self._sum = 0.0
        self._sum_of_squares = 0.0
        self._start_ms = 0
        self._end_ms = 0
        self._syllables = 0

    def add(self, word: Word, syllables: int) -> None:
        if self._syllables and word.start_ms - self._end_ms >= PAUSE_MS:
            self._closed, self._sum, self._sum_of_squares = self._with_open()
            self._syllables = 0
        if not self._syllables:
            self._start_ms = word.start_ms
        self._syllables += syllables
        self._end_ms = word.end_ms

    def _with_open(self) -> tuple[int, float, float]:
        duration_ms = self._end_ms - self._start_ms
        if self._syllables < MIN_STRETCH_SYLLABLES or duration_ms <= 0:
            return self._closed, self._sum, self._sum_of_squares
        rate = self._syllables * 1000 / duration_ms
        return self._closed + 1, self._sum + rate, self._sum_of_squares + rate**2

    def result(self) -> tuple[int, float]:
        """Of how many stretches, and the standard deviation."""
        count, total, squares = self._with_open()
        if count < 2:
            return count, 0.0
        return count, max((squares - total**2 / count) / (count - 1), 0.0) ** 0.5


def mean_confidence(words: Iterable[Word]) -> float | None:
    """Weighted with the words' durations; over those for which the recogniser reports one."""
    mean = WeightedMean()
    for word in words:
        mean.add(word)
    return mean.result

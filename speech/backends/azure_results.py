"""What the service says about audio, as our events. Knows nothing of the SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from speech.events import (
    SAMPLE_RATE,
    Event,
    Final,
    Interim,
    Progress,
    Resume,
    SpeechEnded,
    SpeechStarted,
    Word,
)

TICKS_PER_MS = 10_000
TICKS_PER_SAMPLE = 10_000_000 // SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Result:
    """A hypothesis, or a phrase that is final. Ticks of 100 ns count from the recognition's first sample.

    `body` is the service's JSON: the SDK cuts its own text off after 2047 bytes.
    """

    is_final: bool
    offset_ticks: int
    duration_ticks: int
    body: str


class Utterances:
    """Results in, events out, on the clock of the whole audio."""

    def __init__(self, resume: Resume, recogniser: str) -> None:
        self._base_ticks = resume.offset_samples * TICKS_PER_SAMPLE
        self._recogniser = recogniser
        self._said: str | None = None
        self.resume = resume
        """Up to here all is said."""

    @property
    def is_open(self) -> bool:
        return self._said is not None

    def take(self, result: Result) -> Iterator[Event]:
        body = json.loads(result.body)
        start = self._base_ticks + result.offset_ticks
        end = start + result.duration_ticks
        if result.is_final:
            yield from self._close(body, start, end)
        else:
            yield from self._go_on(body["Text"], start, end)

    def _go_on(self, text: str, start: int, end: int) -> Iterator[Event]:
        if not text or text == self._said:
            return
        if not self.is_open:
            yield SpeechStarted(start // TICKS_PER_MS)
        self._said = text
        yield Interim(text, start // TICKS_PER_MS, end // TICKS_PER_MS)

    def _close(self, body: dict[str, Any], start: int, end: int) -> Iterator[Event]:
        before, self.resume = self.resume, Resume(max(end // TICKS_PER_SAMPLE, self.resume.offset_samples))
        final = self._final(body, start, end)
        if final is not None:
            if not self.is_open:
                yield SpeechStarted(final.start_ms)
            yield final
            yield SpeechEnded(final.end_ms)
        else:
            # Noise that was taken for speech, or silence.
            if self.is_open:
                yield SpeechEnded(end // TICKS_PER_MS)
            if self.resume != before:
                yield Progress(self.resume)
        self._said = None

    def _final(self, body: dict[str, Any], start: int, end: int) -> Final | None:
        best = (body.get("NBest") or [{}])[0]
        text = " ".join((best.get("Display") or body.get("DisplayText") or "").split())
        if body["RecognitionStatus"] != "Success" or not text:
            return None
        words = read_words(text, best, self._base_ticks)
        return Final(
            text=text,
            start_ms=words[0].start_ms if words else start // TICKS_PER_MS,
            end_ms=words[-1].end_ms if words else end // TICKS_PER_MS,
            confidence=best.get("Confidence"),
            words=words,
            resume=self.resume,
            recogniser=self._recogniser,
        )


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
        # Something is displayed that was not spoken.
        return (_merge([text], spoken),)
    return tuple(words)


def _tokens(text: str) -> list[str]:
    """A dash that nobody spoke belongs to the word before, or else to the one after."""
    tokens: list[str] = []
    for part in text.split():
        if tokens and not (_plain(part) and _plain(tokens[-1])):
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

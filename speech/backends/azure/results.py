"""What the service says about audio, as our events. Knows nothing of the SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from speech.backends.azure.signals import Result
from speech.backends.azure.words import TICKS_PER_MS, read_words
from speech.events import SAMPLE_RATE, Event, Final, Interim, Progress, Resume, SpeechEnded, SpeechStarted

TICKS_PER_SAMPLE = 10_000_000 // SAMPLE_RATE


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

"""What a recognition says, in the order in which it says it.

    SpeechStarted → Interim* → Final → SpeechEnded   (for each utterance)
    …
    Ended                                            (once, last)

All times are integer milliseconds from the first sample of the audio, counted in samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SAMPLE_RATE = 16_000
"""Samples a second of all PCM inside the library: 16 bit signed little-endian, mono."""

BYTES_PER_SECOND = SAMPLE_RATE * 2


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word; `confidence` is the recogniser's own (0–1), None where it reports none."""

    word: str
    start_ms: int
    end_ms: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a recognition that starts after a final begins, and the backend state it needs.

    `offset_samples` counts from the start of the audio. `state` is JSON, opaque to all but the
    backend that wrote it.
    """

    offset_samples: int = 0
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    start_ms: int


@dataclass(frozen=True, slots=True)
class Interim:
    """The open utterance as understood so far; each one replaces the one before.

    `tail` is the end of `text` that may still change; None where the recogniser does not say.
    """

    text: str
    start_ms: int
    end_ms: int
    tail: str | None = None


@dataclass(frozen=True, slots=True)
class Final:
    """An utterance that will not change any more. Never empty."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None
    words: tuple[Word, ...]
    resume: Resume
    recogniser: str


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    end_ms: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Nothing was said up to here. From a backend alone: a stream moves its own `resume` with it."""

    resume: Resume


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """From a stream alone: the recogniser was lost, and audio waits for the next one."""

    behind_ms: int


@dataclass(frozen=True, slots=True)
class Live:
    """From a stream alone: what had waited has been given to `recogniser`."""

    recogniser: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The audio is over and everything in it has been said; `duration_ms` is its length."""

    duration_ms: int


Event = SpeechStarted | Interim | Final | SpeechEnded | Progress | CatchingUp | Live | Ended


def ms_from_samples(samples: int) -> int:
    """Rounded down."""
    return samples * 1000 // SAMPLE_RATE

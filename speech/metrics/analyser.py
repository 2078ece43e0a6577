"""PCM and words in, measures out, at any moment.

Memory and the cost of a second don't grow with the length: a path with a fixed lag, histograms, sums, a
bounded trace. What comes out depends on the audio and the words alone, neither on the pieces in
which they came nor on which of the two came first. So nothing of it needs to be stored: an answer that
goes on in another process is fed to it again from its start, which takes a two-hundredth of its length.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from speech.events import SAMPLE_RATE, Word
from speech.metrics.activity import NOTHING, Activity, Heard
from speech.metrics.assessment import Evidence, assess
from speech.metrics.frames import FRAMES_PER_SECOND, Framer, Frames, joined
from speech.metrics.pitch import PitchPath
from speech.metrics.reading import Measures
from speech.metrics.tally import Tally
from speech.metrics.trace import Points
from speech.metrics.words import RecentWords, WordSource, WordSums

WINDOW_SECONDS: Final = 10
BLOCKS_TOGETHER: Final = 2
"""So many blocks take the next steps at once, whose cost is by the step rather than by the frame."""

_WINDOW_FRAMES: Final = WINDOW_SECONDS * FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class LiveMeasures:
    """Words come after their audio, so `window` is about the last 10 s of audio and of words, each."""

    window: Measures
    answer: Measures


class VoiceAnalyser:
    """`source` says what to expect of the words; without one there are none."""

    def __init__(self, source: WordSource | None = None) -> None:
        self._source = source
        self._sound = Sound()
        self._words = WordSums(source) if source else None
        self._recent_words = RecentWords()

    def add_pcm(self, pcm: bytes) -> None:
        """16 kHz mono 16-bit little-endian, cut anywhere."""
        self._sound.add(pcm)

    def add_words(self, words: Iterable[Word]) -> None:
        """Final ones, in the order of their times."""
        assert self._words is not None
        for word in words:
            self._words.add(word)
            self._recent_words.add(word)

    def live(self) -> LiveMeasures:
        """As if the audio ended here; it may go on."""
        sound = self._sound.ended()
        return LiveMeasures(self._window(sound), self._answer(sound))

    def final(self) -> Measures:
        """Of all that was added. More may be added all the same."""
        return self._answer(self._sound.ended())

    def _answer(self, sound: Sound) -> Measures:
        tally, words = sound.tally, self._words
        speech, pauses = tally.until(words.end_ms / 1000) if words else (0.0, 0)
        return assess(
            Evidence(
                samples=sound.framer.samples,
                tally=tally,
                trace=sound.points.trace(tally.stretches),
                source=self._source,
                words=words,
                speech_seconds=speech,
                runs=pauses + 1,
                is_whole=True,
            )
        )

    def _window(self, sound: Sound) -> Measures:
        heard = sound.recent
        tally, points = Tally(), Points()
        tally.add(heard)
        tally.finish()
        points.add(heard)
        words = self._recent_words.sums(self._source) if self._source else None
        before, after = (
            (sound.tally.until(ms / 1000) for ms in (words.start_ms, words.end_ms))
            if words
            else ((0.0, 0), (0.0, 0))
        )
        return assess(
            Evidence(
                samples=min(sound.framer.samples, WINDOW_SECONDS * SAMPLE_RATE),
                tally=tally,
                trace=points.trace(tally.stretches, sound.tally.position - len(heard)),
                source=self._source,
                words=words,
                speech_seconds=after[0] - before[0],
                runs=after[1] - before[1] + 1,
                is_whole=sound.framer.samples <= WINDOW_SECONDS * SAMPLE_RATE,
            )
        )


class Sound:
    """Everything that is taken from the audio."""

    def __init__(self) -> None:
        self.framer = Framer()
        self.path = PitchPath()
        self.activity = Activity()
        self.tally = Tally()
        self.points = Points()
        self.recent: Heard = NOTHING
        self._waiting: list[Frames] = []

    def add(self, pcm: bytes) -> None:
        for frames in self.framer.add(pcm):
            self._waiting.append(frames)
            if len(self._waiting) == BLOCKS_TOGETHER:
                self._add_waiting()

    def _add_waiting(self, *, are_last: bool = False) -> None:
        frames, self._waiting = joined(self._waiting), []
        self._hear(self.activity.add(self.path.add(frames, are_last=are_last), is_last=are_last))

    def _hear(self, heard: Heard) -> None:
        self.tally.add(heard)
        self.points.add(heard)
        recent = self.recent.then(heard)
        self.recent = recent.part(slice(max(len(recent) - _WINDOW_FRAMES, 0), None))

    def ended(self) -> Sound:
        """A copy that has heard everything to the last sample."""
        copied = copy.deepcopy(self)
        rest = copied.framer.rest()
        if rest is not None:
            copied._waiting.append(rest)
            copied._add_waiting(are_last=True)
        copied.tally.finish()
        return copied

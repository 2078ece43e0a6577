"""Cuts audio into phrases: what recognisers that know only whole utterances are given.

A voice activity detector decides, frame by frame. Nothing of one phrase reaches the next: at each end the
detector and the frames that it remembers start anew. That is why the audio, cut at any end of a phrase,
gives the same phrases from there on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pocketsphinx import Vad

from speech.events import SAMPLE_RATE, ms_from_samples

FRAME_MS = 30
# So that whoever takes over after a long silence need not hear all of it.
QUIET_SAMPLES = 10 * SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class Endpointing:
    """When a phrase begins and ends, in frames that hold speech or don't: 30 ms, or 32 by Silero's."""

    speech_frames: int = 5
    window_frames: int = 8
    preroll_ms: int = 300
    end_silence_ms: int = 600
    max_phrase_ms: int = 15_000

    def __post_init__(self) -> None:
        if not 0 < self.speech_frames <= self.window_frames:
            raise ValueError("speech_frames is between 1 and window_frames")
        if self.preroll_ms < 0 or self.end_silence_ms < FRAME_MS:
            raise ValueError(f"preroll_ms is 0 or more, and end_silence_ms {FRAME_MS} or more")
        if self.max_phrase_ms < self.preroll_ms + FRAME_MS * self.window_frames + 1000:
            raise ValueError("max_phrase_ms leaves no room for a phrase")


# What a gate says: a phrase has begun, here is more of it, it is over. Positions are samples of the audio.


@dataclass(frozen=True, slots=True)
class Began:
    """`pcm` holds what came before the detector was sure, too."""

    start: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Went:
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Over:
    """`speech_end` is where speech was heard last, `end` where the next phrase may begin."""

    speech_end: int
    end: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nobody has spoken for a while: what comes from `end` on needs nothing of what was before."""

    end: int


Step = Began | Went | Over | Quiet


class Detector(Protocol):
    """Tells frames with speech from others, block by block, from the first one on."""

    frame_samples: int
    # Blocks are always whole: what it makes of a frame may depend on the size.
    block_frames: int

    def speech(self, block: bytes) -> Sequence[bool]:
        """For each frame of the block."""


class PhraseGate:
    """PCM in, cut anywhere; steps out. `position` is the first sample's number.

    `detector` makes a new one, for each phrase and for each silence.
    """

    def __init__(self, detector: Callable[[], Detector], endpointing: Endpointing, position: int) -> None:
        self.position = position
        self._new_detector = detector
        self._endpointing = endpointing
        self._rest = b""
        self._wait()

    def hear(self, pcm: bytes) -> Iterator[Step]:
        self._rest += pcm
        while len(self._rest) >= self._block_bytes:
            block, self._rest = self._rest[: self._block_bytes], self._rest[self._block_bytes :]
            yield from self._take(block, len(block))

    def finish(self) -> Iterator[Step]:
        """The audio is over; what is left of it, less than a frame, belongs to a phrase that is open."""
        while len(self._rest) >= self._frame_bytes:
            whole = len(self._rest) - len(self._rest) % self._frame_bytes
            block, self._rest = self._rest[:whole], self._rest[whole:]
            yield from self._take(block.ljust(self._block_bytes, b"\0"), whole)
        self.position += len(self._rest) // 2
        if self._open:
            if self._rest:
                yield Went(self._rest)
            yield self._end()
        self._rest = b""

    def _take(self, block: bytes, size: int) -> Iterator[Step]:
        """The first `size` bytes of it. After an end the rest is taken anew, as by whoever begins there."""
        detector = self._detector
        for number, is_speech in enumerate(detector.speech(block)[: size // self._frame_bytes], start=1):
            end = number * self._frame_bytes
            frame = block[end - self._frame_bytes : end]
            self.position += detector.frame_samples
            yield from self._continue(frame, is_speech) if self._open else self._begin(frame, is_speech)
            if self._detector is not detector:
                self._rest = block[end:size] + self._rest
                return

    def _wait(self) -> None:
        self._detector = self._new_detector()
        self._frame_bytes = 2 * self._detector.frame_samples
        self._block_bytes = self._frame_bytes * self._detector.block_frames
        preroll_frames = self._endpointing.preroll_ms * SAMPLE_RATE // 1000 // self._detector.frame_samples
        self._window: deque[bool] = deque(maxlen=self._endpointing.window_frames)
        self._before: deque[bytes] = deque(maxlen=self._endpointing.window_frames + preroll_frames)
        self._open = False
        self._waiting_since = self.position

    def _begin(self, frame: bytes, is_speech: bool) -> Iterator[Step]:
        self._window.append(is_speech)
        self._before.append(frame)
        if sum(self._window) >= self._endpointing.speech_frames:
            self._open = True
            self._start = self.position - sum(map(len, self._before)) // 2
            self._speech_end = self.position
            yield Began(self._start, b"".join(self._before))
        elif not any(self._window) and self.position - self._waiting_since >= QUIET_SAMPLES:
            yield Quiet(self.position)
            self._wait()

    def _continue(self, frame: bytes, is_speech: bool) -> Iterator[Step]:
        if is_speech:
            self._speech_end = self.position
        yield Went(frame)
        silence_ms = ms_from_samples(self.position - self._speech_end)
        length_ms = ms_from_samples(self.position - self._start)
        if silence_ms >= self._endpointing.end_silence_ms or length_ms >= self._endpointing.max_phrase_ms:
            yield self._end()

    def _end(self) -> Over:
        over = Over(self._speech_end, self.position)
        self._wait()
        return over


class WebRtcDetector:
    """WebRTC's, which comes with PocketSphinx: by the energies of six bands, each compared with a model."""

    frame_samples = SAMPLE_RATE * FRAME_MS // 1000
    block_frames = 1

    def __init__(self, mode: int) -> None:
        self._vad = Vad(mode=mode, sample_rate=SAMPLE_RATE, frame_length=FRAME_MS / 1000)

    def speech(self, block: bytes) -> Sequence[bool]:
        return [self._vad.is_speech(block)]

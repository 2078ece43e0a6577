"""WebM, Ogg, fragmented MP4 and FLAC → PCM by libav, on a `read` that blocks until bytes come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NoReturn

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from speech.audio.mp4 import Mp4Gate
from speech.audio.samples import Resampler
from speech.exceptions import AudioDecodingFailed, AudioFormatUnsupported

Read = Callable[[int], bytes]

# Recorders round the times of their frames, and a pause costs one of them half a frame.
MISSING_SECONDS: Final = 0.2

_DEMUXERS: Final = {"webm": "matroska", "ogg": "ogg", "mp4": "mov", "flac": "flac"}
# What browsers and phones record. Fewer decoders, fewer places for a hostile file to go.
_CODECS: Final = ("opus", "vorbis", "aac", "alac", "flac", "mp3float", "pcm_s16le", "pcm_s16be", "pcm_f32le")


class ContainerReader:
    """One container. `pcm` ends when `read` gives b"" or the container says that it is over.

    What libav can resynchronise goes on, and is counted in `warnings`. A hole leaves no other trace than less
    audio than the container's own clock says, so the two are compared.
    """

    def __init__(self, encoding: str, read: Read, warnings: list[str]) -> None:
        self._encoding = encoding
        self._warnings = warnings
        self._input = _Input(read, Mp4Gate() if encoding == "mp4" else None)
        self._resampler = Resampler()
        self._clock = _Clock()
        self._damaged = 0
        self._has_audio = False

    def pcm(self) -> Iterator[bytes]:
        """Raises AudioDecodingFailed or AudioFormatUnsupported."""
        with self._open() as container:
            for packet in self._packets(container):
                for frame in self._frames(packet):
                    self._has_audio = True
                    self._clock.add(frame)
                    yield self._resampler.convert(frame)
            self._input.check()
            yield self._resampler.flush()
        if self._damaged:
            self._warnings.append(f"{self._damaged} damaged places were left out")
        elif self._clock.missing_seconds > MISSING_SECONDS:
            missing = f"{self._clock.missing_seconds:.1f} s are missing"
            self._warnings.append(f"by the container's own clock {missing}")

    def _open(self) -> InputContainer:
        try:
            container: InputContainer = av.open(
                self._input,
                "r",
                format=_DEMUXERS[self._encoding],
                options={"codec_whitelist": ",".join(_CODECS)},
                io_open=_refuse_to_open,
            )
            return container
        except FFmpegError as error:
            self._input.check()
            raise AudioDecodingFailed(f"This can't be read as {self._encoding} audio.") from error

    def _packets(self, container: InputContainer) -> Iterator[av.Packet[AudioStream]]:
        stream = _audio_stream(container)
        is_stuck = False
        while not is_stuck:
            is_stuck = True
            try:
                for packet in container.demux(stream):
                    is_stuck = False
                    yield packet
                return
            except FFmpegError:
                self._input.check()
                self._damaged += 1
        # A recording that breaks off is short, not broken.
        if not (self._input.is_over and self._has_audio):
            raise AudioDecodingFailed(f"The {self._encoding} audio is broken.")

    def _frames(self, packet: av.Packet[AudioStream]) -> list[av.AudioFrame]:
        try:
            frames: list[av.AudioFrame] = packet.decode()
            return frames
        except MemoryError:
            raise
        except FFmpegError:
            # Damaged data makes decoders return whatever number they like, not just InvalidDataError.
            self._damaged += 1
            return []


class _Clock:
    """What the container says about when its frames are, beside how long they are."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._ended = 0.0
        self._heard = 0.0

    def add(self, frame: av.AudioFrame) -> None:
        seconds = frame.samples / (frame.sample_rate or 1)
        if frame.time is not None:
            self._began = frame.time if self._began is None else self._began
            self._ended = max(self._ended, frame.time + seconds)
        self._heard += seconds

    @property
    def missing_seconds(self) -> float:
        return 0.0 if self._began is None else self._ended - self._began - self._heard


def _audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise AudioDecodingFailed("There is no audio track.")
    stream = container.streams.audio[0]
    if stream.codec_context is None or stream.codec_context.name not in _CODECS:
        raise AudioFormatUnsupported("The audio is compressed in a way that is not accepted.")
    return stream


class _Input:
    """What libav reads from: it has no `seek`, so libav takes it as the stream that it is."""

    def __init__(self, read: Read, gate: Mp4Gate | None) -> None:
        self.is_over = False
        self._error: Exception | None = None
        self._read = read
        self._gate = gate

    def read(self, size: int) -> bytes:
        """libav goes on reading after an exception and drops the first one: it is told the end instead."""
        try:
            data = b"" if self._error else self._checked(size)
        except Exception as error:
            self._error, data = error, b""
        self.is_over = not data
        return data

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def _checked(self, size: int) -> bytes:
        data = self._read(size)
        if self._gate and not self._gate.is_open:
            self._gate.feed(data)
        return data


def _refuse_to_open(*_: object) -> NoReturn:
    raise AudioDecodingFailed("The audio refers to another file.")

"""Any format → PCM, synchronously: what the child process runs, and what needs no process to be tested."""

from __future__ import annotations

from collections.abc import Iterator

from speech.audio.containers import ContainerReader, Read
from speech.audio.formats import SAMPLE_CUT_OFF, AudioFormat
from speech.audio.samples import SampleConverter, SampleLayout
from speech.audio.wav import WavParser
from speech.exceptions import AudioDecodingFailed

_READ_BYTES = 1 << 15


def pcm_from(audio: AudioFormat, read: Read, warnings: list[str]) -> Iterator[bytes]:
    """PCM as soon as it can be had; `read(n)` blocks, gives up to n bytes, and b"" at the end.

    What was left out is appended to `warnings`. Raises AudioDecodingFailed or AudioFormatUnsupported.
    """
    pieces = _pieces(audio, read, warnings)
    is_empty = True
    for pcm in filter(None, pieces):
        is_empty = False
        yield pcm
    if is_empty and audio.encoding != "pcm_s16le":
        raise AudioDecodingFailed("There is no audio in it.")
    if any(map(len, iter(lambda: read(_READ_BYTES), b""))):
        warnings.append("something follows the end of the audio")


def _pieces(audio: AudioFormat, read: Read, warnings: list[str]) -> Iterator[bytes]:
    if audio.encoding == "pcm_s16le":
        return _from_raw(SampleLayout("int", 16, audio.channels, audio.sample_rate), read, warnings)
    if audio.encoding == "wav":
        return _from_wav(read, warnings)
    return ContainerReader(audio.encoding, read, warnings).pcm()


def _from_raw(layout: SampleLayout, read: Read, warnings: list[str]) -> Iterator[bytes]:
    converter = SampleConverter(layout)
    rest = b""
    while data := read(_READ_BYTES):
        data = rest + data
        whole = len(data) - len(data) % layout.frame_bytes
        rest = data[whole:]
        yield converter.convert(data[:whole])
    if rest:
        warnings.append(SAMPLE_CUT_OFF)
    yield converter.flush()


def _from_wav(read: Read, warnings: list[str]) -> Iterator[bytes]:
    parser = WavParser()
    converter: SampleConverter | None = None
    while data := read(_READ_BYTES):
        frames = parser.feed(data)
        if parser.layout is not None:
            converter = converter or SampleConverter(parser.layout)
            yield converter.convert(frames)
    parser.close()
    warnings += parser.warnings
    if converter is not None:
        yield converter.flush()

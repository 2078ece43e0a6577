"""Audio files for tests, made from PCM (16 kHz mono 16 bit) as browsers and recorders would make them."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import numpy as np

from speech.events import SAMPLE_RATE

_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "200000"}

# What the file is called in `encode` → libav's muxer, encoder and options.
_RECIPES: dict[str, tuple[str, str, dict[str, str]]] = {
    "webm": ("webm", "libopus", {"cluster_time_limit": "1000"}),
    "ogg": ("ogg", "libopus", {"page_duration": "100000"}),
    "mp4": ("mp4", "aac", _FRAGMENTS),
    "mp4-opus": ("mp4", "libopus", _FRAGMENTS),
    "mp4-plain": ("mp4", "aac", {}),
    "webm-pcm": ("matroska", "pcm_f32le", {}),
    "webm-ac3": ("matroska", "ac3", {}),
    "flac": ("flac", "flac", {}),
}
_SEEKING = {"mp4-plain", "flac"}


class _Unseekable:
    def __init__(self, file: io.BytesIO) -> None:
        self.write = file.write


def encode(pcm: bytes, encoding: str, *, sample_rate: int = 48_000, layout: str = "stereo") -> bytes:
    """`encoding` is pcm_s16le, wav, webm, ogg, mp4 (fragmented) or another name in `_RECIPES`."""
    if encoding == "pcm_s16le":
        return pcm
    if encoding == "wav":
        return wav(pcm)
    muxer, codec, options = _RECIPES[encoding]
    file = io.BytesIO()
    # Browsers write as they go, and never back.
    target = file if encoding in _SEEKING else _Unseekable(file)
    with av.open(target, "w", format=muxer, options=options) as container:
        stream = container.add_stream(codec, rate=sample_rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(stream.codec_context.format, layout, sample_rate)
        for frame in [*_frames(pcm), None]:
            for resampled in resampler.resample(frame):
                container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return file.getvalue()


def _frames(pcm: bytes) -> list[av.AudioFrame]:
    frames = []
    for start in range(0, len(pcm), 640):
        samples = np.frombuffer(pcm[start : start + 640], "<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start // 2, Fraction(1, SAMPLE_RATE)
        frames.append(frame)
    return frames


def video_webm(pcm: bytes) -> bytes:
    """A picture and, unless `pcm` is empty, sound: what a camera would record."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        picture = container.add_stream("libvpx", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("libopus", rate=48_000, layout="mono") if pcm else None
        resampler = av.AudioResampler("s16", "mono", 48_000)
        for number in range(25):
            image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 9, np.uint8), "rgb24")
            container.mux(picture.encode(image))
        container.mux(picture.encode(None))
        if sound is not None:
            for frame in [*_frames(pcm), None]:
                for resampled in resampler.resample(frame):
                    container.mux(sound.encode(resampled))
            container.mux(sound.encode(None))
    return file.getvalue()


def silent_opus(seconds: float) -> bytes:
    """A WebM of 120 ms packets of two bytes each: far more PCM than bytes (RFC 6716, 3.2.5)."""
    file = io.BytesIO()
    with av.open(_Unseekable(file), "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        stream.codec_context.open()
        for number in range(int(seconds / 0.12)):
            packet = av.Packet(b"\xfb\x06")
            packet.stream, packet.time_base, packet.pts = stream, Fraction(1, 1000), number * 120
            packet.dts = packet.pts
            container.mux(packet)
    return file.getvalue()


def wav_format(tag: int, channels: int, sample_rate: int, bits: int) -> bytes:
    """The body of a `fmt ` chunk."""
    frame_bytes = channels * bits // 8
    return struct.pack("<HHIIHH", tag, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, bits)


def chunk(name: bytes, body: bytes, *, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes, name: bytes = b"RIFF", size: int | None = None) -> bytes:
    return chunk(name, b"WAVE" + b"".join(chunks), size=size)


def wav(data: bytes, fmt: bytes | None = None) -> bytes:
    return riff(chunk(b"fmt ", fmt or wav_format(1, 1, SAMPLE_RATE, 16)), chunk(b"data", data))


def tone(seconds: float) -> bytes:
    """A sweep with a slow pulse: its correlation with itself has one peak."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pulse = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * time)
    return (8000 * np.sin(2 * np.pi * (200 + 50 * time) * time) * pulse).astype("<i2").tobytes()

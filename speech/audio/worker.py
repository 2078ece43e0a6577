"""The child process that decodes: bytes come in messages, PCM goes out in messages, with no power to do more.

The parent sends the audio's bytes. The child answers with PCM of at most a second a message, then, after an
empty message, a report in JSON: `warnings`, and `error` and `unsupported` if it could not go on.
"""

from __future__ import annotations

import json
import resource
from importlib import import_module
from typing import Final

from speech.audio.blocking import pcm_from
from speech.audio.formats import AudioFormat
from speech.events import BYTES_PER_SECOND
from speech.exceptions import AudioError, AudioFormatUnsupported
from speech.processes.children import Channel, let_others_go_first, limit_child

# PyAV imports these when a container has such a stream: too late for a child that can't open files any more.
for name in ("audio", "video", "subtitles"):
    import_module(f"av.{name}.stream")
    import_module(f"av.{name}.codeccontext")

# Decoding takes about 0.004 s of CPU for a second of audio; what needs 25 times as much is no recording.
CPU_PER_SECOND: Final = 0.1


def run(
    channel: Channel, audio: AudioFormat, memory_bytes: int, cpu_seconds: int, is_background: bool
) -> None:
    """What the child runs. It may take so much memory beyond what it begins with, and so much CPU time beyond
    what its audio takes.
    """
    outlet = _Outlet(channel, cpu_seconds)
    inlet = _Inlet(channel, outlet)
    limit_child(memory_bytes=memory_bytes, files=0)
    if is_background:
        let_others_go_first()
    warnings: list[str] = []
    try:
        report = _decode(audio, inlet, outlet, warnings)
        outlet.flush()
        channel.send(b"")
        channel.send(json.dumps({"warnings": warnings} | report).encode())
    except ConnectionError:
        pass  # The parent has closed: nobody waits for this any more.


def _decode(audio: AudioFormat, inlet: _Inlet, outlet: _Outlet, warnings: list[str]) -> dict[str, object]:
    try:
        for pcm in pcm_from(audio, inlet.read, warnings):
            outlet.add(pcm)
    except AudioError as error:
        return {"error": str(error), "unsupported": isinstance(error, AudioFormatUnsupported)}
    except MemoryError:
        return {"error": "The audio needs more memory than it may have.", "unsupported": False}
    return {}


class _Outlet:
    """Gathers PCM until the decoder waits for more input, or has a second together."""

    def __init__(self, channel: Channel, cpu_seconds: int) -> None:
        self._channel = channel
        self._cpu_seconds = cpu_seconds
        self._seconds = 0.0
        self._pcm = bytearray()
        self._limit_cpu()

    def add(self, pcm: bytes) -> None:
        self._pcm += pcm
        while len(self._pcm) >= BYTES_PER_SECOND:
            self._send(BYTES_PER_SECOND)

    def flush(self) -> None:
        if self._pcm:
            self._send(len(self._pcm))

    def _send(self, size: int) -> None:
        self._channel.send(bytes(self._pcm[:size]))
        del self._pcm[:size]
        self._seconds += size / BYTES_PER_SECOND
        self._limit_cpu()

    def _limit_cpu(self) -> None:
        """The limit grows with the audio delivered: an hour of it passes, an endless loop does not."""
        seconds = self._cpu_seconds + int(self._seconds * CPU_PER_SECOND)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


class _Inlet:
    """`read` for a decoder: short reads, and PCM that is ready leaves before it blocks."""

    def __init__(self, channel: Channel, outlet: _Outlet) -> None:
        self._channel = channel
        self._outlet = outlet
        self._message = memoryview(b"")
        self._is_over = False

    def read(self, size: int) -> bytes:
        while not self._message and not self._is_over:
            self._outlet.flush()
            message = self._channel.receive()
            self._is_over = message is None
            self._message = memoryview(message or b"")
        data = bytes(self._message[:size])
        self._message = self._message[size:]
        return data

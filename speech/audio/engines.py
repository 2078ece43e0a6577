"""How a decoder works: PCM that is right already passes by, all else goes through a child."""

from __future__ import annotations

import asyncio
import json
import signal
from abc import ABC, abstractmethod
from collections import deque
from typing import Any, Final

from speech.audio import worker
from speech.audio.formats import SAMPLE_CUT_OFF, AudioFormat
from speech.conf import conf
from speech.events import BYTES_PER_SECOND
from speech.exceptions import AudioDecodingFailed, AudioFormatUnsupported, SpeechError
from speech.processes.children import Child

IN_FLIGHT_BYTES: Final = 1 << 18
"""How much `push` takes that nobody has read yet, beside what the kernel buffers for a child."""

_MESSAGE_BYTES: Final = 1 << 16

# A child that dies of these was brought down by what it read; of others, by somebody outside.
_DEADLY_INPUT: Final = frozenset(
    -number
    for number in (
        signal.SIGXCPU,
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGTRAP,
        signal.SIGSYS,
    )
)


class Engine(ABC):
    """`push` takes encoded bytes and waits while too many are unread; `receive` gives PCM, then None.

    Both raise AudioError where the audio is at fault, SpeechError where the decoder was lost. Once it is
    closed, all of it raises SpeechError. `warnings` is complete when `receive` has given None.
    """

    warnings: tuple[str, ...] = ()

    @abstractmethod
    async def push(self, data: bytes) -> None: ...

    @abstractmethod
    async def end_input(self) -> None: ...

    @abstractmethod
    async def receive(self) -> bytes | None: ...

    @abstractmethod
    async def aclose(self) -> None: ...


def closed_error() -> SpeechError:
    return SpeechError("The decoder was closed.")


class PassingEngine(Engine):
    """For 16 kHz mono 16-bit PCM: no child, the same bounds."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._half_sample = b""
        self._is_over = self._is_closed = False

    async def push(self, data: bytes) -> None:
        data = self._half_sample + data
        whole = len(data) & ~1
        self._half_sample = data[whole:]
        for start in range(0, whole, BYTES_PER_SECOND):
            await self._put(data[start : min(start + BYTES_PER_SECOND, whole)])

    async def _put(self, piece: bytes) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._held < IN_FLIGHT_BYTES or self._is_closed)
            if self._is_closed:
                raise closed_error()
            self._pieces.append(piece)
            self._held += len(piece)
            self._changed.notify_all()

    async def end_input(self) -> None:
        async with self._changed:
            self._is_over = True
            if self._half_sample:
                self.warnings = (SAMPLE_CUT_OFF,)
            self._changed.notify_all()

    async def receive(self) -> bytes | None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._pieces or self._is_over or self._is_closed)
            if self._is_closed:
                raise closed_error()
            if not self._pieces:
                return None
            piece = self._pieces.popleft()
            self._held -= len(piece)
            self._changed.notify_all()
            return piece

    async def aclose(self) -> None:
        async with self._changed:
            self._is_closed = True
            self._pieces.clear()
            self._changed.notify_all()


class ChildEngine(Engine):
    """For everything else: a child process with limits decodes."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._is_closed = False
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, audio: AudioFormat, *, is_background: bool = False) -> ChildEngine:
        """With the limits of SPEECH_DECODER_MEMORY_MB and SPEECH_DECODER_CPU_SECONDS. Raises SpeechError."""
        memory_bytes = conf.SPEECH_DECODER_MEMORY_MB << 20
        cpu_seconds = conf.SPEECH_DECODER_CPU_SECONDS
        try:
            child = await Child.start(
                worker.run,
                audio,
                memory_bytes,
                cpu_seconds,
                is_background,
                in_flight_bytes=IN_FLIGHT_BYTES,
            )
        except OSError as error:
            raise SpeechError("No decoder can be started.") from error
        return cls(child)

    async def push(self, data: bytes) -> None:
        for start in range(0, len(data), _MESSAGE_BYTES):
            try:
                await self._child.send(data[start : start + _MESSAGE_BYTES])
            except ConnectionError as error:
                raise await self._loss() from error

    async def end_input(self) -> None:
        if self._is_closed:
            raise closed_error()
        await self._child.end_input()

    async def receive(self) -> bytes | None:
        message = await self._child.receive()
        if message:
            return message
        report = None if message is None else await self._child.receive()
        if report is None:
            raise await self._loss()
        self._take(json.loads(report))
        return None

    def _take(self, report: dict[str, Any]) -> None:
        self.warnings = tuple(report["warnings"])
        if "error" in report:
            raise (AudioFormatUnsupported if report["unsupported"] else AudioDecodingFailed)(report["error"])

    async def _loss(self) -> Exception:
        """Why the child is gone without a report."""
        if self._is_closed:
            return closed_error()
        await self._end()
        code = await self._child.exit_code()
        if code == 1 or code in _DEADLY_INPUT:
            return AudioDecodingFailed(
                "The audio broke its decoder, or takes more time or memory than it may."
            )
        return SpeechError("The decoder was lost.")

    async def aclose(self) -> None:
        self._is_closed = True
        await self._end()

    async def _end(self) -> None:
        """Kill the child once, whoever asks, and to the end even if who asks is cancelled."""
        self._ending = self._ending or asyncio.create_task(self._child.aclose())
        await asyncio.shield(self._ending)

"""Child processes for the work that must not run beside the sockets.

They come from the standard library's fork server: a process of its own, single-threaded, that has
imported `speech.processes.preload` once, so that a child begins with the recogniser loaded, and the process
that holds the sockets never forks. A child shares one socket with its parent and nothing else.

The parent's side is asynchronous and belongs to the event loop that started it:

    child = await Child.start(target, *args)
    await child.send(b"…")            # waits while too much is under way
    await child.receive()             # the next message, None when the child is gone
    await child.end_input()           # the child's `receive` gives None
    await child.aclose()

In the child runs `target(channel, *args)`, which blocks on its `Channel` as it likes. Both are
pickled, so `target` is a function at the top of a module. When it returns, what it sent arrives
before the end; when it raises, the traceback goes to stderr. A message is up to 1 MiB.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from speech.processes.channel import LENGTH, MAX_MESSAGE_BYTES, Channel, let_others_go_first, limit_child
from speech.processes.forking import EXIT_CODE, Job, fork, preload, warm_up

# Beside asyncio's own threads, which may all be waiting for a disk while a candidate waits to be heard.
_forking = ThreadPoolExecutor(1, thread_name_prefix="speech-forking")

__all__ = ["Channel", "Child", "let_others_go_first", "limit_child", "preload", "warm_up"]


class Child:
    """One child process, seen from its parent."""

    def __init__(self, pid: int, status_fd: int) -> None:
        self.pid = pid
        self._status_fd = status_fd
        self._exited: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._length: int | None = None
        self._closing: asyncio.Future[None] | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @classmethod
    async def start(cls, target: Callable[..., None], *args: object, in_flight_bytes: int = 1 << 19) -> Child:
        """Run `target(channel, *args)` in a new child. OSError if none can be started.

        `in_flight_bytes` is how much `send` takes beyond what the kernel buffers (some 200 kB).
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self = await cls._fork(Job(target, args), theirs)
            await self._connect(ours, in_flight_bytes)
        except BaseException:
            ours.close()
            raise
        return self

    @classmethod
    async def _fork(cls, job: Job, end: socket.socket) -> Child:
        forking = asyncio.get_running_loop().run_in_executor(_forking, fork, job, end.dup())
        try:
            self = cls(*await asyncio.shield(forking))
        except asyncio.CancelledError:
            # The thread can't be stopped; the child it makes finds its socket closed and ends.
            forking.add_done_callback(_discard)
            raise
        asyncio.get_running_loop().add_reader(self._status_fd, self._on_exit)
        return self

    async def _connect(self, sock: socket.socket, in_flight_bytes: int) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(sock=sock)
        self._writer.transport.set_write_buffer_limits(high=in_flight_bytes, low=in_flight_bytes // 2)

    @property
    def unsent_bytes(self) -> int:
        """What waits for the child to read; over `in_flight_bytes`, `send` waits too."""
        return self._writer.transport.get_write_buffer_size()

    @property
    def has_ended(self) -> bool:
        """Whether its end is known, which is a moment after it."""
        return self._exited.done()

    async def send(self, message: bytes) -> None:
        """ConnectionError once the child is gone."""
        assert len(message) <= MAX_MESSAGE_BYTES
        self._writer.write(LENGTH.pack(len(message)))
        self._writer.write(message)
        await self._writer.drain()

    async def end_input(self) -> None:
        """The child reads what was sent, then None."""
        with contextlib.suppress(OSError):
            # A child that is gone is reported by `receive`.
            self._writer.write_eof()

    async def receive(self) -> bytes | None:
        """The next message; None when the child has ended, whatever the reason.

        One task at a time; cancelling it loses nothing.
        """
        try:
            if self._length is None:
                (self._length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            if self._length > MAX_MESSAGE_BYTES:
                return None
            message = await self._reader.readexactly(self._length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        self._length = None
        return message

    async def aclose(self) -> None:
        """Kill the child, if it still lives, and give back all that it holds. Goes on if it is cancelled."""
        self._closing = self._closing or asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._kill()
        self._writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        await self._exited

    async def exit_code(self) -> int | None:
        """How the child ended: a signal's negative number, or None if the fork server was lost.

        Waits until it has; a child whose target returned stays until `aclose`.
        """
        return await asyncio.shield(self._exited)

    def _on_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._status_fd)
        status = os.read(self._status_fd, EXIT_CODE.size)
        os.close(self._status_fd)
        if not status:
            # The fork server is gone, and with it the one who tells when a child ends.
            self._kill()
        code = EXIT_CODE.unpack(status)[0] if status else None
        self._exited.set_result(code)

    def _kill(self) -> None:
        if not self._exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _discard(forking: asyncio.Future[tuple[int, int]]) -> None:
    if not forking.cancelled() and forking.exception() is None:
        os.close(forking.result()[1])

"""A child's end of `speech.processes.children`."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
from pathlib import Path

MAX_MESSAGE_BYTES = 1 << 20
LENGTH = struct.Struct("!I")


class Channel:
    """The child's end. `receive` and `send` block."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rb")

    def receive(self) -> bytes | None:
        """The next message; None when the parent has ended its input, or has ended itself."""
        header = self._file.read(LENGTH.size)
        if len(header) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(header)
        message = self._file.read(length)
        return message if len(message) == length else None

    def send(self, message: bytes) -> None:
        """ConnectionError when the parent is gone; it may end the target."""
        assert len(message) <= MAX_MESSAGE_BYTES
        self._socket.sendall(LENGTH.pack(len(message)) + message)

    def linger(self) -> None:
        """Wait for the parent to close: a socket closed with input unread loses what was sent."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while self._socket.recv(1 << 16):
                pass


def limit_child(
    *, memory_bytes: int | None = None, cpu_seconds: int | None = None, files: int | None = None
) -> None:
    """Take power from the child that calls it, for good.

    `memory_bytes` is address space beyond what it has now. `files=0` means that no file and no
    socket can be opened any more; what is open stays open.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if cpu_seconds is not None:
        # SIGXCPU ends it; SIGKILL is for one that would not have it.
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    if files is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def let_others_go_first() -> None:
    """For good: a number that comes late is better than a socket, or a word, that waits."""
    os.nice(10)

"""The fork server's side of `children`: starting it, asking it for a process, beginning there.

It is the standard library's. What is asked of it here is what `multiprocessing.Process` does, minus two
drawbacks: a Process makes each child run the parent's __main__ again (half a second for Daphne), and the
list that it keeps of its children knows no threads.
"""

from __future__ import annotations

import functools
import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

from speech.processes.channel import Channel

EXIT_CODE = forkserver.SIGNED_STRUCT

_starting = threading.Lock()
_preloads: list[str] = []


def preload(modules: Sequence[str]) -> None:
    """What the fork server loads besides, wherever it is there; said before it starts."""
    _preloads[:] = modules


def warm_up() -> None:
    """Start the fork server, which then loads on its own: returns after some milliseconds.

    Optional: the first child starts it too, and waits for it.
    """
    with _starting:
        _start_server()


@functools.cache
def _start_server() -> None:
    forkserver.set_forkserver_preload(["speech.processes.preload"])
    # Its sys.path has the working directory, which need not be where this package is.
    before = os.environ.get("PYTHONPATH")
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([root, before] if before else [root])
    with _environment(PYTHONPATH=paths, SPEECH_PRELOAD=" ".join(_preloads)):
        forkserver.ensure_running()


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def fork(job: Job, end: socket.socket) -> tuple[int, int]:
    """The new process's pid, and a descriptor that gives its exit code when the server has reaped it.

    Blocks some milliseconds, the first time until the server has loaded. Takes `end`.
    """
    with end:
        warm_up()
        payload = pickle.dumps({"sys_path": sys.path}) + pickle.dumps(job)
        status_fd, payload_fd = forkserver.connect_to_new_process([end.fileno()])
    try:
        with open(payload_fd, "wb") as pipe:
            pipe.write(payload)
        return forkserver.read_signed(status_fd), status_fd
    except BaseException as error:
        os.close(status_fd)
        if isinstance(error, EOFError):
            raise ConnectionResetError("the fork server has ended") from error
        raise


@dataclass(frozen=True)
class Job:
    """What the fork server's new process unpickles and runs, as it would a Process."""

    target: Callable[..., None]
    args: tuple[object, ...]

    def _bootstrap(self, parent_sentinel: int) -> int:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.close(parent_sentinel)
        inherited = forkserver.get_inherited_fds()
        assert inherited is not None
        # The descriptor itself is closed by the end of the process alone: who sees the socket end may
        # rely on the process's exit code.
        channel = Channel(socket.socket(fileno=os.dup(inherited[0])))
        try:
            self.target(channel, *self.args)
        except ConnectionError:
            return 1  # The parent is gone, and with it everyone who would want to know.
        channel.linger()
        return 0

"""How many recognitions run at once on this machine, over all processes of one user.

A slot is a locked file, and a FIFO beside it that its holder has open: whoever asks whether it is taken locks
nothing. The kernel unlocks the one and closes the other when the holder ends, however that happens.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import ExitStack, suppress
from pathlib import Path

from speech.exceptions import CapacityExceeded, SpeechError


class Slots:
    """Of one recogniser, by its name: several may share a directory, and none makes one for another."""

    def __init__(self, directory: Path, name: str, count: int) -> None:
        self.directory = directory
        self.name = name
        self.count = count

    def take(self) -> Slot:
        """A slot that is free; CapacityExceeded if there is none, SpeechError if none can be had at all."""
        try:
            self._prepare()
            slot = next(filter(None, map(_locked, self._paths())), None)
        except OSError as error:
            raise SpeechError(f"no place for a local recognition can be had: {error}") from error
        if slot:
            return slot
        raise CapacityExceeded(f"all {self.count} places for local recognitions are taken")

    def are_taken(self, count: int) -> bool:
        """Whether `count` slots or more are. Asking stands in nobody's way, nor does it fail."""
        return sum(map(is_taken, self._paths())) >= count

    def _paths(self) -> list[Path]:
        return [self.directory / f"{self.name}-{number}" for number in range(self.count)]

    def _prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.directory.lstat()
        # In a directory for all, such as /tmp, somebody else may have been there first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise SpeechError(f"{self.directory} must be a directory that is ours alone", permanent=True)


class Slot:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._fds = [os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)]

    def lock(self) -> bool:
        try:
            fcntl.flock(self._fds[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._show()
        return True

    def close(self) -> None:
        for fd in self._fds:
            os.close(fd)

    def _show(self) -> None:
        fifo = fifo_of(self._path)
        with suppress(FileExistsError):
            os.mkfifo(fifo, 0o600)
        # Without O_NONBLOCK it would wait for a writer.
        self._fds.append(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW))


def _locked(path: Path) -> Slot | None:
    """None where somebody else has it."""
    with ExitStack() as stack:
        slot = Slot(path)
        stack.callback(slot.close)
        if not slot.lock():
            return None
        stack.pop_all()
        return slot


def is_taken(path: Path) -> bool:
    """Whether a holder has its FIFO open for reading, without which POSIX refuses to open it for writing.

    To try the lock would refuse whoever takes the slot in that instant; flock has no way to ask, and
    /proc/locks leaves out what other containers hold. Where none can be had, none is taken.
    """
    try:
        os.close(os.open(fifo_of(path), os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW))
    except OSError:
        return False
    return True


def fifo_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.taken")

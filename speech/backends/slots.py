"""How many recognitions run at once on this machine, over all processes of one user.

A slot is a locked file. The kernel unlocks it when its holder ends, however that happens.
"""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from speech.exceptions import CapacityExceeded, SpeechError


class Slots:
    """Of one recogniser, by its name: several may share a directory, and none makes one for another."""

    def __init__(self, directory: Path, name: str, count: int) -> None:
        self.directory = directory
        self.name = name
        self.count = count

    def take(self) -> Slot:
        """A slot that is free; CapacityExceeded if there is none."""
        self._prepare()
        for number in range(self.count):
            slot = Slot(self._path(number))
            if slot.lock():
                return slot
            slot.close()
        raise CapacityExceeded(f"all {self.count} places for local recognitions are taken")

    def are_taken(self, count: int) -> bool:
        """Whether `count` slots or more are. Asking holds each for a moment, the first ones first."""
        self._prepare()
        taken = 0
        for number in range(self.count):
            slot = Slot(self._path(number))
            taken += not slot.lock()
            slot.close()
            if taken >= count:
                return True
        return False

    def _path(self, number: int) -> Path:
        return self.directory / f"{self.name}-{number}"

    def _prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.directory.lstat()
        # In a directory for all, such as /tmp, somebody else may have been there first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise SpeechError(f"{self.directory} must be a directory that is ours alone", permanent=True)


class Slot:
    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)

    def lock(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self._fd)

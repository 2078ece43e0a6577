"""Tables that are gone for a while, and files that are somewhere else."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.db.backends.sqlite3.base import SQLiteCursorWrapper
from django.db.models import Model


@contextmanager
def away(model: type[Model]) -> Iterator[Callable[[], None]]:
    """The model's table is on a lost disk, for every connection that is there or comes; the call mends it."""
    table = model._meta.db_table
    is_away = True

    def unless_away(execute: Any) -> Any:
        def executed(cursor: Any, query: str, *params: Any) -> Any:
            if is_away and f'"{table}"' in query:
                raise lost_disk()
            return execute(cursor, query, *params)

        return executed

    def mend() -> None:
        nonlocal is_away
        is_away = False

    with pytest.MonkeyPatch.context() as patched:
        for name in ("execute", "executemany"):
            patched.setattr(SQLiteCursorWrapper, name, unless_away(getattr(SQLiteCursorWrapper, name)))
        yield mend


def lost_disk() -> sqlite3.OperationalError:
    """What SQLite raises for one."""
    problem = sqlite3.OperationalError("disk I/O error")
    problem.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return problem


class StubbornStorage(FileSystemStorage):
    """A file's name says what comes of deleting it: `stuck.flac` takes minutes, `kept.flac` can't be."""

    def delete(self, name: str) -> None:
        if name.endswith("stuck.flac"):
            Path(self.path(f"{name}.begun")).touch()
            time.sleep(600)
        if name.endswith("kept.flac"):
            raise PermissionError(name)
        super().delete(name)


class RemoteStorage(Storage):
    """As those that keep files on another machine: what it holds is under no path here."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def _open(self, name: str, mode: str = "rb") -> ContentFile[bytes]:
        return ContentFile(self._held[name], name)

    def _save(self, name: str, content: File[bytes]) -> str:
        self._held[name] = content.read()
        return name

    def exists(self, name: str) -> bool:
        return name in self._held

    def delete(self, name: str) -> None:
        self._held.pop(name, None)

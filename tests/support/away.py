"""Tables that are gone for a while, and files that are somewhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import connection
from django.db.models import Model

from interviews.database import in_database


@asynccontextmanager
async def away(model: type[Model]) -> AsyncIterator[None]:
    """The model's table is gone, which SQLite reports as it does a lost disk."""
    table = model._meta.db_table
    await in_database(_rename, table, f"{table}_away")
    try:
        yield
    finally:
        await in_database(_rename, f"{table}_away", table)


def _rename(before: str, after: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {before} RENAME TO {after}")


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

"""Recognisers, channel layers and a database that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from channels.layers import InMemoryChannelLayer
from django.db.backends.signals import connection_created

from interviews.database import close_threads
from speech.backends.scripted import ScriptedBackend, ScriptedRecognition
from speech.events import Resume
from tests.support.away import lost_disk


class EndlessRecognition(ScriptedRecognition):
    async def end_input(self) -> None:
        """Says nothing any more, not even that it has ended."""


class EndlessBackend(ScriptedBackend):
    async def start(
        self, *, language: str, resume: Resume, phrases: Sequence[str] = ()
    ) -> ScriptedRecognition:
        return EndlessRecognition(self, resume)


class SlowToRestartBackend(ScriptedBackend):
    """Its first recognition fails as it is told to; a second one lives, and starts when it may."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.is_restarting = asyncio.Event()
        self.may_restart = asyncio.Event()
        self._has_started = False

    async def start(
        self, *, language: str, resume: Resume, phrases: Sequence[str] = ()
    ) -> ScriptedRecognition:
        if self._has_started:
            self.fail_after_bytes = None
            self.is_restarting.set()
            await self.may_restart.wait()
        self._has_started = True
        return await super().start(language=language, resume=resume, phrases=phrases)


class BusyBackend(ScriptedBackend):
    """Its machine has no core left for what can wait."""

    def is_busy(self) -> bool:
        return True


class UnreliableLayer(InMemoryChannelLayer):
    """A channel layer that is away, or that loses what it is given, as long as it is told to.

    What comes while it hangs is never answered.
    """

    is_away = False
    hangs = False
    loses = False

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._check()
        if not UnreliableLayer.loses:
            await super().group_send(group, message)

    async def group_add(self, group: str, channel: str) -> None:
        await self._check()
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._check()
        await super().group_discard(group, channel)

    async def receive(self, channel: str) -> dict[str, Any]:
        await self._check()
        message: dict[str, Any] = await super().receive(channel)
        await self._check()
        return message

    async def _check(self) -> None:
        if UnreliableLayer.is_away:
            raise ConnectionError("the channel layer is away")
        if UnreliableLayer.hangs:
            await asyncio.Event().wait()


class UnreliableDatabase:
    """SQLite that is away, or that loses the end of a commit, as long as it is told to.

    It stands between Django and every connection that is opened while it is entered, which all are.
    """

    def __init__(self) -> None:
        self.is_away = False
        self.refused = 0
        # Transactions that changed an interview so far, and the one whose end nobody is to hear of.
        self.changes = 0
        self.unheard = 0

    def __enter__(self) -> UnreliableDatabase:
        close_threads()
        connection_created.connect(self._watch)
        return self

    def __exit__(self, *problem: object) -> None:
        connection_created.disconnect(self._watch)
        close_threads()

    def _watch(self, *, connection: Any, **_: Any) -> None:
        connection.connection = _Watched(connection.connection, self)


class _Watched:
    """A connection of the driver's. Whatever it doesn't have itself it passes on."""

    def __init__(self, connection: Any, database: UnreliableDatabase) -> None:
        vars(self).update(connection=connection, database=database, changes=False)
        connection.set_trace_callback(self._see)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.connection, name, value)

    def cursor(self, **options: Any) -> Any:
        if self.database.is_away:
            self.database.refused += 1
            raise lost_disk()
        return self.connection.cursor(**options)

    def _see(self, statement: str) -> None:
        if statement.startswith("BEGIN"):
            vars(self)["changes"] = False
        elif statement.startswith('UPDATE "interviews_interview" SET "revision"'):
            vars(self)["changes"] = True

    def commit(self) -> None:
        self.connection.commit()
        if self.changes:
            self.database.changes += 1
            if self.database.changes == self.database.unheard:
                raise lost_disk()

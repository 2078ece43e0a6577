"""Recognisers and channel layers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from channels.layers import InMemoryChannelLayer

from speech.backends.scripted import ScriptedBackend, ScriptedRecognition
from speech.events import Resume


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
    """A channel layer that is away, or that loses what it is given, as long as it is told to."""

    is_away = False
    loses = False

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._check()
        if not UnreliableLayer.loses:
            await super().group_send(group, message)

    async def group_add(self, group: str, channel: str) -> None:
        self._check()
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        self._check()
        await super().group_discard(group, channel)

    async def receive(self, channel: str) -> dict[str, Any]:
        self._check()
        message: dict[str, Any] = await super().receive(channel)
        self._check()
        return message

    def _check(self) -> None:
        if UnreliableLayer.is_away:
            raise ConnectionError("the channel layer is away")

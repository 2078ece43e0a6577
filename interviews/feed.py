"""From the channel layer and the database to the sockets of this process.

One feed a process holds the process's one layer channel: no consumer subscribes itself, since a Redis
that dies would take it along. Twice a second it reads from the database where everything stands that
its sockets are attached to, whatever the layer does: what differs is shown anew, who was replaced or
has lost the right to see is closed.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID, uuid4

import msgspec
from channels.layers import get_channel_layer

from interviews import access
from interviews.broadcast import Broadcaster, Delivery, group_name
from interviews.database import in_database
from interviews.services import Change, Standing, standings

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
# Memberships expire with Redis's memory, and presence with its process.
REJOIN_SECONDS = 10.0
PRESENCE_SECONDS = 25.0
BACKOFF_SECONDS = 0.1, 1.0

_delivery = msgspec.msgpack.Decoder(Delivery)


class Attached(Protocol):
    """A socket, as the feed sees it. Its methods return at once."""

    interview_id: UUID

    @property
    def watcher(self) -> access.Watcher | None:
        """Who watches; None for a candidate's socket, which is sent no deliveries."""

    @property
    def answer_id(self) -> UUID | None:
        """The answer that it is recording."""

    def deliver(self, delivery: Delivery) -> None: ...

    def show_watchers(self, names: list[str]) -> None: ...

    def check(self, standing: Standing) -> None:
        """Compare with the rows: catch up, or close."""


class Feed:
    def __init__(self) -> None:
        self._process = uuid4().hex
        self._attached: dict[UUID, set[Attached]] = defaultdict(set)
        self._broadcaster = Broadcaster()
        self._channel = ""
        self._rejoin = asyncio.Event()
        self._interims: dict[UUID, dict[str, Any]] = {}
        self._presence: dict[UUID, dict[str, tuple[list[str], float]]] = defaultdict(dict)
        self._tasks: list[asyncio.Task[None]] = []

    # What the sockets call

    def start(self) -> None:
        loops = self._broadcaster.run, self._receive, self._join, self._poll
        self._tasks = [asyncio.create_task(_forever(loop)) for loop in loops]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def attach(self, socket: Attached) -> None:
        self._attached[socket.interview_id].add(socket)
        if socket.watcher:
            self._rejoin.set()

    def detach(self, socket: Attached) -> None:
        sockets = self._attached[socket.interview_id]
        sockets.discard(socket)
        if not any(other.watcher for other in sockets):
            self._interims.pop(socket.interview_id, None)
        if not sockets:
            del self._attached[socket.interview_id]
        if socket.watcher:
            self._tell_presence(socket.interview_id)

    def publish(self, change: Change) -> None:
        self._broadcaster.publish(change)

    def interim(self, interview_id: UUID) -> dict[str, Any] | None:
        """The open utterance, as far as it was heard of here."""
        return self._interims.get(interview_id)

    def watchers(self, interview_id: UUID) -> list[str]:
        """The names of all who watch, over all processes that were heard of lately."""
        now = time.monotonic()
        present = self._presence.get(interview_id, {}).items()
        others = {name for process, (names, until) in present if until > now for name in names}
        return sorted(others | set(self._own_watchers(interview_id)))

    # Its tasks

    async def _receive(self) -> None:
        layer = get_channel_layer()
        self._channel = await layer.new_channel("feed")
        self._rejoin.set()
        while True:
            message = await layer.receive(self._channel)
            if message["type"] == "feed.delivery":
                self._deliver(_delivery.decode(message["delivery"]))
            elif message["type"] == "feed.presence":
                self._note_presence(UUID(message["interview"]), message["process"], message["names"])

    def _deliver(self, delivery: Delivery) -> None:
        watching = self._watching(delivery.interview_id)
        if not watching:
            # The group is not left before its membership runs out.
            return
        if delivery.interim is not None:
            self._interims[delivery.interview_id] = delivery.interim
        elif delivery.closes_interim:
            self._interims.pop(delivery.interview_id, None)
        for socket in watching:
            socket.deliver(delivery)

    async def _join(self) -> None:
        layer = get_channel_layer()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(REJOIN_SECONDS):
                    await self._rejoin.wait()
            self._rejoin.clear()
            for interview_id in [i for i in self._attached if self._watching(i)] if self._channel else []:
                await layer.group_add(group_name(interview_id), self._channel)
                self._tell_presence(interview_id)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            sockets = [socket for attached in self._attached.values() for socket in attached]
            if not sockets:
                continue
            watchers = {(s.watcher, s.interview_id) for s in sockets if s.watcher}
            answers = {s.answer_id for s in sockets if s.answer_id}
            found = await in_database(standings, {s.interview_id for s in sockets}, answers, watchers)
            for socket in sockets:
                if socket in self._attached.get(socket.interview_id, ()):
                    socket.check(found[socket.interview_id])

    # Who watches

    def _watching(self, interview_id: UUID) -> list[Attached]:
        return [socket for socket in self._attached.get(interview_id, ()) if socket.watcher]

    def _own_watchers(self, interview_id: UUID) -> list[str]:
        return sorted({socket.watcher.name for socket in self._watching(interview_id) if socket.watcher})

    def _tell_presence(self, interview_id: UUID) -> None:
        names = self._own_watchers(interview_id)
        message = {
            "type": "feed.presence",
            "interview": str(interview_id),
            "process": self._process,
            "names": names,
        }
        self._broadcaster.send(interview_id, message)
        if not names:
            self._presence.pop(interview_id, None)

    def _note_presence(self, interview_id: UUID, process: str, names: list[str]) -> None:
        if not self._watching(interview_id):
            return
        before = self.watchers(interview_id)
        is_new = process not in self._presence[interview_id] and process != self._process
        self._presence[interview_id][process] = names, time.monotonic() + PRESENCE_SECONDS
        after = self.watchers(interview_id)
        for socket in self._watching(interview_id) if before != after or process == self._process else []:
            socket.show_watchers(after)
        if is_new:
            # It doesn't know yet who watches here.
            self._tell_presence(interview_id)


async def _forever(loop: Callable[[], Awaitable[None]]) -> None:
    """Runs it again, a little later each time, whenever it fails: Redis or the database is away."""
    shortest, longest = BACKOFF_SECONDS
    delay = shortest
    while True:
        began = time.monotonic()
        try:
            await loop()
        except Exception:
            if delay == shortest:
                logger.exception("the feed lost %s; it goes on trying", getattr(loop, "__name__", loop))
        delay = shortest if time.monotonic() - began > longest else min(delay * 2, longest)
        await asyncio.sleep(delay * random.uniform(0.5, 1))

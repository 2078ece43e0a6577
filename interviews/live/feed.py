"""From the channel layer and the database to the sockets of this process.

One feed a process holds the process's one layer channel: no consumer subscribes itself, since a Redis
that dies would take it along. Twice a second it reads from the database where everything stands that
its sockets are attached to, whatever the layer does: what differs is shown anew, who was replaced or
has lost the right to see is closed.

A layer that doesn't deliver need not say so: after FLUSHALL all memberships are gone, and nothing fails.
So the feed listens for its own echo. As long as none comes, interims are "late", and it joins again.
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
from interviews.database import in_database
from interviews.live.broadcast import Broadcaster, Delivery, group_name
from interviews.queries.status import Standing, standings
from interviews.services.changes import Change
from interviews.services.presence import keep_heard
from interviews.wire.messages import Liveness

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
# How often it is kept when each candidate was last heard.
HEARD_SECONDS = 2.0
# How long after one echo the next is sent, and how long it may take.
ECHO_SECONDS = 0.75
ECHO_TIMEOUT_SECONDS = 1.0
# A single membership may be lost too; and presence ends with its process.
REJOIN_SECONDS = 10.0
NEVER = float("-inf")
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

    @property
    def silent_seconds(self) -> float | None:
        """How long nothing has come from the candidate; None for an observer's socket."""

    def deliver(self, delivery: Delivery) -> None: ...

    def show_watchers(self, names: list[str]) -> None: ...

    def show_interims(self) -> None:
        """Whether they are live or late has changed."""

    def check(self, standing: Standing) -> None:
        """Compare with the rows: catch up, or close."""


class Feed:
    def __init__(self) -> None:
        self.interims: Liveness = "live"
        self._process = uuid4()
        self._attached: dict[UUID, set[Attached]] = defaultdict(set)
        self._broadcaster = Broadcaster()
        self._channel = ""
        # When each interview's group was joined, and the process's own, which carries its echo.
        self._joined = {self._process: NEVER}
        self._to_join = asyncio.Event()
        self._echo = 0
        self._echoed = asyncio.Event()
        self._interims: dict[UUID, dict[str, Any]] = {}
        self._presence: dict[UUID, dict[str, tuple[list[str], float]]] = defaultdict(dict)
        self._tasks: list[asyncio.Task[None]] = []

    # What the sockets call

    def start(self) -> None:
        on_the_layer = self._broadcaster.run, self._receive, self._join, self._listen_for_echoes
        loops = [_forever(loop, self._lose_layer) for loop in on_the_layer]
        self._tasks = [asyncio.create_task(loop) for loop in (*loops, _forever(self._poll))]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def attach(self, socket: Attached) -> None:
        self._attached[socket.interview_id].add(socket)
        if socket.watcher:
            # Again where it is joined already: the others are told who watches now.
            self._joined[socket.interview_id] = NEVER
            self._to_join.set()

    def detach(self, socket: Attached) -> None:
        sockets = self._attached[socket.interview_id]
        sockets.discard(socket)
        if not any(other.watcher for other in sockets):
            self._interims.pop(socket.interview_id, None)
        if not sockets:
            del self._attached[socket.interview_id]
        if socket.watcher:
            self._tell_presence(socket.interview_id)
            self._to_join.set()

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
        # After a failure the same one: it may be in the groups still, and another would get all twice.
        # Its prefix is that of a site's own consumers: the Redis layer waits for one prefix at a time.
        self._channel = self._channel or await layer.new_channel()
        self._to_join.set()
        while True:
            message = await layer.receive(self._channel)
            if message["type"] == "feed.delivery":
                self._deliver(_delivery.decode(message["delivery"]))
            elif message["type"] == "feed.presence":
                self._note_presence(UUID(message["interview"]), message["process"], message["names"])
            elif message["number"] == self._echo:
                self._echoed.set()

    def _deliver(self, delivery: Delivery) -> None:
        watching = self._watching(delivery.interview_id)
        if not watching:
            # The group is left a moment after the last one who watched.
            return
        if delivery.interim is not None:
            self._interims[delivery.interview_id] = delivery.interim
        elif delivery.closes_interim:
            self._interims.pop(delivery.interview_id, None)
        for socket in watching:
            socket.deliver(delivery)

    async def _join(self) -> None:
        """Keeps to the groups of what is watched here, and leaves the others."""
        layer = get_channel_layer()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(ECHO_SECONDS):
                    await self._to_join.wait()
            self._to_join.clear()
            for interview_id in list(self._joined) if self._channel else []:
                is_watched = bool(self._watching(interview_id))
                if not is_watched and interview_id != self._process:
                    del self._joined[interview_id]
                    await layer.group_discard(group_name(interview_id), self._channel)
                elif time.monotonic() - self._joined[interview_id] >= REJOIN_SECONDS:
                    self._joined[interview_id] = time.monotonic()
                    await layer.group_add(group_name(interview_id), self._channel)
                    if is_watched:
                        self._tell_presence(interview_id)

    async def _listen_for_echoes(self) -> None:
        """Memberships vanish together, so that its own stands for all."""
        while True:
            await asyncio.sleep(ECHO_SECONDS)
            self._echo += 1
            self._echoed.clear()
            self._broadcaster.send(self._process, {"type": "feed.echo", "number": self._echo})
            try:
                async with asyncio.timeout(ECHO_TIMEOUT_SECONDS):
                    await self._echoed.wait()
            except TimeoutError:
                self._lose_layer()
            else:
                self._show_interims("live")

    def _lose_layer(self) -> None:
        """It failed, or delivers nothing: whatever was joined is to be joined again."""
        self._joined = dict.fromkeys(self._joined, NEVER)
        self._to_join.set()
        self._interims.clear()
        self._show_interims("late")

    def _show_interims(self, interims: Liveness) -> None:
        if interims == self.interims:
            return
        self.interims = interims
        logger.log(logging.WARNING if interims == "late" else logging.INFO, "interims are %s", interims)
        for interview_id in self._attached:
            for socket in self._watching(interview_id):
                socket.show_interims()

    async def _poll(self) -> None:
        kept_at = NEVER
        while True:
            await asyncio.sleep(POLL_SECONDS)
            sockets = [socket for attached in self._attached.values() for socket in attached]
            if not sockets:
                continue
            if time.monotonic() - kept_at >= HEARD_SECONDS:
                await self._keep_heard(sockets, time.monotonic() - kept_at)
                kept_at = time.monotonic()
            watchers = {(s.watcher, s.interview_id) for s in sockets if s.watcher}
            answers = {s.answer_id for s in sockets if s.answer_id}
            found = await in_database(standings, {s.interview_id for s in sockets}, answers, watchers)
            for socket in sockets:
                if socket in self._attached.get(socket.interview_id, ()):
                    socket.check(found[socket.interview_id])

    async def _keep_heard(self, sockets: list[Attached], seconds: float) -> None:
        """Which candidates have been heard since the last time."""
        silent: dict[UUID, float] = {}
        for socket in sockets:
            if socket.silent_seconds is not None and socket.silent_seconds <= seconds:
                before = silent.get(socket.interview_id, seconds)
                silent[socket.interview_id] = min(socket.silent_seconds, before)
        if silent:
            await in_database(keep_heard, silent)

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
            "process": self._process.hex,
            "names": names,
        }
        self._broadcaster.send(interview_id, message)
        if not names:
            self._presence.pop(interview_id, None)

    def _note_presence(self, interview_id: UUID, process: str, names: list[str]) -> None:
        if not self._watching(interview_id):
            return
        before = self.watchers(interview_id)
        is_own = process == self._process.hex
        is_new = process not in self._presence[interview_id] and not is_own
        self._presence[interview_id][process] = names, time.monotonic() + PRESENCE_SECONDS
        after = self.watchers(interview_id)
        for socket in self._watching(interview_id) if before != after or is_own else []:
            socket.show_watchers(after)
        if is_new:
            # It doesn't know yet who watches here.
            self._tell_presence(interview_id)


async def _forever(loop: Callable[[], Awaitable[None]], failed: Callable[[], None] = lambda: None) -> None:
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
            failed()
        delay = shortest if time.monotonic() - began > longest else min(delay * 2, longest)
        await asyncio.sleep(delay * random.uniform(0.5, 1))

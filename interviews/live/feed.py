"""From the channel layer and the database to the sockets of this process.

One feed a process holds the process's one layer channel: no consumer subscribes itself, since a Redis
that dies would take it along. Every 0.4 s it reads from the database where everything stands that its
sockets are attached to, whatever the layer does, and each other time who may still see it: what differs is
shown anew, whoever was replaced or has lost the right to see is closed.

A layer that doesn't deliver need not say so: after FLUSHALL all memberships are gone, and nothing fails.
So the feed listens for its own echo. As long as none comes, interims are "late", and it joins again.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

import msgspec
from channels.layers import get_channel_layer

from interviews.conf import conf
from interviews.database import in_database
from interviews.live.broadcast import Broadcaster, Delivery, group_name
from interviews.live.registry import CandidateSocket, ObserverSocket, Registry
from interviews.live.watchers import Watchers
from interviews.queries.status import standings
from interviews.services.candidate_heard import record_heard
from interviews.wire.messages import Liveness, OpenUtterance

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
# Of so many polls one asks for rights, too, which costs more than all the rest: within the second, still.
POLLS_PER_LOOK_AT_RIGHTS = 2
# How often it is recorded when each candidate was last heard.
HEARD_SECONDS = 2.0
# How long after one echo the next is sent, and how long it may take.
ECHO_SECONDS = 0.75
ECHO_TIMEOUT_SECONDS = 1.0
# A single membership may be lost too; and who watches is told again.
REJOIN_SECONDS = 10.0
NEVER = float("-inf")
BACKOFF_SECONDS = 0.1, 1.0

_delivery = msgspec.msgpack.Decoder(Delivery)


class Feed:
    """`broadcaster` is the process's; its feed runs it, since both live and die with the channel layer."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.broadcaster = broadcaster
        self.interims: Liveness = "live"
        self._process = uuid4()
        self._candidates: Registry[CandidateSocket] = Registry()
        self._observers: Registry[ObserverSocket] = Registry()
        self._watchers = Watchers(self._process, self._observers, broadcaster.send)
        self._channel = ""
        # When each interview's group was joined, and the process's own, which carries its echo.
        self._joined = {self._process: NEVER}
        self._to_join = asyncio.Event()
        # How often it has heard itself.
        self.echo_count = 0
        self._echo = 0
        self._echoed = asyncio.Event()
        self._interims: dict[UUID, OpenUtterance] = {}
        self._tasks: list[asyncio.Task[None]] = []

    # What the sockets call

    def start(self) -> None:
        on_the_layer = self.broadcaster.run, self._receive, self._join, self._listen_for_echoes
        loops = [_forever(loop, self._lose_layer) for loop in on_the_layer]
        self._tasks = [asyncio.create_task(loop) for loop in (*loops, _forever(self._poll))]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def attach_candidate(self, socket: CandidateSocket) -> None:
        self._candidates.add(socket)

    def detach_candidate(self, socket: CandidateSocket) -> None:
        self._candidates.discard(socket)

    def attach_observer(self, socket: ObserverSocket) -> None:
        self._observers.add(socket)
        # Again where it is joined already: the others are told who watches now.
        self._joined[socket.interview_id] = NEVER
        self._to_join.set()

    def detach_observer(self, socket: ObserverSocket) -> None:
        self._observers.discard(socket)
        if not self._observers.of(socket.interview_id):
            self._interims.pop(socket.interview_id, None)
        self._watchers.tell(socket.interview_id)
        self._to_join.set()

    @property
    def is_idle(self) -> bool:
        """Whether no socket is attached, nothing is remembered of any, and no interview's group is joined."""
        sockets = bool(self._candidates or self._observers)
        remembered = bool(self._interims) or not self._watchers.is_idle
        return not sockets and not remembered and set(self._joined) == {self._process}

    def interim(self, interview_id: UUID) -> OpenUtterance | None:
        """The open utterance, as far as it was heard of here."""
        return self._interims.get(interview_id)

    def watchers(self, interview_id: UUID) -> list[str]:
        """The names of all who watch, over all processes."""
        return self._watchers.names(interview_id)

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
                self.deliver(_delivery.decode(message["delivery"]))
            elif message["type"] == "feed.presence":
                self._watchers.hear(UUID(message["interview"]), message["process"], message["names"])
            elif message["number"] == self._echo:
                self.echo_count += 1
                self._echoed.set()

    def deliver(self, delivery: Delivery) -> None:
        observers = self._observers.of(delivery.interview_id)
        if not observers:
            # The group is left a moment after the last one who watched.
            return
        if delivery.interim is not None:
            self._interims[delivery.interview_id] = delivery.interim
        elif delivery.closes_interim:
            self._interims.pop(delivery.interview_id, None)
        for socket in observers:
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
                is_watched = bool(self._observers.of(interview_id))
                if not is_watched and interview_id != self._process:
                    del self._joined[interview_id]
                    async with asyncio.timeout(conf.CHANNEL_LAYER_TIMEOUT_SECONDS):
                        await layer.group_discard(group_name(interview_id), self._channel)
                elif time.monotonic() - self._joined[interview_id] >= REJOIN_SECONDS:
                    self._joined[interview_id] = time.monotonic()
                    async with asyncio.timeout(conf.CHANNEL_LAYER_TIMEOUT_SECONDS):
                        await layer.group_add(group_name(interview_id), self._channel)
                    if is_watched:
                        self._watchers.tell(interview_id)

    async def _listen_for_echoes(self) -> None:
        """Memberships vanish together, so that its own stands for all."""
        while True:
            await asyncio.sleep(ECHO_SECONDS)
            self._echo += 1
            self._echoed.clear()
            self.broadcaster.send(self._process, {"type": "feed.echo", "number": self._echo})
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
        for socket in self._observers:
            socket.show_interims()

    async def _poll(self) -> None:
        recorded_at = NEVER
        for number in itertools.count():
            await asyncio.sleep(POLL_SECONDS)
            candidates, observers = list(self._candidates), list(self._observers)
            if time.monotonic() - recorded_at >= HEARD_SECONDS:
                await _record_heard(candidates, time.monotonic() - recorded_at)
                recorded_at = time.monotonic()
            with_rights = number % POLLS_PER_LOOK_AT_RIGHTS == 0
            await self._compare(candidates, observers, with_rights=with_rights)

    async def _compare(
        self, candidates: list[CandidateSocket], observers: list[ObserverSocket], *, with_rights: bool
    ) -> None:
        """With what the rows hold by now; whoever has left meanwhile is told nothing."""
        sockets: list[CandidateSocket | ObserverSocket] = [*candidates, *observers]
        if not sockets:
            return
        sights = {(o.watcher, o.interview_id) for o in observers} if with_rights else None
        recorded = {candidate.answer_id for candidate in candidates if candidate.answer_id}
        found = await in_database(standings, {socket.interview_id for socket in sockets}, recorded, sights)
        for candidate in candidates:
            if candidate in self._candidates:
                candidate.check(found[candidate.interview_id])
        for observer in observers:
            if observer in self._observers:
                observer.check(found[observer.interview_id])


async def _record_heard(candidates: list[CandidateSocket], seconds: float) -> None:
    """Which of them have been heard within so many seconds, since the last time."""
    silent: dict[UUID, float] = {}
    for candidate in candidates:
        if candidate.silent_seconds <= seconds:
            before = silent.get(candidate.interview_id, seconds)
            silent[candidate.interview_id] = min(candidate.silent_seconds, before)
    if silent:
        await in_database(record_heard, silent)


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

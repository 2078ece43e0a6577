"""One observer's connection: an interview's dashboard, or the lobby."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from interviews import access, services
from interviews.broadcast import Delivery
from interviews.database import in_database
from interviews.errors import Close, Code
from interviews.messages import (
    ErrorMessage,
    Heartbeat,
    Lobby,
    ObserverMessage,
    Ping,
    Pong,
    Presence,
    Resync,
    Seen,
    ServerMessage,
    encode,
    error,
)
from interviews.outbox import Outbox, RateLimit
from interviews.services import Standing
from interviews.worker import Worker

LOBBY_SECONDS = 2.0
# Who asks for snapshots again and again gets one each so often.
SNAPSHOT_SECONDS = 0.1


class Listener:
    """What observers' sessions share: the outbox, and what they may say."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self._rate = RateLimit(settings.SOCKET_MESSAGES_PER_SECOND, monotonic)

    def receive(self, message: ObserverMessage | ErrorMessage) -> None:
        if not self._rate.take():
            if self._rate.is_ignored:
                self.hang_up(Close.TRY_LATER, Code.RATE_LIMIT_EXCEEDED)
            return
        self.handle(message)

    def handle(self, message: ObserverMessage | ErrorMessage) -> None:
        match message:
            case ErrorMessage():
                self.put(message)
            case Ping():
                self.put(Pong())

    def encoded(self, message: ServerMessage) -> list[str]:
        return [encode(message)]

    def put(self, message: ServerMessage, slot: str | None = None) -> None:
        self.outbox.put(encode(message), slot)

    def hang_up(self, code: Close, reason: Code) -> None:
        self.put(error(reason))
        self.outbox.close(code)


class ObserverSession(Listener):
    """Sends a snapshot, then every change after it; a new snapshot wherever something is missing.

    Memory is bounded by what is sent and not seen: over OBSERVER_UNSEEN_BYTES nothing more is sent, and
    who has seen nothing for OBSERVER_UNSEEN_SECONDS then is closed.
    """

    answer_id: UUID | None = None

    def __init__(self, interview_id: UUID, watcher: access.Watcher, worker: Worker) -> None:
        super().__init__()
        self.interview_id = interview_id
        self.watcher = watcher
        self._feed = worker.feed
        self._revision: int | None = None
        self._has_missed = False
        self._lagged_behind: int | None = None
        self._wants_snapshot = asyncio.Event()
        self._wants_snapshot.set()
        self._unseen_bytes = 0
        self._full_since: float | None = None

    async def run(self) -> None:
        self._feed.attach(self)
        while True:
            try:
                async with asyncio.timeout(settings.OBSERVER_HEARTBEAT_SECONDS):
                    await self._wants_snapshot.wait()
            except TimeoutError:
                self._beat()
            else:
                await self._send_snapshot()

    async def aclose(self) -> None:
        self._feed.detach(self)

    def handle(self, message: ObserverMessage | ErrorMessage) -> None:
        match message:
            case Resync():
                self._wants_snapshot.set()
            case Seen():
                self._seen()
            case _:
                super().handle(message)

    # The feed's side

    def deliver(self, delivery: Delivery) -> None:
        builds_on = delivery.revision if delivery.interim else delivery.revision - 1
        if self._revision is None or builds_on > self._revision:
            # What lies between is on its way, or lost. The rows have it either way.
            self._wants_snapshot.set()
        elif delivery.interim is not None or delivery.revision >= self._revision:
            self._revision = max(self._revision, delivery.revision)
            for text in delivery.texts:
                self._send(text, "interim" if delivery.interim else None)

    def show_watchers(self, names: list[str]) -> None:
        if self._revision is not None:
            fields = {**msgspec.to_builtins(Presence(watchers=names)), "revision": self._revision}
            self._send(msgspec.json.encode(fields).decode(), "presence")

    def check(self, standing: Standing) -> None:
        if (self.watcher, self.interview_id) not in standing.allowed:
            return self.hang_up(Close.NOT_ALLOWED, Code.FORBIDDEN)
        self._check_reading()
        if self._revision is None or standing.revision <= self._revision:
            self._lagged_behind = None
        elif self._feed.interims == "late" or (self._lagged_behind or 0) > self._revision:
            self._wants_snapshot.set()
        else:
            # Its message may just be on its way.
            self._lagged_behind = standing.revision

    def show_interims(self) -> None:
        self._beat()

    # What is sent

    def _beat(self) -> None:
        """Also to who may be sent nothing else: the answer to it shows that they read again."""
        if self._revision is not None:
            self.put(Heartbeat(revision=self._revision, interims=self._feed.interims), "heartbeat")

    async def _send_snapshot(self) -> None:
        self._wants_snapshot.clear()
        interim, watchers = self._feed.interim(self.interview_id), self._feed.watchers(self.interview_id)
        snapshot = await in_database(services.snapshot, self.interview_id, interim, watchers)
        if self._revision is None or snapshot.revision >= self._revision:
            self._revision = snapshot.revision
            self._lagged_behind = None
            snapshot.interims = self._feed.interims
            self._send(encode(snapshot))
        else:
            # A change that was made after the reading has been sent meanwhile.
            self._wants_snapshot.set()
        await asyncio.sleep(SNAPSHOT_SECONDS)

    def _send(self, text: str, slot: str | None = None) -> None:
        if self._full_since is not None:
            self._has_missed = True
            return
        self._unseen_bytes += len(text)
        self.outbox.put(text, slot)
        if self._unseen_bytes > settings.OBSERVER_UNSEEN_BYTES:
            self._full_since = monotonic()

    def _seen(self) -> None:
        self._unseen_bytes = 0
        self._full_since = None
        if self._has_missed:
            self._has_missed = False
            self._wants_snapshot.set()

    def _check_reading(self) -> None:
        if self._full_since is not None and monotonic() - self._full_since > settings.OBSERVER_UNSEEN_SECONDS:
            self.hang_up(Close.IDLE, Code.TIMEOUT)


class LobbySession(Listener):
    """Sends the whole list whenever it differs from what was sent last."""

    def __init__(self, watcher: access.Watcher, *, every_seconds: float = LOBBY_SECONDS) -> None:
        super().__init__()
        self._watcher = watcher
        self._every_seconds = every_seconds
        self._sent: list[dict[str, Any]] | None = None

    async def run(self) -> None:
        while True:
            entries = await in_database(services.lobby, self._watcher)
            if entries is None:
                return self.hang_up(Close.NOT_ALLOWED, Code.FORBIDDEN)
            if entries != self._sent:
                self._sent = entries
                self.put(Lobby(interviews=entries), "lobby")
            await asyncio.sleep(self._every_seconds)

    async def aclose(self) -> None:
        """It holds nothing."""

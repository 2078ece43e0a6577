"""One observer's connection: an interview's dashboard, or the lobby."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from interviews import access
from interviews.conf import conf
from interviews.database import DatabaseAway, in_database, persistently
from interviews.errors import Close, Code
from interviews.live.broadcast import Delivery
from interviews.live.outbox import Outbox, Pace, RateLimit
from interviews.live.tasks import AskedOnce
from interviews.live.worker import Lobbies, Worker
from interviews.models.statuses import UNDER_WAY
from interviews.queries import lobby, status
from interviews.queries.status import Standing
from interviews.wire.messages import (
    ErrorMessage,
    Heartbeat,
    LobbyMessage,
    ObserverMessage,
    OpenUtterance,
    Ping,
    Pong,
    Presence,
    Resync,
    Seen,
    ServerMessage,
    Snapshot,
    encode,
    encode_as_of,
    error,
)
from interviews.wire.messages.parts import LobbyCounts

LOBBY_SECONDS = 2.0
# Whoever asks for snapshots again and again gets one each so often.
SNAPSHOT_SECONDS = 0.1
# How soon one that could not be read is tried again.
AWAY_SECONDS = 0.5


class Mark(NamedTuple):
    """A message that `seen` answers, and what had been sent with it."""

    revision: int
    sent_bytes: int
    sent_wholes: int


class Listener:
    """What observers' sessions share: what they may say, and an outbox with a bound.

    `seen` says that somebody reads; it answers a message that `ask` has marked. What was sent since the
    last one answered is bounded: over OBSERVER_UNSEEN_BYTES nothing more is sent, and whoever doesn't go on
    seeing within OBSERVER_UNSEEN_SECONDS is closed. One whole of any size may be on its way besides: if it
    counted, a large one would keep out the changes after it, and be sent again and again for them.
    """

    def __init__(self) -> None:
        self.outbox = Outbox()
        self._rate = RateLimit(conf.SOCKET_MESSAGES_PER_SECOND, monotonic)
        self._sent_bytes = 0
        self._seen_bytes = 0
        self._sent_wholes = 0
        self._seen_wholes = 0
        # What is not answered yet.
        self._asked: deque[Mark] = deque()
        self._full_since: float | None = None
        self._has_missed = False

    def receive(self, message: ObserverMessage | ErrorMessage) -> None:
        if not self._rate.take():
            if self._rate.is_ignored:
                self.hang_up(Close.TRY_LATER, Code.RATE_LIMIT_EXCEEDED)
            return
        self.handle(message)

    def handle(self, message: ObserverMessage | ErrorMessage) -> None:
        match message:
            case Seen():
                self._seen(message.revision)
            case ErrorMessage():
                self.put(encode(message))
            case Ping():
                self.put(encode(Pong()))

    def encoded(self, message: ServerMessage) -> list[str]:
        return [encode(message)]

    def catch_up(self) -> None:
        """They read again, and have missed something."""
        raise NotImplementedError

    @property
    def is_full(self) -> bool:
        return self._full_since is not None

    def put(self, text: str, slot: str | None = None) -> None:
        if self.is_full:
            self._has_missed = True
        else:
            self._put(text, slot)

    def put_whole(self, text: str) -> None:
        """Puts what makes up for all that was missed."""
        if self._sent_wholes > self._seen_wholes:
            return self.put(text)
        self._sent_wholes += 1
        self.outbox.put(text)

    def ask(self, text: str, revision: int = 0) -> None:
        """Puts what is answered by `seen`, also to who may be sent nothing else."""
        self._put(text)
        self._asked.append(Mark(revision, self._sent_bytes, self._sent_wholes))

    def check_reading(self) -> None:
        if self._full_since is not None and monotonic() - self._full_since > conf.OBSERVER_UNSEEN_SECONDS:
            self.hang_up(Close.IDLE, Code.TIMEOUT)

    def hang_up(self, code: Close, reason: Code) -> None:
        self._put(encode(error(reason)))
        self.outbox.close(code)

    def _put(self, text: str, slot: str | None = None) -> None:
        self._sent_bytes += len(text.encode())
        self.outbox.put(text, slot)
        self._check_room()

    def _seen(self, revision: int) -> None:
        if not self._asked or self._asked[0].revision > revision:
            return
        asked_revision = -1
        while self._asked and asked_revision < revision and self._asked[0].revision <= revision:
            asked_revision, self._seen_bytes, self._seen_wholes = self._asked.popleft()
        # Whoever reads, however slowly, has time again.
        self._full_since = None
        self._check_room()
        if self._has_missed and not self.is_full:
            self._has_missed = False
            self.catch_up()

    def _check_room(self) -> None:
        if not self.is_full and self._sent_bytes - self._seen_bytes > conf.OBSERVER_UNSEEN_BYTES:
            self._full_since = monotonic()


class ObserverSession(Listener):
    """Sends a snapshot, then every change after it; a new snapshot wherever something is missing."""

    def __init__(self, interview_id: UUID, watcher: access.Watcher, worker: Worker) -> None:
        super().__init__()
        self.interview_id = interview_id
        self.watcher = watcher
        self._feed = worker.feed
        self._revision: int | None = None
        self._lagged_behind: int | None = None
        # As it was when the rows were last read: a database that is away makes no candidate silent.
        self._candidate_silent_ms: int | None = None
        self._wants_snapshot = asyncio.Event()
        self._wants_snapshot.set()
        self._interims = Pace(conf.OBSERVER_INTERIMS_PER_SECOND, self._put_interim)

    async def run(self) -> None:
        self._feed.attach_observer(self)
        beat_at = monotonic() + conf.OBSERVER_HEARTBEAT_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(beat_at - monotonic()):
                    await self._wants_snapshot.wait()
            if self._wants_snapshot.is_set():
                await self._send_snapshot()
            if monotonic() >= beat_at:
                self._beat()
                self.check_reading()
                beat_at = monotonic() + conf.OBSERVER_HEARTBEAT_SECONDS

    async def aclose(self) -> None:
        self._feed.detach_observer(self)
        self._interims.close()

    def handle(self, message: ObserverMessage | ErrorMessage) -> None:
        match message:
            case Resync():
                self._wants_snapshot.set()
            case _:
                super().handle(message)

    def catch_up(self) -> None:
        self._wants_snapshot.set()

    # The feed's side

    def deliver(self, delivery: Delivery) -> None:
        builds_on = delivery.revision - delivery.is_change
        if self._revision is None or builds_on > self._revision:
            # What lies between is on its way, or lost. The rows have it either way.
            self._wants_snapshot.set()
        elif delivery.interim is not None:
            self._interims.put(delivery)
        elif delivery.revision >= self._revision:
            self._revision = delivery.revision
            if delivery.closes_interim:
                self._interims.drop()
            # Or an interim of before the change would be shown after it.
            self._interims.hurry()
            for text in delivery.texts:
                self.put(text)

    def show_watchers(self, names: list[str]) -> None:
        if self._revision is not None:
            self.put(encode_as_of(Presence(watchers=names), self._revision), "presence")

    def show_interims(self) -> None:
        self._beat()

    def check(self, standing: Standing) -> None:
        if standing.allowed is not None and (self.watcher, self.interview_id) not in standing.allowed:
            return self.hang_up(Close.NOT_ALLOWED, Code.FORBIDDEN)
        self._candidate_silent_ms = standing.candidate_silent_ms
        if self._revision is None or standing.revision <= self._revision:
            self._lagged_behind = None
        elif self._feed.interims == "late" or (self._lagged_behind or 0) > self._revision:
            self._wants_snapshot.set()
        else:
            # Its message may just be on its way.
            self._lagged_behind = standing.revision

    # What is sent

    def _beat(self) -> None:
        if self._revision is not None:
            beat = Heartbeat(
                revision=self._revision,
                interims=self._feed.interims,
                candidate_silent_ms=self._candidate_silent_ms,
            )
            self.ask(encode(beat), self._revision)

    def _put_interim(self, delivery: Delivery) -> None:
        for text in delivery.texts:
            self.put(text, "interim")

    async def _send_snapshot(self) -> None:
        self._wants_snapshot.clear()
        if self.is_full or self.outbox.is_held_up:
            # It would be out of date before there was room for it.
            self._has_missed = True
            return
        try:
            snapshot = await in_database(status.snapshot, self.interview_id, None, [])
        except DatabaseAway:
            # The feed has logged it. Heartbeats go on meanwhile.
            self._wants_snapshot.set()
            return await asyncio.sleep(AWAY_SECONDS)
        if self._revision is None or snapshot.revision >= self._revision:
            self._revision = snapshot.revision
            self._lagged_behind = None
            self._interims.drop()
            self.put_whole(encode(self._with_what_is_open(snapshot)))
        else:
            # A change that was made after the reading has been sent meanwhile.
            self._wants_snapshot.set()
        await asyncio.sleep(SNAPSHOT_SECONDS)

    def _with_what_is_open(self, snapshot: Snapshot) -> Snapshot:
        """Adds what no row keeps."""
        interim = self._feed.interim(self.interview_id)
        snapshot.interim = interim if interim and _is_open(interim, snapshot) else None
        snapshot.watchers = self._feed.watchers(self.interview_id)
        snapshot.interims = self._feed.interims
        return snapshot


def _is_open(interim: OpenUtterance, snapshot: Snapshot) -> bool:
    """False where its final, or the end of its answer, is in the rows already: their message was lost."""
    answer = next((a for a in snapshot.answers if a.answer_id == interim.answer_id), None)
    if answer is None or answer.status not in UNDER_WAY or interim.revision > snapshot.revision:
        return False
    return all(segment.segment < interim.segment for segment in answer.segments)


class LobbySession(Listener):
    """Sends one page of the lobby whenever it differs from what was sent last.

    `query_string` is the page's own: what is searched for, filtered by, and which page of it. `lobbies` is
    what the process has asked for others.
    """

    def __init__(
        self,
        watcher: access.Watcher,
        query_string: str = "",
        *,
        lobbies: Lobbies | None = None,
        every_seconds: float = LOBBY_SECONDS,
    ) -> None:
        super().__init__()
        self._lobbies = lobbies or AskedOnce()
        self._watcher = watcher
        self._query_string = query_string
        self._every_seconds = every_seconds
        self._sent: str | None = None

    async def run(self) -> None:
        while True:
            # The tabs of one browser have the same session, and most of them the same page.
            asked = self._watcher, self._query_string
            look = partial(persistently, lobby.look_by_socket, *asked)
            shown = await self._lobbies.ask(asked, self._every_seconds / 2, look)
            if shown is None:
                return self.hang_up(Close.NOT_ALLOWED, Code.FORBIDDEN)
            if shown.digest != self._sent:
                self._show(shown)
            self.check_reading()
            await asyncio.sleep(self._every_seconds)

    async def aclose(self) -> None:
        """It holds nothing."""

    def catch_up(self) -> None:
        self._sent = None

    def _show(self, shown: lobby.Lobby) -> None:
        if self.is_full:
            self._has_missed = True
        else:
            self._sent = shown.digest
            counts = LobbyCounts(**shown.counts)
            message = LobbyMessage(interviews=shown.entries, counts=counts, digest=shown.digest)
            self.ask(encode(message))

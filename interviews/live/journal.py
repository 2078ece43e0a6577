"""Group commit: the chunks of all of a process's connections, written together by one thread.

What has come since the last transaction goes into the next, a tick later: the cost is a transaction a
tick, whatever the number of candidates, and a chunk that comes alone is written at once. A chunk's
future is done when the transaction that holds it has committed; it fails with StaleEpoch for an answer
that another connection has taken. While the database is away everything waits, up to a bound. Chunks of an
answer that somebody else has locked wait by themselves: the others are committed meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection, connections, transaction
from django.db.models import QuerySet

from interviews.conf import conf
from interviews.database import (
    BACKOFF_SECONDS,
    DatabaseAway,
    is_away,
    keep_connections,
    reason_of,
)
from interviews.errors import StaleEpoch
from interviews.models import Answer, AudioChunk
from interviews.services.owing import grace_end

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
# What one transaction writes at most: after an outage much has come together.
BATCH_BYTES = 8 * 1024 * 1024
# How long a row that somebody else has locked is waited for when the process ends.
CLOSING_SECONDS = 3.0
Writer = tuple[UUID, int]


@dataclass(slots=True)
class Entry:
    answer_id: UUID
    epoch: int
    index: int
    data: bytes
    committed: asyncio.Future[None]
    # The commit whose end was not heard of may have been one.
    may_be_stored: bool = False

    @property
    def writer(self) -> Writer:
        return self.answer_id, self.epoch


class Journal:
    """Its thread starts with the first chunk and ends with `close`."""

    def __init__(self, tick_seconds: float = TICK_SECONDS) -> None:
        self._tick_seconds = tick_seconds
        self._entries: deque[Entry] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._in_a_hurry = False
        self._closing = False
        # What is locked by then is waited for no longer.
        self._closes_at = 0.0
        self._thread: threading.Thread | None = None

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be written that nothing more should be appended."""
        return self._waiting_bytes >= conf.JOURNAL_MAX_BYTES

    def append(self, answer_id: UUID, epoch: int, index: int, data: bytes) -> asyncio.Future[None]:
        """Call it on the event loop; the future belongs to it."""
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
            self._thread.start()
        committed = asyncio.get_running_loop().create_future()
        # Whoever waited for it may be gone by the time it fails.
        committed.add_done_callback(_look_at)
        with self._changed:
            self._entries.append(Entry(answer_id, epoch, index, data, committed))
            self._waiting_bytes += len(data)
            if len(self._entries) == 1:
                self._changed.notify()
        return committed

    def hurry(self) -> None:
        """Somebody waits for the last of their chunks: what is there is written now."""
        with self._changed:
            self._in_a_hurry = True
            self._changed.notify()

    def close(self) -> None:
        """Waits until everything is written; what can't be, because the database is away or locked, fails."""
        if self._thread is not None:
            with self._changed:
                self._closing = True
                self._closes_at = monotonic() + CLOSING_SECONDS
                self._changed.notify()
            self._thread.join()
            self._thread = None

    # Its thread

    def _write(self) -> None:
        keep_connections()
        began = -self._tick_seconds
        while batch := self._next_batch(began + self._tick_seconds):
            began = monotonic()
            locked = self._commit(batch)
            with self._changed:
                # Before all that came since.
                self._entries.extendleft(reversed(locked))
                self._waiting_bytes -= sum(len(entry.data) for entry in batch)
                self._waiting_bytes += sum(len(entry.data) for entry in locked)
                if locked and self._closing:
                    self._wait_for_locks(locked)
        connections.close_all()

    def _next_batch(self, not_before: float) -> list[Entry]:
        """Nothing when it is closed and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._closing)
            self._changed.wait_for(
                lambda: self._in_a_hurry or self._closing, timeout=max(0.0, not_before - monotonic())
            )
            self._in_a_hurry = False
            batch: list[Entry] = []
            size = 0
            while self._entries and size < BATCH_BYTES:
                batch.append(self._entries.popleft())
                size += len(batch[-1].data)
            return batch

    def _commit(self, batch: list[Entry]) -> list[Entry]:
        """Whoever waits for an entry is woken after it: committed, or refused for a reason that stays.

        Returns those of answers that somebody else has locked: they wait for another tick.
        """
        delay, longest = BACKOFF_SECONDS
        is_again = False
        while True:
            try:
                with transaction.atomic():
                    locked, stale = _insert(batch)
            except (DatabaseError, InterfaceError) as problem:
                # Whatever was wrong with it may be so still.
                connections.close_all()
                if not is_away(problem):
                    return self._fail_one(batch, problem)
                if not is_again:
                    logger.warning("the database is away (%s): chunks wait", reason_of(problem))
                is_again = True
                for entry in batch:
                    entry.may_be_stored = True
                if self._is_closed_within(delay):
                    _wake(batch, problem)
                    return []
                delay = min(delay * 2, longest)
            except Exception as problem:
                # Whatever it is, those who wait are told, and the thread goes on.
                return self._fail_one(batch, problem)
            else:
                if is_again:
                    logger.warning("the database is back: chunks are written again")
                _wake([e for e in batch if e.writer in stale], StaleEpoch())
                _wake([e for e in batch if e.writer not in stale | locked], None)
                return [e for e in batch if e.writer in locked]

    def _fail_one(self, batch: list[Entry], problem: Exception) -> list[Entry]:
        """One answer's fault must not fail the others'."""
        by_answer = defaultdict(list)
        for entry in batch:
            by_answer[entry.writer].append(entry)
        if len(by_answer) > 1:
            return [entry for entries in by_answer.values() for entry in self._commit(entries)]
        logger.error("chunks of answer %s could not be stored", batch[0].answer_id, exc_info=problem)
        _wake(batch, problem)
        return []

    def _wait_for_locks(self, locked: list[Entry]) -> None:
        """At the end there is no tick to wait for, and an end to waiting."""
        if monotonic() < self._closes_at:
            self._changed.wait(self._tick_seconds)
            return
        for entry in locked:
            self._entries.popleft()
            self._waiting_bytes -= len(entry.data)
        _wake(locked, DatabaseAway("somebody else has locked the answer"))

    def _is_closed_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._closing, timeout=seconds)


def _insert(batch: Sequence[Entry]) -> tuple[set[Writer], set[Writer]]:
    """Stores what its writer still holds the answer for; returns the writers that have to wait for somebody
    else's lock, and those that don't hold it any more.
    """
    writers = {entry.writer for entry in batch}
    held = _hold(writers)
    locked = _holding(writers - held)
    entries = [entry for entry in batch if entry.writer in held]
    _store([entry for entry in entries if not (entry.may_be_stored and _is_stored(entry))])
    return locked, writers - held - locked


def _store(entries: Sequence[Entry]) -> None:
    """One statement for all rows: one for each number of rows would be remembered by the connection, and on
    SQLite each with the audio that was last bound to it.
    """
    fields: list[Any] = [AudioChunk._meta.get_field(name) for name in ("answer", "index", "data")]
    rows = [
        [
            field.get_db_prep_save(value, connection)
            for field, value in zip(fields, (entry.answer_id, entry.index, entry.data), strict=True)
        ]
        for entry in entries
    ]
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            # Names of our own columns; whatever came from outside is a parameter.
            f"INSERT INTO {quoted(AudioChunk._meta.db_table)} ({columns}) VALUES (%s, %s, %s)",  # noqa: S608
            rows,
        )


def _hold(writers: set[Writer]) -> set[Writer]:
    """Those who still have their answers, which nobody can take until the commit; nobody is waited for."""
    answers = _recorded(writers).select_for_update(skip_locked=True, no_key=True).order_by("pk")
    held = writers & set(answers.values_list("pk", "epoch"))
    Answer.objects.filter(pk__in={pk for pk, _ in held}).update(owed_at=grace_end())
    return held


def _holding(writers: set[Writer]) -> set[Writer]:
    """Those who have their answers as far as was committed: whoever has locked one may be taking it."""
    return writers & set(_recorded(writers).values_list("pk", "epoch")) if writers else set()


def _recorded(writers: set[Writer]) -> QuerySet[Answer]:
    return Answer.objects.filter(pk__in={pk for pk, _ in writers}, status=Answer.Status.RECORDING)


def _is_stored(entry: Entry) -> bool:
    return AudioChunk.objects.filter(answer=entry.answer_id, index=entry.index, data=entry.data).exists()


def _look_at(committed: asyncio.Future[None]) -> None:
    if not committed.cancelled():
        committed.exception()


def _wake(entries: Sequence[Entry], problem: Exception | None) -> None:
    """Wakes those who wait, on their own event loops."""
    loops = defaultdict(list)
    for entry in entries:
        loops[entry.committed.get_loop()].append(entry.committed)
    for loop, futures in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, futures, problem)


def _resolve(futures: Sequence[asyncio.Future[None]], problem: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue
        if problem is None:
            future.set_result(None)
        else:
            future.set_exception(problem)

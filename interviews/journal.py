"""Group commit: the chunks of all of a process's connections, written together by one thread.

Whatever has come while one transaction was being written goes into the next: the cost is a transaction
a tick, not a chunk, and an idle journal writes at once. A chunk's future is done when the transaction
that holds it has committed; it fails with StaleEpoch for an answer that another connection has taken.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from interviews.errors import StaleEpoch
from interviews.models import Answer, AudioChunk

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    answer_id: UUID
    epoch: int
    index: int
    data: bytes
    committed: asyncio.Future[None]

    @property
    def writer(self) -> tuple[UUID, int]:
        return self.answer_id, self.epoch


class Journal:
    """Its thread starts with the first chunk and ends with `close`."""

    def __init__(self) -> None:
        self._entries: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def append(self, answer_id: UUID, epoch: int, index: int, data: bytes) -> asyncio.Future[None]:
        """Call it on the event loop; the future belongs to it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
            self._thread.start()
        committed = asyncio.get_running_loop().create_future()
        # Whoever waited for it may be gone by the time it fails.
        committed.add_done_callback(_look_at)
        self._entries.put(Entry(answer_id, epoch, index, data, committed))
        return committed

    def close(self) -> None:
        """Waits until everything is written."""
        if self._thread is not None:
            self._entries.put(None)
            self._thread.join()
            self._thread = None

    def _write(self) -> None:
        while (batch := self._next_batch()) is not None:
            self._commit(batch)
        connection.close()

    def _next_batch(self) -> list[Entry] | None:
        entry = self._entries.get()
        batch: list[Entry] = []
        while entry is not None:
            batch.append(entry)
            try:
                entry = self._entries.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._entries.put(None)
        return batch or None

    def _commit(self, batch: list[Entry]) -> None:
        try:
            with transaction.atomic():
                stale = _insert(batch)
        except Exception:
            # Whatever it is, those who wait are told, and the thread goes on.
            connection.close_if_unusable_or_obsolete()
            self._commit_each(batch)
        else:
            _settle([e for e in batch if e.writer in stale], StaleEpoch())
            _settle([e for e in batch if e.writer not in stale], None)

    def _commit_each(self, batch: list[Entry]) -> None:
        """One answer's fault must not fail the others'."""
        by_answer = defaultdict(list)
        for entry in batch:
            by_answer[entry.writer].append(entry)
        for entries in by_answer.values():
            try:
                with transaction.atomic():
                    stale = _insert(entries)
                _settle(entries, StaleEpoch() if stale else None)
            except Exception as problem:
                logger.exception("chunks of answer %s could not be stored", entries[0].answer_id)
                connection.close_if_unusable_or_obsolete()
                _settle(entries, problem)


def _insert(batch: Sequence[Entry]) -> set[tuple[UUID, int]]:
    """Stores what its writer still holds the answer for; returns the writers that don't."""
    lease = timezone.now() + timedelta(seconds=settings.ANSWER_LEASE_SECONDS)
    stale = set()
    for answer_id, epoch in sorted({entry.writer for entry in batch}):
        held = Answer.objects.filter(pk=answer_id, epoch=epoch, status=Answer.Status.RECORDING)
        if not held.update(lease_until=lease):
            stale.add((answer_id, epoch))
    AudioChunk.objects.bulk_create(
        AudioChunk(answer_id=entry.answer_id, index=entry.index, data=entry.data)
        for entry in batch
        if entry.writer not in stale
    )
    return stale


def _look_at(committed: asyncio.Future[None]) -> None:
    if not committed.cancelled():
        committed.exception()


def _settle(entries: Sequence[Entry], problem: Exception | None) -> None:
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

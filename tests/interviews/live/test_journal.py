from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection
from django.db.backends.signals import connection_created
from django.utils import timezone

from interviews.database import DatabaseAway, in_database
from interviews.errors import StaleEpoch
from interviews.live import journal as journals
from interviews.live.journal import TICK_SECONDS, Journal
from interviews.models import Answer, AudioChunk
from tests.support.away import away
from tests.support.live import eventually
from tests.support.rows import an_interview

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal()
    yield journal
    journal.close()


def a_recording(**fields: Any) -> Answer:
    return Answer.objects.create(question=an_interview().questions.all()[0], **fields)


def stored(answer_id: UUID) -> list[tuple[int, bytes]]:
    rows = AudioChunk.objects.filter(answer=answer_id)
    return [(index, bytes(data)) for index, data in rows.values_list("index", "data")]


def journal_threads() -> int:
    return sum(thread.name == "journal" for thread in threading.enumerate())


async def test_a_chunk_is_committed_when_its_future_is_done(journal: Journal) -> None:
    answer = await in_database(a_recording)

    await journal.append(answer.pk, 1, 0, b"\0\1\2")

    assert await in_database(stored, answer.pk) == [(0, b"\0\1\2")]


async def test_chunks_of_many_answers_are_committed_in_order(journal: Journal) -> None:
    answers = [await in_database(a_recording) for _ in range(5)]

    done: list[tuple[int, int]] = []

    def note(which: tuple[int, int], _: object) -> None:
        done.append(which)

    futures = []
    for index in range(20):
        for number, answer in enumerate(answers):
            future = journal.append(answer.pk, 1, index, bytes([index]))
            future.add_done_callback(partial(note, (index, number)))
            futures.append(future)
    await asyncio.gather(*futures)

    assert done == [(index, number) for index in range(20) for number in range(5)]
    for answer in answers:
        assert await in_database(stored, answer.pk) == [(index, bytes([index])) for index in range(20)]


async def test_a_commit_is_a_sign_of_life(journal: Journal) -> None:
    answer = await in_database(a_recording, owed_at=timezone.now() - timedelta(hours=1))

    await journal.append(answer.pk, 1, 0, b"a")

    await in_database(answer.refresh_from_db)
    assert answer.owed_at and answer.owed_at > timezone.now()


@pytest.mark.parametrize("changes", [{"epoch": 2}, {"status": "finishing"}, {"status": "failed"}])
async def test_who_does_not_hold_the_answer_stores_nothing(journal: Journal, changes: dict[str, Any]) -> None:
    answer = await in_database(a_recording, **changes)
    other = await in_database(a_recording)

    stale = [journal.append(answer.pk, 1, index, b"a") for index in range(3)]
    fine = journal.append(other.pk, 1, 0, b"b")
    problems = await asyncio.gather(*stale, return_exceptions=True)
    await fine

    assert [type(problem) for problem in problems] == [StaleEpoch] * 3
    assert await in_database(stored, answer.pk) == []
    assert await in_database(stored, other.pk) == [(0, b"b")]


async def test_an_answer_that_is_no_more_stores_nothing(journal: Journal) -> None:
    with pytest.raises(StaleEpoch):
        await journal.append(uuid4(), 1, 0, b"a")


async def test_one_answer_s_fault_fails_that_answer_alone(journal: Journal) -> None:
    broken, fine = [await in_database(a_recording) for _ in range(2)]
    await journal.append(broken.pk, 1, 0, b"first")

    # The same index again, which a protocol would not send.
    again = journal.append(broken.pk, 1, 0, b"second")
    others = [journal.append(fine.pk, 1, index, b"b") for index in range(3)]
    await asyncio.gather(*others)

    with pytest.raises(IntegrityError):
        await again
    assert await in_database(stored, broken.pk) == [(0, b"first")]
    assert await in_database(stored, fine.pk) == [(0, b"b"), (1, b"b"), (2, b"b")]


async def test_it_goes_on_after_a_problem_of_any_kind(journal: Journal) -> None:
    broken, fine = [await in_database(a_recording) for _ in range(2)]

    impossible = journal.append("no id", 1, 0, b"a")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        await impossible
    unreadable = journal.append(broken.pk, 1, 0, "text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await unreadable

    await journal.append(fine.pk, 1, 0, b"b")
    assert await in_database(stored, fine.pk) == [(0, b"b")]


async def test_closing_waits_until_everything_is_written(journal: Journal) -> None:
    answer = await in_database(a_recording)
    for index in range(50):
        journal.append(answer.pk, 1, index, b"a")

    await asyncio.to_thread(journal.close)

    assert await in_database(stored, answer.pk) == [(index, b"a") for index in range(50)]


async def test_it_has_one_thread_from_its_first_chunk_until_it_is_closed() -> None:
    journal = Journal()
    answer = await in_database(a_recording)
    before = journal_threads()
    await journal.append(answer.pk, 1, 0, b"a")
    await journal.append(answer.pk, 1, 1, b"b")
    running = journal_threads()
    await asyncio.to_thread(journal.close)

    assert (before, running, journal_threads()) == (0, 1, 0)


async def test_a_failure_that_nobody_waits_for_is_no_noise(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await in_database(a_recording, epoch=2)

    futures = [journal.append(answer.pk, 1, index, b"a") for index in range(3)]
    with pytest.raises(StaleEpoch):
        await futures[-1]
    futures.clear()

    assert caplog.messages == []


# The tick


def count_transactions(begun: list[str], **connection: Any) -> None:
    def count(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("BEGIN"):
            begun.append(sql)
        return execute(sql, *rest)

    connection["connection"].execute_wrappers.append(count)


async def test_many_candidates_cost_one_transaction_a_tick(journal: Journal) -> None:
    answers = [await in_database(a_recording) for _ in range(30)]
    begun: list[str] = []
    counting = partial(count_transactions, begun)
    connection_created.connect(counting)
    try:
        began = time.monotonic()
        for index in range(5):
            chunks = [journal.append(answer.pk, 1, index, b"a") for answer in answers]
            await asyncio.gather(*chunks)
        ticks = (time.monotonic() - began) / TICK_SECONDS
    finally:
        connection_created.disconnect(counting)

    # What came first was written at once, maybe alone.
    assert 5 <= len(begun) <= ticks + 2
    assert len(begun) < len(answers)


async def test_who_is_in_a_hurry_does_not_wait_for_the_tick() -> None:
    journal = Journal(tick_seconds=3600)
    answer = await in_database(a_recording)
    await journal.append(answer.pk, 1, 0, b"a")

    last = journal.append(answer.pk, 1, 1, b"b")
    journal.hurry()
    await last
    await asyncio.to_thread(journal.close)

    assert len(await in_database(stored, answer.pk)) == 2


# A database that is away


def insert_unseen(answer: Answer, index: int, data: bytes) -> None:
    """Its name without quotes gets through."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO {AudioChunk._meta.db_table} (answer_id, "index", data) VALUES (%s, %s, %s)',
            [answer.pk.hex, index, data],
        )


@pytest.fixture
def mend() -> Iterator[Callable[[], None]]:
    """The table of chunks is away; call it to bring it back."""
    with away(AudioChunk) as mend:
        yield mend


async def test_while_the_database_is_away_chunks_wait_and_are_written_then(
    journal: Journal, mend: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    answers = [await in_database(a_recording) for _ in range(3)]

    chunks = [journal.append(answer.pk, 1, index, b"a") for index in range(3) for answer in answers]
    await eventually(lambda: caplog.messages, "it is noticed")
    early = [chunk.done() for chunk in chunks]
    chunks += [journal.append(answer.pk, 1, 3, b"a") for answer in answers]
    mend()
    await asyncio.gather(*chunks)

    assert not any(early)
    for answer in answers:
        assert await in_database(stored, answer.pk) == [(index, b"a") for index in range(4)]
    assert len(caplog.messages) == 2


async def test_a_commit_whose_end_was_not_heard_of_is_no_conflict(
    journal: Journal, mend: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    answer = await in_database(a_recording)

    chunks = [journal.append(answer.pk, 1, index, bytes([index])) for index in range(2)]
    await eventually(lambda: caplog.messages, "it is noticed")
    # As if the first attempt had got through after all.
    await in_database(insert_unseen, answer, 0, b"\0")
    mend()
    await asyncio.gather(*chunks)

    assert await in_database(stored, answer.pk) == [(0, b"\0"), (1, b"\1")]


async def test_it_is_full_when_too_much_waits(
    journal: Journal, mend: Callable[[], None], settings: Any
) -> None:
    settings.JOURNAL_MAX_BYTES = 1000
    answer = await in_database(a_recording)

    first = journal.append(answer.pk, 1, 0, bytes(999))
    before = journal.is_full
    second = journal.append(answer.pk, 1, 1, b"a")
    full = journal.is_full
    mend()
    await asyncio.gather(first, second)

    await eventually(lambda: not journal.is_full, "there is room again")
    assert (before, full) == (False, True)


async def test_closing_does_not_wait_for_a_database_that_is_away(
    journal: Journal, mend: Callable[[], None]
) -> None:
    answer = await in_database(a_recording)
    chunk = journal.append(answer.pk, 1, 0, b"a")

    await asyncio.to_thread(journal.close)

    with pytest.raises(OperationalError):
        await chunk


# An answer that somebody else has locked


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> set[UUID]:
    """Answers that are, as PostgreSQL would say of them: SQLite has no locks of rows."""
    locked: set[UUID] = set()
    hold = journals._hold

    def skip_locked(writers: set[journals.Writer]) -> set[journals.Writer]:
        return hold({writer for writer in writers if writer[0] not in locked})

    monkeypatch.setattr(journals, "_hold", skip_locked)
    return locked


async def test_chunks_of_a_locked_answer_wait_by_themselves(journal: Journal, locked: set[UUID]) -> None:
    first, other = [await in_database(a_recording) for _ in range(2)]
    locked.add(first.pk)

    waiting = [journal.append(first.pk, 1, index, bytes([index])) for index in range(3)]
    for index in range(3):
        await journal.append(other.pk, 1, index, b"a")
    waiting.append(journal.append(first.pk, 1, 3, b"\3"))
    early = [chunk.done() for chunk in waiting]
    locked.clear()
    await asyncio.gather(*waiting)

    assert not any(early)
    assert await in_database(stored, first.pk) == [(index, bytes([index])) for index in range(4)]
    assert not journal._waiting_bytes


async def test_who_lost_an_answer_while_it_was_locked_is_told(journal: Journal, locked: set[UUID]) -> None:
    answer = await in_database(a_recording)
    locked.add(answer.pk)
    chunk = journal.append(answer.pk, 1, 0, b"a")
    await in_database(Answer.objects.update, epoch=2)
    locked.clear()

    with pytest.raises(StaleEpoch):
        await chunk


@pytest.mark.parametrize("is_unlocked", [True, False])
async def test_at_the_end_a_lock_is_waited_for_so_long(
    journal: Journal, locked: set[UUID], monkeypatch: pytest.MonkeyPatch, is_unlocked: bool
) -> None:
    monkeypatch.setattr(journals, "CLOSING_SECONDS", 20.0 if is_unlocked else 0.3)
    answer = await in_database(a_recording)
    locked.add(answer.pk)
    chunk = journal.append(answer.pk, 1, 0, b"a")

    closing = asyncio.create_task(asyncio.to_thread(journal.close))
    await asyncio.sleep(2 * TICK_SECONDS)
    if is_unlocked:
        locked.clear()
    await closing

    if is_unlocked:
        await chunk
    else:
        with pytest.raises(DatabaseAway):
            await chunk
    assert not journal._waiting_bytes

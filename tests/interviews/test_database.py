"""What the database says, and who pays for whom."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.test.utils import CaptureQueriesContext

from interviews.database import (
    DatabaseAway,
    Lane,
    close_threads,
    in_database,
    in_lane,
    is_away,
    persistently,
    reason_of,
)
from interviews.models import Interview
from tests.support.away import away
from tests.support.live import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Its own, since some set how many there are."""
    close_threads()
    yield
    close_threads()


def because(problem: DatabaseError | InterfaceError, cause: Exception) -> DatabaseError | InterfaceError:
    problem.__cause__ = cause
    return problem


def postgres(state: str) -> Exception:
    return psycopg.errors.lookup(state)("said")


def sqlite(code: int | None) -> Exception:
    problem = sqlite3.OperationalError("said")
    if code is not None:
        problem.sqlite_errorcode = code
    return problem


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (postgres("57P01"), True),  # admin_shutdown
        (postgres("57P03"), True),  # cannot_connect_now
        (postgres("25006"), True),  # read_only_sql_transaction
        (postgres("40P01"), True),  # deadlock_detected
        (postgres("40001"), True),  # serialization_failure
        (postgres("53100"), True),  # disk_full
        (postgres("53300"), True),  # too_many_connections
        (postgres("58030"), True),  # io_error
        (postgres("08006"), True),  # connection_failure
        (postgres("55P03"), True),  # lock_not_available
        (postgres("42703"), False),  # undefined_column
        (postgres("42P01"), False),  # undefined_table
        (postgres("25P02"), False),  # in_failed_sql_transaction
        (postgres("XX000"), False),  # internal_error
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.InterfaceError("connection already closed"), True),
        (psycopg.ProgrammingError("the query has 1 placeholder but 0 parameters were passed"), False),
        (sqlite(sqlite3.SQLITE_BUSY), True),
        (sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (sqlite(sqlite3.SQLITE_IOERR_FSYNC), True),
        (sqlite(sqlite3.SQLITE_FULL), True),
        (sqlite(sqlite3.SQLITE_ERROR), False),  # no such column
        (sqlite(sqlite3.SQLITE_CORRUPT), False),
        (sqlite(None), False),
    ],
)
def test_what_is_away_is_told_by_what_the_database_says(cause: Exception, expected: bool) -> None:
    kinds: dict[type[Exception], Any] = {
        psycopg.InterfaceError: InterfaceError,
        psycopg.ProgrammingError: ProgrammingError,
    }
    kind = next((ours for theirs, ours in kinds.items() if isinstance(cause, theirs)), OperationalError)

    assert is_away(because(kind("said"), cause)) is expected


def test_what_another_database_calls_operational_is_away() -> None:
    assert is_away(OperationalError("(2006, 'Server has gone away')"))
    assert not is_away(ProgrammingError("(1146, 'Table does not exist')"))


def test_the_reason_is_the_first_line_alone() -> None:
    problem = because(OperationalError("deadlock detected\nDETAIL: of somebody"), Exception())

    assert reason_of(problem) == "OperationalError: deadlock detected"


async def test_a_column_that_is_missing_is_no_outage() -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM interviews_interview")

    async with asyncio.timeout(5):
        with pytest.raises(OperationalError, match="no such column") as caught:
            await persistently(ask)
    assert not isinstance(caught.value, DatabaseAway)


async def test_what_is_away_is_waited_for_and_logged_once_in_its_own_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with away(Interview) as mend:
        counting = asyncio.create_task(persistently(Interview.objects.count))
        await eventually(lambda: "disk I/O error" in caplog.text, "it says why")
        mend()
        assert await counting == 0

    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


async def test_a_thread_keeps_its_connection_and_drops_one_that_failed(settings: Any) -> None:
    settings.ROW_THREADS = 1

    def which() -> int:
        connection.ensure_connection()
        return id(connection.connection)

    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")

    first = await in_database(which)
    with pytest.raises(IntegrityError):
        await in_database(_twice_the_same)
    again = await in_database(which)
    with pytest.raises(OperationalError):
        await in_database(fail)

    assert again == first
    assert await in_database(lambda: connection.connection) is None


def _twice_the_same() -> None:
    fields = {"candidate_name": "A", "token_hash": "1", "expires_at": "2030-01-01T00:00Z"}
    Interview.objects.create(**fields)
    Interview.objects.create(**fields)


@pytest.fixture
async def busy() -> AsyncIterator[Callable[[Lane, int], None]]:
    """Occupies so many threads of a lane until the end of the test."""
    done = threading.Event()
    waiting: list[asyncio.Task[Any]] = []

    def occupy(lane: Lane, count: int) -> None:
        slow = in_lane(lane)(lambda: done.wait(30))
        waiting.extend(asyncio.create_task(in_database(slow)) for _ in range(count))

    yield occupy
    done.set()
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("lane", [Lane.STEPS, Lane.HAND_OVERS, Lane.FILES])
async def test_twelve_slow_calls_of_a_kind_keep_nobody_from_their_rows(
    busy: Callable[[Lane, int], None], lane: Lane
) -> None:
    busy(lane, 12)
    await asyncio.sleep(0)

    async with asyncio.timeout(1):
        assert await in_database(Interview.objects.count) == 0


async def test_no_connection_is_opened_anew_for_each_call(settings: Any) -> None:
    settings.ROW_THREADS = 1
    await in_database(Interview.objects.count)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            Interview.objects.count()
        return len(queries)

    assert await in_database(count) == 1

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from interviews.errors import StaleEpoch
from interviews.journal import Journal
from interviews.models import Answer, AudioChunk
from interviews.services import in_database
from tests.interviews.rows import an_interview

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
    futures = []
    for index in range(20):
        for number, answer in enumerate(answers):
            future = journal.append(answer.pk, 1, index, bytes([index]))
            future.add_done_callback(lambda _, key=(index, number): done.append(key))
            futures.append(future)
    await asyncio.gather(*futures)

    assert done == [(index, number) for index in range(20) for number in range(5)]
    for answer in answers:
        assert await in_database(stored, answer.pk) == [(index, bytes([index])) for index in range(20)]


async def test_a_commit_extends_the_lease(journal: Journal) -> None:
    answer = await in_database(a_recording, lease_until=timezone.now() - timedelta(hours=1))

    await journal.append(answer.pk, 1, 0, b"a")

    await in_database(answer.refresh_from_db)
    assert answer.lease_until and answer.lease_until > timezone.now()


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

    impossible = journal.append(broken.pk, 1, 0, None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL|null"):
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

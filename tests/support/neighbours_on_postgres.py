"""What somebody's lock costs others on PostgreSQL, and whether any two verbs can lock each other out.

Run in a process of its own, by `manage.py shell`; prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import OperationalError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from interviews.checks import check_connections
from interviews.errors import Code, StaleEpoch
from interviews.live.journal import Entry, Journal, _insert
from interviews.models import Answer, AudioChunk, Interview, from_now
from interviews.models.answers import Retranscription
from interviews.processing import retranscription
from interviews.processing.audio_files import delete_failed
from interviews.services import answers, candidate_notes, interviews, owing, takes
from interviews.services.candidate_heard import record_heard
from interviews.services.erasure import erase_one
from speech.metrics import unavailable
from tests.support.running import a_running_interview, begin, final

LOCKED_SECONDS = 2.0
# Between two statements of a verb: long enough for another's.
PAUSE_SECONDS = 0.01
AT_ONCE = 6
Verb = Callable[[], Any]


@contextmanager
def locked(rows: Any) -> Iterator[None]:
    """By somebody's transaction, which has more to do than to commit."""
    is_locked, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(rows.select_for_update())
            is_locked.set()
            may_end.wait(LOCKED_SECONDS)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    is_locked.wait()
    try:
        yield
    finally:
        holder.join()


async def chunks_beside_a_locked_answer() -> dict[str, Any]:
    """When each was acknowledged, in seconds, and what is there then."""
    first, other = await asyncio.to_thread(lambda: [begin(a_running_interview()).answer for _ in range(2)])
    journal = Journal()
    waits: dict[str, float] = {}

    async def append(name: str, answer: Answer, index: int) -> None:
        began = time.monotonic()
        await journal.append(answer.pk, answer.epoch, index, bytes([index]))
        waits[name] = time.monotonic() - began

    lock = locked(Answer.objects.filter(pk=first.pk))
    await asyncio.to_thread(lock.__enter__)
    mine = [asyncio.create_task(append("locked", first, index)) for index in range(3)]
    for index in range(5):
        await append(f"other {index}", other, index)
    await asyncio.gather(*mine, asyncio.to_thread(lock.__exit__, None, None, None))
    stored = await asyncio.to_thread(
        lambda: list(AudioChunk.objects.filter(answer=first).values_list("index", flat=True))
    )
    await asyncio.to_thread(journal.close)
    return {
        "others_waited": max(wait for name, wait in waits.items() if name != "locked"),
        "it_waited": waits["locked"],
        "it_is_whole": stored == [0, 1, 2],
    }


async def a_chunk_of_an_answer_that_is_being_taken() -> str:
    """Whoever has it locked commits, and has it then."""
    answer = await asyncio.to_thread(lambda: begin(a_running_interview()).answer)
    journal = Journal()
    taken = threading.Event()

    def take() -> None:
        with transaction.atomic():
            answers.begin_answer(answer.question.interview_id, str(answer.question_id))
            taken.set()
            time.sleep(0.5)
        connection.close()

    taking = asyncio.create_task(asyncio.to_thread(take))
    await asyncio.to_thread(taken.wait)
    try:
        await journal.append(answer.pk, answer.epoch, 0, b"late")
        said = "stored"
    except StaleEpoch:
        said = "refused"
    await taking
    await asyncio.to_thread(journal.close)
    return said


def presence_beside_a_locked_interview() -> float:
    """How long it takes, in seconds, for all of a process's candidates."""
    first, other = a_running_interview(), a_running_interview()
    with locked(Interview.objects.filter(pk=first.pk)):
        began = time.monotonic()
        record_heard({first.pk: 1.0, other.pk: 1.0})
        return time.monotonic() - began


def presence_of_the_same_from_two_processes() -> str:
    ids = [a_running_interview().pk for _ in range(20)]

    def write(order: list[Any]) -> None:
        for _ in range(20):
            record_heard(dict.fromkeys(order, 1.0))
        connection.close()

    with ThreadPoolExecutor() as threads:
        problems = [done.exception() for done in [threads.submit(write, o) for o in (ids, ids[::-1])]]
    return repr(next(filter(None, problems), "nobody is refused"))


class Scene:
    """An interview with an answer that has no transcript, one that failed, and one that is being recorded."""

    def __init__(self) -> None:
        self.interview = a_running_interview("1", "2", "3")
        self.owed = self._ended(answers.owe_transcript, Code.CAPACITY_EXCEEDED, 1000)
        self.failed = begin(self.interview).answer
        answers.fail_answer(self.failed, Code.AUDIO_TOO_SHORT)
        self.recording = begin(self.interview).answer
        self.asked = self.recording.question
        self.again = Retranscription.objects.create(answer=self.owed, backend="x", owed_at=from_now())

    def _ended(self, verb: Callable[..., Any], *args: Any) -> Answer:
        answer = begin(self.interview).answer
        answers.finish_recording(answer)
        verb(answer, *args)
        self.interview.refresh_from_db()
        return answer

    def chunk(self) -> None:
        committed: Any = None
        entry = Entry(self.recording.pk, self.recording.epoch, 0, b"a", committed)
        with transaction.atomic():
            _insert([entry])

    def verbs(self) -> dict[str, Verb]:
        """Those that lock more than one row, one after another."""
        pk, asked = self.interview.pk, str(self.asked.pk)
        heard = retranscription.Heard([final()], 1000, None, unavailable())
        return {
            "add_segment": partial(answers.add_segment, self.recording, 0, final()),
            "begin_answer": partial(answers.begin_answer, pk, asked),
            "choose_take": partial(takes.choose_take, pk, asked, self.failed.pk),
            "chunk": self.chunk,
            "complete_answer": partial(answers.complete_answer, self.owed, 1000, None, unavailable()),
            "delete_failed": partial(delete_failed, self.failed),
            "erase": partial(erase_one, pk),
            "expire": partial(interviews.expire, pk),
            "extend": partial(interviews.extend, self.interview, timezone.now()),
            "finish_recording": partial(answers.finish_recording, self.recording),
            "note": partial(
                candidate_notes.note_answer, pk, str(self.owed.question_id), str(self.owed.pk), "A."
            ),
            "retranscribe": partial(retranscription.store, self.again, heard),
            "what_is_missing": partial(owing.what_is_missing, self.owed),
            "write_answer": partial(answers.write_answer, pk, asked, "Because.", uuid4()),
        }


def deadlocks() -> list[str]:
    """Of all pairs, each done at the same time with pauses between their statements."""
    pairs = itertools.combinations_with_replacement(sorted(Scene().verbs()), 2)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(lambda pair: _meet(*pair), list(pairs)))
    return [pair for pair in found if pair]


def _meet(one: str, other: str) -> str:
    verbs = Scene().verbs()
    connection.close()
    start = threading.Barrier(2)
    problems: list[str] = []

    def run(name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '100ms'")
        try:
            start.wait()
            with connection.execute_wrapper(_pausing):
                verbs[name]()
        except OperationalError as problem:
            problems.append(f"{one} and {other}: {problem}".partition("\n")[0])
        except Exception:
            # Refused, since the other was first.
            return
        finally:
            connection.close()

    both = [threading.Thread(target=run, args=[name]) for name in (one, other)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    return "; ".join(problems)


def _pausing(execute: Callable[..., Any], *args: Any) -> Any:
    result = execute(*args)
    time.sleep(PAUSE_SECONDS)
    return result


def warnings_of_connections() -> list[list[str | None]]:
    """With as many as there are by default, and with more than PostgreSQL allows."""
    usual = [warning.id for warning in check_connections(databases=["default"])]
    with override_settings(ROW_THREADS=60):
        many = [warning.id for warning in check_connections(databases=["default"])]
    return [usual, many]


def main() -> None:
    found = {
        "warnings": warnings_of_connections(),
        "chunks": asyncio.run(chunks_beside_a_locked_answer()),
        "of_a_taken_answer": asyncio.run(a_chunk_of_an_answer_that_is_being_taken()),
        "presence_waited": presence_beside_a_locked_interview(),
        "presence_twice": presence_of_the_same_from_two_processes(),
        "deadlocks": deadlocks(),
    }
    print(json.dumps(found))

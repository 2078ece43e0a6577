"""The queue of what answers are owed, on PostgreSQL and among very many answers.

Run in a process of its own, by `manage.py shell`; prints one line of JSON.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from interviews.models import Answer, Question, from_now
from interviews.processing.retranscription import claim as claim_again
from interviews.processing.settling import claim
from tests.support.rows import an_interview
from tests.support.running import a_running_interview, begin, close_expired

# A hundred thousand answers.
QUESTIONS, TAKES = 20_000, 5
OWED = 200
POLLS = 50


def main() -> None:
    alone = _poll_ms()
    _finish_many()
    found = {
        "poll_alone_ms": alone,
        "poll_ms": _poll_ms(),
        "plan": Answer.objects.due().order_by("owed_at").explain(),
        "claimed_once": _claimed_once(),
        "passes_over_what_is_locked": _passes_over_what_is_locked(),
        "who_begins_just_then_goes_on": _who_begins_just_then_goes_on(),
    }
    print(json.dumps(found))


def _finish_many() -> None:
    """Takes of many questions, as copies of one."""
    question = an_interview(questions=["Why you?"]).questions.get()
    Answer.objects.create(question=question, status="complete", handed_over_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_copying(Question, f"generate_series(2, {QUESTIONS}) AS number", position="number"))
        each = f"{Question._meta.db_table} AS question, generate_series(2, {TAKES + 1}) AS number"
        cursor.execute(_copying(Answer, each, question_id="question.id", take="number"))
        cursor.execute("VACUUM ANALYZE")


def _copying(model: type[Model], source: str, **fresh: str) -> str:
    """Of the one row that there is, a copy for each row of `source`."""
    fresh = {"id": "gen_random_uuid()", **fresh}
    names = [str(field.column) for field in model._meta.concrete_fields]
    copied = ", ".join(fresh.get(name, f"one.{name}") for name in names)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {copied} FROM {table} AS one, {source}"


def _poll_ms() -> float:
    """How long finding nothing takes, all that an idle transcriber asks: the least, whatever else runs."""

    def poll() -> float:
        began = perf_counter()
        assert (close_expired(), claim(), claim_again()) == (0, None, None)
        return (perf_counter() - began) * 1000

    return min(poll() for _ in range(POLLS))


def _owe(count: int) -> None:
    ids = list(Answer.objects.values_list("pk", flat=True)[:count])
    Answer.objects.filter(pk__in=ids).update(status="pending", owed_at=from_now(-60))


def _claimed_once() -> bool:
    """Eight who claim at the same time get each answer once, and all of them."""
    _owe(OWED)
    start = threading.Barrier(8)

    def all_that_is_due() -> list[Any]:
        start.wait()
        mine = []
        while (answer := claim()) is not None:
            mine.append(answer.pk)
        connection.close()
        return mine

    with ThreadPoolExecutor(8) as threads:
        claims = [thread.result() for thread in [threads.submit(all_that_is_due) for _ in range(8)]]
    claimed = [pk for each in claims for pk in each]
    return len(claimed) == len(set(claimed)) == OWED


def _in_another_connection(verb: Any) -> Any:
    def run() -> Any:
        try:
            return verb()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result(timeout=20)


def _passes_over_what_is_locked() -> bool:
    """One that somebody else has locked keeps no other from being claimed."""
    Answer.objects.update(owed_at=None)
    _owe(2)
    first, second = Answer.objects.due().order_by("owed_at", "pk")
    Answer.objects.filter(pk=first.pk).update(owed_at=from_now(-120))
    with transaction.atomic():
        Answer.objects.select_for_update().get(pk=first.pk)
        claimed = _in_another_connection(claim)
    return bool(claimed == second)


def _who_begins_just_then_goes_on() -> bool:
    """Whoever begins an answer while their interview is being closed is not shut out."""
    interview = a_running_interview()
    type(interview).objects.filter(pk=interview.pk).update(expires_at=from_now(1))
    with transaction.atomic():
        begin(interview)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1.1)")
        _in_another_connection(close_expired)
    close_expired()
    interview.refresh_from_db()
    return interview.is_running

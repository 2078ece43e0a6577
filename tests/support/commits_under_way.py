"""A connection is lost while PostgreSQL still commits what came over it, and the same is done again.

Run in a process of its own, by `manage.py shell`; prints a line of JSON for each verb.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from interviews.errors import Code
from interviews.models import Interview
from interviews.services import answers, interviews, takes
from tests.support.rows import an_interview
from tests.support.running import MEASURED, a_finishing_answer, a_running_interview, begin, final

DEADLINE_SECONDS = 20
Verb = Callable[[], Any]


def starting(interview: Interview) -> Verb:
    return partial(interviews.start, an_interview().pk, timezone.now())


def choosing(interview: Interview) -> Verb:
    interview.questions.update(takes_allowed=2)
    answer = a_finishing_answer(interview)
    answers.complete_answer(answer, 2000, *MEASURED)
    return partial(takes.choose_take, interview.pk, str(answer.question_id), answer.pk)


VERBS: dict[str, Callable[[Interview], Verb]] = {
    "start": starting,
    "add_segment": lambda i: partial(answers.add_segment, begin(i).answer, 0, final()),
    "record_only": lambda i: partial(answers.record_only, begin(i).answer, Code.STT_FAILED),
    "finish_recording": lambda i: partial(answers.finish_recording, begin(i).answer),
    "complete_answer": lambda i: partial(answers.complete_answer, a_finishing_answer(i), 2000, *MEASURED),
    "owe_transcript": lambda i: partial(answers.owe_transcript, a_finishing_answer(i), Code.STT_FAILED, 2000),
    "fail_answer": lambda i: partial(answers.fail_answer, begin(i).answer, Code.AUDIO_TOO_SHORT),
    "give_up": lambda i: partial(answers.give_up, begin(i).answer),
    "write_answer": lambda i: partial(
        answers.write_answer, i.pk, str(i.current_question_id), "Because.", uuid4()
    ),
    "choose_take": choosing,
}


def done_again(verb: Verb) -> str:
    """ "the same", or what it came to instead."""
    is_done, may_commit = threading.Event(), threading.Event()

    def unheard() -> Any:
        with transaction.atomic():
            said = verb()
            is_done.set()
            assert may_commit.wait(DEADLINE_SECONDS)
        connection.close()
        return said

    def again() -> Any:
        try:
            return verb()
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        first = threads.submit(unheard)
        assert is_done.wait(DEADLINE_SECONDS)
        second = threads.submit(again)
        wait_until_somebody_waits()
        may_commit.set()
        try:
            return "the same" if second.result() == first.result() else f"{second.result()}"
        except Exception as problem:
            return repr(problem)


def wait_until_somebody_waits() -> None:
    """For a lock."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


def main() -> None:
    for name, prepare in VERBS.items():
        print(json.dumps([name, done_again(prepare(a_running_interview()))]))

"""A commit whose end was not heard of is done again: it changes nothing more, and says what it said before.

Done again is whatever `persistently` calls, and what an answer's changes are made by. The table below has
each of them; one that is added to the product has to be added here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

import interviews
from interviews.database import in_database, persistently
from interviews.errors import Code
from interviews.live import practice
from interviews.models import Answer, AudioPart, Interview, Segment
from interviews.services.answers import (
    add_segment,
    begin_answer,
    begin_part,
    complete_answer,
    fail_answer,
    finish_recording,
    give_up,
    owe_transcript,
    record_only,
    write_answer,
)
from interviews.services.candidate_notes import note_answer
from interviews.services.changes import Change
from interviews.services.erasure import erase_one
from interviews.services.interviews import expire, give_consent, start
from interviews.services.takes import choose_last_take, choose_take
from tests.support.rows import an_interview
from tests.support.running import MEASURED, PCM, a_finishing_answer, begin, final

pytestmark = pytest.mark.django_db(transaction=True)

Verb = Callable[[], Any]


def with_takes(interview: Interview) -> None:
    interview.questions.update(takes_allowed=3)


def a_take(interview: Interview) -> Answer:
    with_takes(interview)
    answer = a_finishing_answer(interview, final())
    complete_answer(answer, 2000, *MEASURED)
    return answer


def before_it_begins(interview: Interview, **fields: Any) -> Interview:
    Interview.objects.filter(pk=interview.pk).update(status="scheduled", current_question=None, **fields)
    return interview


def starting(interview: Interview) -> Verb:
    return partial(start, before_it_begins(interview, started_at=None).pk, timezone.now())


def choosing(interview: Interview) -> Verb:
    chosen, _ = a_take(interview), a_take_more(interview)
    return partial(choose_take, interview.pk, str(chosen.question_id), chosen.pk)


def a_take_more(interview: Interview) -> Answer:
    answer = begin_answer(interview.pk, str(interview.current_question_id), new_take=True).answer
    finish_recording(answer)
    complete_answer(answer, 1000, *MEASURED)
    return answer


def noting(interview: Interview) -> Verb:
    answer = a_finishing_answer(interview, final())
    complete_answer(answer, 2000, *MEASURED)
    return partial(note_answer, interview.pk, str(answer.question_id), str(answer.pk), "It is Grace.")


def expiring(interview: Interview) -> Verb:
    Interview.objects.filter(pk=interview.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    return partial(expire, interview.pk)


def erasing(interview: Interview) -> Verb:
    long_ago = timezone.now() - timedelta(days=1000)
    Interview.objects.filter(pk=interview.pk).update(status="completed", completed_at=long_ago)
    return partial(erase_one, interview.pk)


def practising(interview: Interview) -> Verb:
    until = timezone.now() + timedelta(minutes=1)
    return partial(practice.claim, before_it_begins(interview).pk, until)


VERBS: dict[str, Callable[[Interview], Verb]] = {
    "start": starting,
    "begin_answer": lambda i: partial(begin_answer, i.pk, str(i.current_question_id)),
    "begin_part": lambda i: partial(begin_part, begin(i).answer, 0, PCM),
    "add_segment": lambda i: partial(add_segment, begin(i).answer, 0, final()),
    "record_only": lambda i: partial(record_only, begin(i).answer, Code.STT_FAILED),
    "finish_recording": lambda i: partial(finish_recording, begin(i).answer),
    "complete_answer": lambda i: partial(complete_answer, a_finishing_answer(i, final()), 2000, *MEASURED),
    "owe_transcript": lambda i: partial(owe_transcript, a_finishing_answer(i), Code.STT_FAILED, 2000),
    "fail_answer": lambda i: partial(fail_answer, begin(i).answer, Code.AUDIO_TOO_SHORT),
    "give_up": lambda i: partial(give_up, begin(i).answer),
    "write_answer": lambda i: partial(write_answer, i.pk, str(i.current_question_id), "Because.", uuid4()),
    "choose_take": choosing,
    "choose_last_take": lambda i: partial(choose_last_take, i.pk, a_take(i).question_id),
    "note_answer": noting,
    "expire": expiring,
    "erase_one": erasing,
    "claim": practising,
}
# They are told to nobody.
SILENT = {"expire", "erase_one"}
READING = {
    "check_giving_up",
    "claim_end",
    "current_step",
    "is_stored_chunk",
    "last_ended",
    "look_by_socket",
    "standings",
    "welcome",
    "what_became_of",
}


def done_again() -> Iterator[str]:
    """The name of each function that the product gives to `persistently`, or to an answer's `change`.

    And of what a transcriber does now and then.
    """
    yield from SILENT
    for path in Path(interviews.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _does_again(node.func):
                verb = node.args[0]
                yield verb.attr if isinstance(verb, ast.Attribute) else ast.unparse(verb)


def _does_again(function: ast.expr) -> bool:
    return ast.unparse(function).rpartition(".")[2] == "persistently" or (
        ast.unparse(function).endswith("announcer.change")
    )


def test_all_that_is_done_again_is_in_the_table() -> None:
    # `verb` is what an answer's changes are given on as.
    assert set(done_again()) - {"verb"} - READING == set(VERBS)


def rows() -> list[Any]:
    lasting = "epoch", "status", "failure", "text", "take", "duration_ms", "chosen_at", "candidate_note"
    return [
        list(Interview.objects.values()),
        list(Answer.objects.order_by("started_at").values("pk", "kind", *lasting)),
        list(Segment.objects.values()),
        list(AudioPart.objects.values()),
    ]


def a_fresh_interview() -> Interview:
    interview = an_interview(questions=["Why you?", "Why us?"])
    give_consent(interview, "2026-11")
    start(interview.pk)
    interview.refresh_from_db()
    return interview


async def done_twice(verb: Verb) -> list[Any]:
    """What it said each time, and the rows after each."""
    said: list[Any] = []

    def unheard() -> Any:
        said.append((verb(), rows()))
        if len(said) == 1:
            raise OperationalError("server closed the connection unexpectedly")

    await persistently(unheard)
    return said


@pytest.mark.parametrize("name", sorted(VERBS.keys() - SILENT - {"begin_answer"}))
async def test_what_is_done_again_changes_nothing_and_says_the_same(name: str) -> None:
    interview = await in_database(a_fresh_interview)
    verb = await in_database(VERBS[name], interview)
    before = await in_database(rows)

    (first, after), (again, still) = await done_twice(verb)

    assert first
    assert again == first
    assert after == still != before
    if isinstance(first, Change):
        assert first.messages


@pytest.mark.parametrize("name", sorted(SILENT))
async def test_what_nobody_is_told_of_is_done_once(name: str) -> None:
    interview = await in_database(a_fresh_interview)
    verb = await in_database(VERBS[name], interview)
    before = await in_database(rows)

    (_, after), (_, still) = await done_twice(verb)

    assert after == still != before


@pytest.mark.parametrize("new_take", [False, True])
async def test_an_answer_that_is_begun_again_is_taken_over_from_oneself(new_take: bool) -> None:
    interview = await in_database(a_fresh_interview)
    if new_take:
        await in_database(a_take, interview)
    question_id = str(interview.current_question_id)

    (first, _), (again, _) = await done_twice(
        partial(begin_answer, interview.pk, question_id, new_take=new_take)
    )

    assert (again.started, again.answer, again.parts) == (first.started, first.answer, first.parts)
    assert (again.answer.epoch, again.change.revision) == (2, first.change.revision + 1)
    assert again.started.next_chunk_index == 0
    assert await in_database(Answer.objects.count) == 1 + new_take

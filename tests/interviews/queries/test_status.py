from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from msgspec import to_builtins

from interviews.errors import Code
from interviews.models import Interview
from interviews.queries import status
from interviews.services.answers import complete_answer, fail_answer, finish_recording, write_answer
from interviews.services.changes import raise_revision
from interviews.services.interviews import cancel
from interviews.wire.messages import AnswerComplete, parts
from interviews.wire.messages import VoiceMetricsMessage as Metrics
from tests.support.rows import an_interview
from tests.support.running import (
    MEASURED,
    a_finishing_answer,
    a_running_interview,
    begin,
    chunks,
    final,
    revision_of,
)
from tests.support.watching import a_watcher

pytestmark = pytest.mark.django_db
DEADLINE_SECONDS = 10


# What a connection asks


def test_the_welcome_says_what_is_under_way() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer
    chunks(answer, b"\0a", b"b")

    ready, _ = status.welcome(interview.pk)
    finish_recording(answer)
    finishing, _ = status.welcome(interview.pk)

    assert ready.under_way == parts.UnderWay(  # type: ignore[attr-defined]
        question_id=answer.question_id, answer_id=answer.pk, next_chunk_index=2
    )
    # Its audio is all there: there is nothing to go on with.
    assert finishing.under_way is None  # type: ignore[attr-defined]


def test_before_its_beginning_and_after_a_cancelled_end_nothing_is_asked() -> None:
    scheduled, cancelled = an_interview(), a_running_interview()
    cancel(cancelled)

    assert [status.current_step(interview.pk) for interview in (scheduled, cancelled)] == [[], []]


def test_the_welcome_says_what_is_answered_and_asks_the_current_question() -> None:
    interview = a_running_interview()
    first, second = interview.questions.all()
    write_answer(interview.pk, str(first.pk), "Because.")

    ready, question = status.welcome(interview.pk)

    assert ready.answered == [  # type: ignore[attr-defined]
        parts.AnsweredQuestion(question_id=first.pk, kind="text", status="complete", text="Because.")
    ]
    assert question.question_id == second.pk  # type: ignore[attr-defined]
    assert (question.index, question.total) == (2, 2)  # type: ignore[attr-defined]


def test_the_welcome_keeps_later_questions_to_itself() -> None:
    interview = a_running_interview("Why?", "A secret for later")

    assert "A secret for later" not in str(status.welcome(interview.pk))


def test_the_last_ended_answer_is_told_again() -> None:
    interview = a_running_interview()
    complete_answer(a_finishing_answer(interview, final()), 2000, *MEASURED)

    messages = status.last_ended(interview.pk)

    assert [type(message) for message in messages] == [Metrics, AnswerComplete]


def test_a_stored_chunk_is_known_by_its_bytes() -> None:
    answer = begin(a_running_interview()).answer
    chunks(answer, b"\0a", b"b")

    assert status.is_stored_chunk(answer, 0, b"\0a")
    assert not status.is_stored_chunk(answer, 0, b"\0b")
    assert not status.is_stored_chunk(answer, 2, b"b")


@pytest.mark.parametrize("count", [1, 3])
def test_a_snapshot_shows_all_of_it_in_a_fixed_number_of_queries(
    count: int, django_assert_num_queries: Any
) -> None:
    interview = a_running_interview(*(f"Why {number}?" for number in range(count)))
    for _ in range(count):
        complete_answer(a_finishing_answer(interview, final(), final("a lot", 3000)), 4000, *MEASURED)

    with django_assert_num_queries(5):
        snapshot = status.snapshot(interview.pk, None, ["Ada"])

    assert snapshot.revision == revision_of(interview)
    assert [[segment.text for segment in answer.segments] for answer in snapshot.answers] == [
        ["because I care", "a lot"]
    ] * count
    assert [question.index for question in snapshot.questions] == list(range(1, count + 1))


def test_a_change_that_comes_while_a_snapshot_is_read_is_not_shown_by_half() -> None:
    interview = a_running_interview("Why you?")
    answer = a_finishing_answer(interview, final())
    changes = [lambda: complete_answer(answer, 4000, *MEASURED)]

    def change_between(execute: Any, sql: str, *arguments: Any) -> Any:
        result = execute(sql, *arguments)
        # Its segments are read before the answers themselves.
        if changes and "segment" in sql:
            changes.pop()()
        return result

    with connection.execute_wrapper(change_between):
        snapshot = status.snapshot(interview.pk, None, [])

    assert changes == []
    assert [answer.status for answer in snapshot.answers] == ["complete"]
    assert snapshot.revision == revision_of(interview)


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_waits_for_nobody_who_writes() -> None:
    interview = a_running_interview()
    is_locked, has_read = Event(), Event()

    def write() -> None:
        with transaction.atomic():
            raise_revision(interview.pk)
            is_locked.set()
            has_read.wait(DEADLINE_SECONDS)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert is_locked.wait(DEADLINE_SECONDS)
        snapshot = status.snapshot(interview.pk, None, [])
        was_writing = not writing.done()
        has_read.set()
        writing.result()

    assert was_writing
    assert snapshot.revision == revision_of(interview) - 1


def test_a_snapshot_has_the_text_of_its_segments_and_not_each_word() -> None:
    interview = a_running_interview()
    complete_answer(a_finishing_answer(interview, final("because")), 4000, *MEASURED)

    ((segment,),) = [answer.segments for answer in status.snapshot(interview.pk, None, []).answers]

    assert (segment.text, "words" in to_builtins(segment)) == ("because", False)


def test_a_snapshot_leaves_out_takes_that_failed() -> None:
    interview = a_running_interview()
    fail_answer(begin(interview).answer, Code.AUDIO_DECODING_FAILED)
    begin(interview)

    snapshot = status.snapshot(interview.pk, None, [])

    assert [answer.take for answer in snapshot.answers] == [2]


# Where everything stands


@pytest.mark.parametrize("count", [1, 3])
def test_standings_take_a_fixed_number_of_queries(count: int, django_assert_num_queries: Any) -> None:
    interviews = [a_running_interview() for _ in range(count)]
    answers = [begin(interview).answer for interview in interviews]
    sights = set()
    for number, interview in enumerate(interviews):
        watchers = a_watcher(f"own{number}"), a_watcher(f"watch{number}")
        Interview.objects.filter(pk=interview.pk).update(owner=watchers[0].user_id)
        interview.watchers.add(watchers[1].user_id)
        sights |= {(watcher, interview.pk) for watcher in watchers}

    with django_assert_num_queries(6):
        found = status.standings({i.pk for i in interviews}, {a.pk for a in answers}, sights)

    for interview, answer in zip(interviews, answers, strict=True):
        standing = found[interview.pk]
        assert (standing.revision, standing.is_over) == (revision_of(interview), False)
        assert standing.epochs[answer.pk] == 1
        assert standing.allowed == sights


@pytest.mark.parametrize(
    ("ended", "is_over"),
    [
        ("scheduled", False),
        ("in_progress", False),
        ("completed", False),
        ("cancelled", True),
        ("expired", True),
    ],
)
def test_an_interview_is_over_for_its_candidate_when_it_was_ended_from_outside(
    ended: str, is_over: bool
) -> None:
    interview = an_interview(status=ended)

    assert status.standings({interview.pk}, set(), set())[interview.pk].is_over == is_over


def test_an_interview_that_is_no_more_is_over() -> None:
    gone: UUID = uuid4()

    assert status.standings({gone}, set(), set())[gone].is_over

"""What an observer sees changes with the revision, and not without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from interviews.errors import Code, InterviewError
from interviews.models import Answer, Interview, Segment
from interviews.services.answers import (
    add_segment,
    begin_answer,
    complete_answer,
    fail_answer,
    finish_recording,
    give_up,
    owe_transcript,
    write_answer,
)
from interviews.services.changes import Change
from interviews.services.interviews import cancel, give_consent, start
from tests.support.rows import an_interview
from tests.support.running import MEASURED, a_running_interview, begin, final, revision_of

pytestmark = pytest.mark.django_db


def changes(interview: Interview) -> dict[str, Callable[[], Change | bool | None]]:
    """Everything that changes what an observer sees, in an order in which it can happen."""
    answers: list[Answer] = []

    def begin_one() -> Change:
        begun = begin(interview)
        answers.append(begun.answer)
        return begun.change

    def current() -> str:
        interview.refresh_from_db()
        return str(interview.current_question_id)

    return {
        "consent": lambda: give_consent(interview, "2026-11"),
        "start": lambda: start(interview.pk),
        "begin": begin_one,
        "take over": begin_one,
        "segment": lambda: add_segment(answers[-1], 0, final()),
        "give up": lambda: give_up(answers[-1]),
        "a new take": begin_one,
        "fail": lambda: fail_answer(answers[-1], Code.AUDIO_TOO_SHORT),
        "another take": begin_one,
        "the end": lambda: finish_recording(answers[-1]),
        "complete": lambda: complete_answer(answers[-1], 2000, *MEASURED),
        "the second answer": begin_one,
        "the second end": lambda: finish_recording(answers[-1]),
        "owe": lambda: owe_transcript(answers[-1], Code.CAPACITY_EXCEEDED, 2000),
        "its transcript": lambda: complete_answer(answers[-1], 2000, *MEASURED),
        "write": lambda: write_answer(interview.pk, current(), "Because."),
        "cancel": lambda: cancel(interview),
    }


def test_every_change_raises_the_revision_by_one() -> None:
    interview = an_interview(questions=["1", "2", "3", "4"])

    for name, make in changes(interview).items():
        before = revision_of(interview)
        change = make()
        assert revision_of(interview) == before + 1, name
        if isinstance(change, Change):
            assert change.revision == before + 1, name
            assert change.interview_id == interview.pk, name


def test_a_segment_carries_the_revision_that_it_made() -> None:
    interview = a_running_interview()

    change = add_segment(begin(interview).answer, 0, final())

    assert Segment.objects.get().revision == change.revision


@pytest.mark.parametrize(
    "refused",
    [
        lambda i: begin_answer(i.pk, str(uuid4())),
        lambda i: begin_answer(i.pk, str(i.questions.get(position=2).pk)),
        lambda i: write_answer(i.pk, str(i.questions.get(position=2).pk), "Because."),
    ],
)
def test_what_is_refused_changes_nothing(refused: Callable[[Interview], Any]) -> None:
    interview = a_running_interview()
    before = revision_of(interview)

    with pytest.raises(InterviewError):
        refused(interview)

    assert revision_of(interview) == before
    assert not Answer.objects.exists()

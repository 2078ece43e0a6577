from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from interviews.models import Interview
from interviews.services.answers import complete_answer, finish_recording, write_answer
from interviews.services.interviews import cancel, create_interview, give_consent, start
from interviews.wire.messages import InterviewComplete, QuestionMessage
from tests.support.rows import an_interview
from tests.support.running import MEASURED, a_running_interview, begin, close_expired, revision_of, types

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": "x" * 201},
        {"candidate_name": ""},
        {"candidate_email": "nobody"},
        {"language": "x" * 36},
        {"questions": ["Why?", ""]},
        {"questions": [{"text": "Why?", "difficulty": "deadly"}]},
    ],
)
def test_an_interview_that_can_not_be_is_not_made(fields: dict[str, Any]) -> None:
    named = {"title": "Developer", "candidate_name": "Grace", "questions": ["Why?"], **fields}

    with pytest.raises(ValidationError):
        create_interview(**named)

    assert not Interview.objects.exists()


def test_questions_keep_their_order_and_what_is_said_of_them() -> None:
    interview = an_interview(questions=["Why?", {"text": "How?", "difficulty": "hard", "think_seconds": 5}])

    first, second = interview.questions.all()
    assert (first.position, first.text, first.think_seconds) == (1, "Why?", 30)
    assert (second.position, second.text, second.difficulty, second.think_seconds) == (2, "How?", "hard", 5)


def test_consent_is_recorded_once() -> None:
    interview = an_interview()
    give_consent(interview, "2026-11")
    first = interview.consented_at

    give_consent(interview, "2027-01")

    assert (interview.consented_at, interview.consent_version, interview.revision) == (first, "2026-11", 1)


def test_starting_asks_the_first_question_once() -> None:
    interview = an_interview(questions=["Why?", "How?"])

    change = start(interview.pk)
    again = start(interview.pk)

    assert change and types(change) == [QuestionMessage]
    assert again is None
    interview.refresh_from_db()
    assert interview.status == Interview.Status.IN_PROGRESS
    assert interview.current_question == interview.questions.get(position=1)


def test_an_interview_without_questions_is_complete_at_once() -> None:
    interview = an_interview(questions=[])

    change = start(interview.pk)

    assert change and change.messages == [
        InterviewComplete(interview_id=interview.pk, total_questions=0, answered=0)
    ]


def test_an_interview_is_cancelled_once() -> None:
    interview = a_running_interview()

    assert [cancel(interview), cancel(interview)] == [True, False]


def test_a_complete_interview_is_not_cancelled() -> None:
    interview = a_running_interview("Why?")
    write_answer(interview.pk, str(interview.current_question_id), "Because.")

    assert not cancel(interview)


def test_an_interview_expires_when_its_time_is_over() -> None:
    early, late = a_running_interview(), a_running_interview()
    complete = an_interview(status="completed", expires_at=timezone.now() - timedelta(days=1))
    Interview.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    before = revision_of(late)

    counts = close_expired(), close_expired()

    for interview in (early, late, complete):
        interview.refresh_from_db()
    assert counts == (1, 0)
    assert [early.status, late.status, complete.status] == ["in_progress", "expired", "completed"]
    assert (late.current_question, late.revision) == (None, before + 1)


def test_nobody_is_shut_out_in_mid_answer() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer
    Interview.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    expired = close_expired()
    again = begin(interview)
    finish_recording(again.answer)
    change = complete_answer(again.answer, 2000, *MEASURED)

    interview.refresh_from_db()
    assert (expired, again.answer, interview.is_open) == (0, answer, False)
    assert types(change)[-1] is QuestionMessage
    assert close_expired() == 1

from __future__ import annotations

from typing import Any

import pytest

from interviews.models import Answer, Interview
from interviews.orchestration import Orchestrator, get_orchestrator
from interviews.services import answers, interviews
from tests.support.orchestrators import FollowUp
from tests.support.rows import an_answer, an_interview

pytestmark = pytest.mark.django_db


def test_questions_are_asked_in_their_order() -> None:
    interview = an_interview(questions=["1", "2", "3"])
    asked = []

    while (question := Orchestrator().next_question(interview, None)) is not None:
        asked.append(question.text)
        an_answer(question, "yes")

    assert asked == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (Answer.Status.PENDING, "2"),
        (Answer.Status.COMPLETE, "2"),
        (Answer.Status.FAILED, "1"),
        (Answer.Status.RECORDING, "1"),
    ],
)
def test_a_question_is_answered_when_its_audio_is_safe(status: str, text: str) -> None:
    interview = an_interview(questions=["1", "2"])
    an_answer(interview.questions.all()[0], status=status)

    question = Orchestrator().next_question(interview, None)

    assert question and question.text == text


def test_a_question_with_several_takes_is_asked_once() -> None:
    interview = an_interview(questions=["1", "2"])
    first = interview.questions.all()[0]
    an_answer(first, status=Answer.Status.FAILED)
    an_answer(first, take=2)

    question = Orchestrator().next_question(interview, None)

    assert question and question.text == "2"


def test_a_site_s_own_orchestrator_decides_what_comes_next(settings: Any) -> None:
    settings.INTERVIEW_ORCHESTRATOR = "tests.support.orchestrators.FollowUp"
    interview = an_interview(questions=["Why?"])
    interviews.start(interview.pk)

    change = answers.write_answer(interview.pk, str(interview.questions.get().pk), "Because.")

    assert isinstance(get_orchestrator(), FollowUp)
    assert change.messages[-1].text == "What do you mean: Because."  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_what_a_failing_orchestrator_did_is_undone_with_the_step(settings: Any) -> None:
    interview = an_interview(questions=["Why?"])
    settings.INTERVIEW_ORCHESTRATOR = "tests.support.orchestrators.Broken"

    with pytest.raises(ConnectionError):
        interviews.start(interview.pk)

    interview.refresh_from_db()
    assert (interview.status, interview.revision) == (Interview.Status.SCHEDULED, 0)
    assert interview.questions.count() == 1

"""How long a candidate has to think and to answer, and what runs over."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from interviews.models import Answer, Interview
from interviews.queries import status
from interviews.services import interviews
from interviews.wire.messages import QuestionMessage, encode
from tests.support.rows import a_recruiter, an_answer, an_interview

pytestmark = pytest.mark.django_db

TIMES = {"text": "Why?", "think_seconds": 25, "answer_seconds": 10}


def a_timed_answer(duration_ms: int | None = 15_500, factor: str = "1.25", **fields: Any) -> Answer:
    """Its time, 10 s, is 13 s with the factor."""
    interview = an_interview(a_recruiter(), questions=[TIMES], time_factor=Decimal(factor))
    return an_answer(interview.questions.get(), "a", "b", "c", "d", duration_ms=duration_ms, **fields)


@pytest.mark.parametrize(("factor", "times"), [("1", (25, 10)), ("1.25", (32, 13)), ("3.00", (75, 30))])
def test_times_come_with_the_factor_in_them_and_without_the_factor(
    factor: str, times: tuple[int, int]
) -> None:
    interview = an_interview(questions=[TIMES], time_factor=Decimal(factor))

    change = interviews.start(interview.pk)

    assert change
    (asked,) = change.messages
    assert isinstance(asked, QuestionMessage)
    assert (asked.think_seconds, asked.answer_seconds) == times
    snapshot = status.snapshot(interview.pk, None, [])
    told = [encode(message) for message in (*status.welcome(interview.pk), snapshot)]
    assert not [text for text in told if "factor" in text]


def test_an_answer_knows_by_how_much_and_where_it_ran_over() -> None:
    answer = a_timed_answer()

    assert (answer.time_ms, answer.overrun_ms, answer.time_over_in) == (13_000, 2_500, 2)


@pytest.mark.parametrize(
    ("duration_ms", "fields"),
    [(13_000, {}), (13_999, {}), (None, {"kind": Answer.Kind.TEXT}), (15_500, {"factor": "5"})],
)
def test_an_answer_in_its_time_did_not_run_over(duration_ms: int | None, fields: dict[str, Any]) -> None:
    answer = a_timed_answer(duration_ms, **fields)

    assert (answer.overrun_ms, answer.time_over_in) == (0, None)


def test_a_question_without_a_limit_is_never_over() -> None:
    interview = an_interview(questions=[{**TIMES, "answer_seconds": 0}])

    assert an_answer(interview.questions.get(), "a", duration_ms=60_000).overrun_ms == 0


def test_the_transcript_marks_what_ran_over(client: Client) -> None:
    answer = a_timed_answer()
    client.force_login(answer.question.interview.owner)  # type: ignore[arg-type]

    page = client.get(reverse("interviews:interview", args=[answer.question.interview_id])).content.decode()

    assert "0:02 over the time" in page
    lines = re.findall(r"<span data-text>(.)</span>|(The time of 0:13 was over here\.)", page)
    assert [first or second for first, second in lines] == [
        "a",
        "b",
        "c",
        "The time of 0:13 was over here.",
        "d",
    ]


@pytest.mark.parametrize(("chosen", "factor"), [({"time_factor": "1.50"}, "1.50"), ({}, "1")])
def test_a_recruiter_chooses_the_time(client: Client, chosen: dict[str, str], factor: str) -> None:
    client.force_login(a_recruiter())
    fields = {"title": "Developer", "candidate_name": "Grace", "language": "en-US", "questions": "Why?"}

    client.post(
        reverse("interviews:interview_new"), {**fields, "metrics_sharing": "shared", "link_days": 7, **chosen}
    )

    assert Interview.objects.get().time_factor == Decimal(factor)


@pytest.mark.parametrize("factor", ["0.99", "5.01", "NaN"])
def test_a_time_factor_that_makes_no_sense_is_refused(factor: str) -> None:
    with pytest.raises(ValidationError):
        an_interview(time_factor=Decimal(factor))


def test_the_command_takes_a_factor() -> None:
    named = ["--title=Developer", "--candidate=Grace", "--question=Why?"]

    call_command("create_interview", *named, "--time-factor=1.25")

    assert Interview.objects.get().time_factor == Decimal("1.25")
    with pytest.raises(CommandError):
        call_command("create_interview", *named, "--time-factor=much")

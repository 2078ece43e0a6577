"""The pages for who watches, and what they fetch."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from interviews.models import Answer
from interviews.views.dashboards import SIDE_BY_SIDE_MAX
from tests.support.pages import signed_in
from tests.support.rows import MEASURED, METRICS, TRACE, a_recruiter, an_answer, an_interview

pytestmark = pytest.mark.django_db


def sound_of(answer: Answer) -> str:
    return reverse("interviews:answer_sound", args=[answer.pk])


# What is drawn and marked of an answer


def test_the_sound_of_an_answer_is_its_drawing_and_its_words(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    answer = an_answer(interview.questions.get(), "so", "i do", voice_metrics=MEASURED, duration_ms=12_000)

    response = client.get(sound_of(answer))

    assert response.json() == {
        "answer_id": str(answer.pk),
        "duration_ms": 12_000,
        "peaks": None,
        "trace": TRACE,
        "metrics": response.json()["metrics"],
        "segments": [
            {"segment": 0, "words": [{"word": "so", "start_ms": 0, "end_ms": 400, "confidence": None}]},
            {
                "segment": 1,
                "words": [
                    {"word": "i", "start_ms": 5000, "end_ms": 5400, "confidence": None},
                    {"word": "do", "start_ms": 5500, "end_ms": 5900, "confidence": None},
                ],
            },
        ],
    }
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("fields", [{"metrics_sharing": "candidate"}, {"metrics_sharing": "off"}])
def test_a_drawing_that_is_not_shared_is_not_sent(client: Client, fields: dict[str, str]) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"], **fields)
    answer = an_answer(interview.questions.get(), "so", voice_metrics=MEASURED)

    found = client.get(sound_of(answer)).json()

    assert (found["trace"], len(found["segments"])) == (None, 1)


def test_answers_of_before_have_no_drawing(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    answer = an_answer(interview.questions.get(), "so", voice_metrics=METRICS)

    assert client.get(sound_of(answer)).json()["trace"] is None


def test_who_may_not_see_an_interview_hears_nothing_of_its_answers(client: Client) -> None:
    others = an_answer(an_interview(a_recruiter("bea"), questions=["Why?"]).questions.get(), "a secret")
    anonymous = client.get(sound_of(others))
    signed_in(client)

    responses = [client.get(reverse("interviews:answer_sound", args=[pk])) for pk in (others.pk, uuid4())]

    assert anonymous["Location"].startswith(reverse("login"))
    assert [response.status_code for response in responses] == [404, 404]
    assert responses[0].content == responses[1].content


@pytest.mark.parametrize("rows", [1, 3])
def test_a_sound_takes_as_many_queries_for_few_as_for_many(
    client: Client, rows: int, django_assert_num_queries: Any
) -> None:
    interview = an_interview(signed_in(client), questions=["Why?"])
    answer = an_answer(interview.questions.get(), *["words"] * rows, voice_metrics=MEASURED)

    with django_assert_num_queries(4):
        found = client.get(sound_of(answer)).json()

    assert (len(found["segments"]), found["trace"]) == (rows, TRACE)


# The dashboard


def test_the_dashboard_says_which_words_it_marks_and_how_long_notes_may_be(
    client: Client, settings: Any
) -> None:
    settings.LOW_CONFIDENCE_PERCENT, settings.NOTE_MAX_CHARS = 45, 77
    interview = an_interview(signed_in(client))

    page = client.get(reverse("interviews:dashboard", args=[interview.pk])).content.decode()

    assert 'data-unsure-percent="45"' in page
    assert "less than 45 % sure" in page
    assert page.count('maxlength="77"') == 2
    assert f'data-notes="{reverse("interviews:notes", args=[interview.pk])}"' in page


# Side by side


def side_by_side(client: Client, *chosen: object) -> Any:
    return client.get(reverse("interviews:side_by_side"), {"i": [str(one) for one in chosen]})


@pytest.mark.parametrize("rows", [1, 3])
def test_interviews_stand_side_by_side_in_the_order_in_which_they_are_named(
    client: Client, rows: int, django_assert_num_queries: Any
) -> None:
    user = signed_in(client)
    ids = [an_interview(user, candidate_name=f"Number {n}").pk for n in range(rows)][::-1]

    with django_assert_num_queries(3):
        page = side_by_side(client, *ids, ids[0])

    assert [interview.pk for interview in page.context["interviews"]] == ids
    sockets = re.findall(r'data-socket="/ws/interviews/([^"]+)/watch/"', page.content.decode())
    assert sockets == [str(pk) for pk in ids]


def test_who_may_not_see_one_of_them_sees_none(client: Client) -> None:
    mine = an_interview(signed_in(client))
    others = an_interview(a_recruiter("bea"), candidate_name="A Secret")

    responses = [side_by_side(client, mine.pk, wrong) for wrong in (others.pk, uuid4(), "nonsense")]

    assert [response.status_code for response in responses] == [404, 404, 404]
    assert responses[0].content == responses[1].content


def test_more_than_fit_are_refused_with_a_sentence(client: Client) -> None:
    user = signed_in(client)
    ids = [an_interview(user).pk for _ in range(SIDE_BY_SIDE_MAX + 1)]

    page = side_by_side(client, *ids)

    assert page.status_code == 400
    assert "Choose no more than 4 interviews." in page.content.decode()


def test_without_any_it_offers_those_that_go_on(client: Client) -> None:
    user = signed_in(client)
    an_interview(user, candidate_name="Going On", status="in_progress")
    an_interview(user, candidate_name="Still To Come")
    an_interview(a_recruiter("bea"), candidate_name="A Secret", status="in_progress")

    page = side_by_side(client)

    assert [interview.candidate_name for interview in page.context["interviews"]] == ["Going On"]
    assert "A Secret" not in page.content.decode()


def test_recruiters_sign_in_before_they_watch_side_by_side(client: Client) -> None:
    assert side_by_side(client)["Location"].startswith(reverse("login"))

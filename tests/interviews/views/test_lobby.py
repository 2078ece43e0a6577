from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews import access
from interviews.models import Interview
from tests.support.pages import new_interview, signed_in, text_of

pytestmark = pytest.mark.django_db


def test_a_new_interview_has_its_questions_and_shows_its_link_once(client: Client) -> None:
    user = signed_in(client)

    response = client.post(reverse("interviews:interview_new"), new_interview())

    interview = Interview.objects.get()
    assert interview.owner == user
    assert [question.text for question in interview.questions.all()] == ["Why you?", "Why us?"]
    assert interview.expires_at - timezone.now() < timedelta(days=7)
    token = response.context["link"].split("/")[-2]
    assert access.interview_for_token(token) == interview
    assert token not in text_of(client.get(reverse("interviews:interview", args=[interview.pk])))
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("sharing", ["shared", "candidate", "off"])
def test_a_new_interview_says_who_is_shown_what_is_measured(client: Client, sharing: str) -> None:
    signed_in(client)

    page = client.get(reverse("interviews:interview_new"))
    client.post(reverse("interviews:interview_new"), new_interview(metrics_sharing=sharing))

    assert page.context["form"]["metrics_sharing"].initial == "shared"
    assert Interview.objects.get().metrics_sharing == sharing


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("questions", " \n "),
        ("questions", "x\n" * 51),
        ("question_set", "00000000-0000-4000-8000-000000000000"),
        ("language", "<b>"),
        ("link_days", 0),
        ("metrics_sharing", "everybody"),
    ],
)
def test_an_interview_that_makes_no_sense_is_not_made(client: Client, field: str, value: Any) -> None:
    signed_in(client)

    response = client.post(reverse("interviews:interview_new"), new_interview(**{field: value}))

    assert set(response.context["form"].errors) == {field}
    assert not Interview.objects.exists()

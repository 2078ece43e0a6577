from __future__ import annotations

import re
from datetime import timedelta
from http.cookies import Morsel
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews import access
from interviews.forms import CONSENT_VERSION
from interviews.models import Interview
from tests.support.pages import text_of
from tests.support.rows import MEASURED, a_recruiter, an_answer, an_interview, an_interview_and_token

pytestmark = pytest.mark.django_db


def candidate_cookie(client: Client, interview: Interview) -> Morsel[str]:
    return client.cookies[access.COOKIE_NAME]


# The candidate's link


def test_the_link_asks_for_consent_and_sets_no_cookie_yet(client: Client) -> None:
    interview, token = an_interview_and_token()

    response = client.get(reverse("interviews:join", args=[token]))

    assert response.status_code == 200
    assert response.templates[0].name == "interviews/session/join.html"
    assert access.COOKIE_NAME not in client.cookies
    interview.refresh_from_db()
    assert interview.consented_at is None


def test_consent_is_recorded_with_its_version_and_opens_the_session(client: Client) -> None:
    interview, token = an_interview_and_token()

    response = client.post(reverse("interviews:join", args=[token]), {"consent": "on"})

    assert response.status_code == 302
    assert response["Location"] == reverse("interviews:session", args=[interview.pk])
    interview.refresh_from_db()
    assert interview.consented_at is not None
    assert interview.consent_version == CONSENT_VERSION
    assert client.get(response["Location"]).status_code == 200


def test_the_candidates_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    interview, token = an_interview_and_token()

    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})

    cookie = candidate_cookie(client, interview)
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (
        True,
        "Lax",
        "",
        "/",
    )


def test_the_candidates_cookie_is_secure_over_https(client: Client) -> None:
    interview, token = an_interview_and_token()

    client.post(reverse("interviews:join", args=[token]), {"consent": "on"}, secure=True)

    assert client.cookies["__Host-candidate"]["secure"] is True
    assert client.cookies["__Host-candidate"]["domain"] == ""
    assert client.get(reverse("interviews:session", args=[interview.pk]), secure=True).status_code == 200


def test_one_cookie_opens_the_last_ten_interviews(client: Client) -> None:
    made = [an_interview_and_token() for _ in range(60)]

    for _, token in made:
        client.post(reverse("interviews:join", args=[token]), {"consent": "on"})

    opened = [client.get(reverse("interviews:session", args=[i.pk])).status_code == 200 for i, _ in made]
    assert opened == [False] * 50 + [True] * 10
    assert [name for name in client.cookies if "candidate" in name] == [access.COOKIE_NAME]
    # What nginx takes of a header by default is 8 kB for all of them.
    assert len(client.cookies[access.COOKIE_NAME].value) < 1024


def test_a_link_opens_nothing_so_long_after_the_end(client: Client) -> None:
    interview, token = an_interview_and_token()
    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})
    addresses = reverse("interviews:join", args=[token]), reverse("interviews:session", args=[interview.pk])

    def statuses(days: int) -> list[int]:
        Interview.objects.update(status="completed", completed_at=timezone.now() - timedelta(days=days))
        return [client.get(address).status_code for address in addresses]

    assert (statuses(days=13), statuses(days=15)) == ([200, 200], [404, 403])


def test_without_the_tick_there_is_no_consent(client: Client) -> None:
    interview, token = an_interview_and_token()

    response = client.post(reverse("interviews:join", args=[token]), {})

    assert response.status_code == 200
    assert response.context["form"].errors["consent"]
    assert access.COOKIE_NAME not in client.cookies
    interview.refresh_from_db()
    assert interview.consented_at is None


def test_consent_needs_the_forms_own_token() -> None:
    client = Client(enforce_csrf_checks=True)
    _, token = an_interview_and_token()
    page = client.get(reverse("interviews:join", args=[token]))
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text_of(page))
    assert found

    refused = client.post(reverse("interviews:join", args=[token]), {"consent": "on"})
    accepted = client.post(
        reverse("interviews:join", args=[token]), {"consent": "on", "csrfmiddlewaretoken": found[1]}
    )

    assert (refused.status_code, accepted.status_code) == (403, 302)


def test_the_link_goes_on_without_a_second_consent(client: Client) -> None:
    interview, token = an_interview_and_token(consented_at=timezone.now())

    response = client.get(reverse("interviews:join", args=[token]))

    assert response["Location"] == reverse("interviews:session", args=[interview.pk])
    assert client.get(response["Location"]).status_code == 200


def test_an_unknown_link_is_not_found(client: Client) -> None:
    an_interview()

    assert client.get(reverse("interviews:join", args=["unknown"])).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status_code", "sentence"),
    [
        ({"status": Interview.Status.COMPLETED}, 200, "Your interview is complete"),
        ({"status": Interview.Status.CANCELLED}, 410, "This interview was cancelled"),
        ({"status": Interview.Status.EXPIRED}, 410, "This link has expired"),
        ({"expires_at": timezone.now() - timedelta(hours=1)}, 410, "This link has expired"),
    ],
)
def test_the_link_of_an_interview_that_is_over_says_so(
    client: Client, fields: dict[str, Any], status_code: int, sentence: str
) -> None:
    interview, token = an_interview_and_token(**fields)

    shown = client.get(reverse("interviews:join", args=[token]))
    posted = client.post(reverse("interviews:join", args=[token]), {"consent": "on"})

    assert (shown.status_code, posted.status_code) == (status_code, status_code)
    assert sentence in text_of(shown)
    interview.refresh_from_db()
    assert interview.consented_at is None


def test_consent_names_who_deletes_what_was_recorded(client: Client) -> None:
    _, token = an_interview_and_token(a_recruiter())

    assert "ada@example.org" in text_of(client.get(reverse("interviews:join", args=[token])))


@pytest.mark.parametrize(("days", "is_told"), [(180, True), (1, True), (0, False)])
def test_consent_and_the_end_say_how_long_data_is_kept(
    client: Client, settings: Any, days: int, is_told: bool
) -> None:
    settings.DATA_RETENTION_DAYS = days
    _, token = an_interview_and_token()
    consent = text_of(client.get(reverse("interviews:join", args=[token])))
    Interview.objects.update(status=Interview.Status.COMPLETED)

    end = text_of(client.get(reverse("interviews:join", args=[token])))

    sentence = f"deleted {days} day" + ("" if days == 1 else "s") + " after the interview"
    assert [sentence in page for page in (consent, end)] == [is_told, is_told]


# The end


def a_finished_interview(**fields: Any) -> tuple[Interview, str]:
    """Of three questions, of which two were answered, the first of them twice."""
    interview, token = an_interview_and_token(
        questions=["Why you?", "Why us?", "Why now?"],
        status=Interview.Status.COMPLETED,
        consented_at=timezone.now(),
        **fields,
    )
    first, second, _ = interview.questions.all()
    an_answer(first, "one", voice_metrics=MEASURED)
    an_answer(first, "two", voice_metrics=MEASURED, take=2, chosen_at=timezone.now())
    an_answer(second, "three", voice_metrics=MEASURED)
    return interview, token


def test_the_end_says_who_reviews_how_much_and_whom_to_ask(client: Client) -> None:
    _, token = a_finished_interview(owner=a_recruiter(first_name="Ada", last_name="Example"))

    page = text_of(client.get(reverse("interviews:join", args=[token])))

    assert "Answers given: 2 of 3" in page
    assert "Ada Example is in charge of this interview" in page
    assert "write to ada@example.org" in page


def test_without_an_owner_the_end_names_nobody(client: Client) -> None:
    _, token = a_finished_interview()

    page = text_of(client.get(reverse("interviews:join", args=[token])))

    assert "Those who are in charge of this interview" in page
    assert "ask the person who sent you the link" in page


@pytest.mark.parametrize(("sharing", "shown"), [("shared", 2), ("candidate", 2), ("off", 0)])
def test_candidates_may_see_at_the_end_how_their_answers_sounded(
    client: Client, sharing: str, shown: int
) -> None:
    interview, token = a_finished_interview(metrics_sharing=sharing)
    client.cookies[access.COOKIE_NAME] = access.candidate_cookie(interview)

    pages = [
        text_of(client.get(address))
        for address in (
            reverse("interviews:join", args=[token]),
            reverse("interviews:session", args=[interview.pk]),
        )
    ]

    assert [page.count("<measure-list") for page in pages] == [shown, shown]
    assert pages[0].count("118.5\N{NO-BREAK SPACE}Hz") + pages[0].count("119 Hz") == shown


def test_the_end_asks_as_much_for_three_answers_as_for_one(
    client: Client, django_assert_num_queries: Any
) -> None:
    for questions in (["One"], ["One", "Two", "Three"]):
        interview, token = an_interview_and_token(
            a_recruiter(questions[-1]), questions=questions, status=Interview.Status.COMPLETED
        )
        for question in interview.questions.all():
            an_answer(question, "yes", voice_metrics=MEASURED)

        with django_assert_num_queries(5):
            page = client.get(reverse("interviews:join", args=[token]))

        assert text_of(page).count("<measure-list") == len(questions)


# The candidate's page


def test_the_session_page_holds_no_question(client: Client) -> None:
    interview, token = an_interview_and_token(questions=["A question to think about"])
    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})

    page = text_of(client.get(reverse("interviews:session", args=[interview.pk])))

    assert f'data-socket="/ws/interviews/{interview.pk}/"' in page
    assert "A question to think about" not in page


def test_a_session_opens_only_with_its_own_cookie(client: Client) -> None:
    mine, token = an_interview_and_token()
    others = an_interview(consented_at=timezone.now())
    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})
    client.cookies[access.COOKIE_NAME] = candidate_cookie(client, mine).value

    responses = [client.get(reverse("interviews:session", args=[pk])) for pk in (others.pk, uuid4())]

    assert [response.status_code for response in responses] == [403, 403]
    assert responses[0].content == responses[1].content


def test_a_new_link_ends_the_old_ones_sessions(client: Client) -> None:
    owner = a_recruiter()
    interview, token = an_interview_and_token(owner)
    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})
    recruiter = Client()
    recruiter.force_login(owner)

    recruiter.post(reverse("interviews:interview_link", args=[interview.pk]))

    assert client.get(reverse("interviews:session", args=[interview.pk])).status_code == 403
    assert client.get(reverse("interviews:join", args=[token])).status_code == 404


def test_a_session_that_is_over_says_so(client: Client) -> None:
    interview, token = an_interview_and_token()
    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})
    Interview.objects.update(status=Interview.Status.COMPLETED)

    page = text_of(client.get(reverse("interviews:session", args=[interview.pk])))

    assert "Your interview is complete" in page

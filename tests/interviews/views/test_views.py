from __future__ import annotations

import gzip
import re
from datetime import timedelta
from http.cookies import Morsel
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews import access
from interviews.forms import CONSENT_VERSION
from interviews.models import Answer, Correction, Interview
from tests.support.rows import MEASURED, a_recruiter, an_answer, an_interview, an_interview_and_token

pytestmark = pytest.mark.django_db


def signed_in(client: Client, name: str = "ada", **fields: Any) -> Any:
    user = a_recruiter(name, **fields)
    client.force_login(user)
    return user


def candidate_cookie(client: Client, interview: Interview) -> Morsel[str]:
    return client.cookies[access.cookie_name(interview.pk)]


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


# The candidate's link


def test_the_link_asks_for_consent_and_sets_no_cookie_yet(client: Client) -> None:
    interview, token = an_interview_and_token()

    response = client.get(reverse("join", args=[token]))

    assert response.status_code == 200
    assert response.templates[0].name == "interviews/session/join.html"
    assert access.cookie_name(interview.pk) not in client.cookies
    interview.refresh_from_db()
    assert interview.consented_at is None


def test_consent_is_recorded_with_its_version_and_opens_the_session(client: Client) -> None:
    interview, token = an_interview_and_token()

    response = client.post(reverse("join", args=[token]), {"consent": "on"})

    assert response.status_code == 302
    assert response["Location"] == reverse("session", args=[interview.pk])
    interview.refresh_from_db()
    assert interview.consented_at is not None
    assert interview.consent_version == CONSENT_VERSION
    assert client.get(response["Location"]).status_code == 200


def test_the_candidates_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    interview, token = an_interview_and_token()

    client.post(reverse("join", args=[token]), {"consent": "on"})

    cookie = candidate_cookie(client, interview)
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (
        True,
        "Lax",
        "",
        "/",
    )
    # A day more than the link: what is under way then may be finished.
    assert 0 < cookie["max-age"] <= timedelta(days=31).total_seconds()


def test_the_candidates_cookie_is_secure_over_https(client: Client) -> None:
    interview, token = an_interview_and_token()

    client.post(reverse("join", args=[token]), {"consent": "on"}, secure=True)

    assert candidate_cookie(client, interview)["secure"] is True


def test_without_the_tick_there_is_no_consent(client: Client) -> None:
    interview, token = an_interview_and_token()

    response = client.post(reverse("join", args=[token]), {})

    assert response.status_code == 200
    assert response.context["form"].errors["consent"]
    assert access.cookie_name(interview.pk) not in client.cookies
    interview.refresh_from_db()
    assert interview.consented_at is None


def test_consent_needs_the_forms_own_token() -> None:
    client = Client(enforce_csrf_checks=True)
    _, token = an_interview_and_token()
    page = client.get(reverse("join", args=[token]))
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text_of(page))
    assert found

    refused = client.post(reverse("join", args=[token]), {"consent": "on"})
    accepted = client.post(reverse("join", args=[token]), {"consent": "on", "csrfmiddlewaretoken": found[1]})

    assert (refused.status_code, accepted.status_code) == (403, 302)


def test_the_link_goes_on_without_a_second_consent(client: Client) -> None:
    interview, token = an_interview_and_token(consented_at=timezone.now())

    response = client.get(reverse("join", args=[token]))

    assert response["Location"] == reverse("session", args=[interview.pk])
    assert client.get(response["Location"]).status_code == 200


def test_an_unknown_link_is_not_found(client: Client) -> None:
    an_interview()

    assert client.get(reverse("join", args=["unknown"])).status_code == 404


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

    shown = client.get(reverse("join", args=[token]))
    posted = client.post(reverse("join", args=[token]), {"consent": "on"})

    assert (shown.status_code, posted.status_code) == (status_code, status_code)
    assert sentence in text_of(shown)
    interview.refresh_from_db()
    assert interview.consented_at is None


def test_consent_names_who_deletes_what_was_recorded(client: Client) -> None:
    _, token = an_interview_and_token(a_recruiter())

    assert "ada@example.org" in text_of(client.get(reverse("join", args=[token])))


@pytest.mark.parametrize(("days", "is_told"), [(180, True), (1, True), (0, False)])
def test_consent_and_the_end_say_how_long_data_is_kept(
    client: Client, settings: Any, days: int, is_told: bool
) -> None:
    settings.DATA_RETENTION_DAYS = days
    _, token = an_interview_and_token()
    consent = text_of(client.get(reverse("join", args=[token])))
    Interview.objects.update(status=Interview.Status.COMPLETED)

    end = text_of(client.get(reverse("join", args=[token])))

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

    page = text_of(client.get(reverse("join", args=[token])))

    assert "Answers given: 2 of 3" in page
    assert "Ada Example is in charge of this interview" in page
    assert "write to ada@example.org" in page


def test_without_an_owner_the_end_names_nobody(client: Client) -> None:
    _, token = a_finished_interview()

    page = text_of(client.get(reverse("join", args=[token])))

    assert "Those who are in charge of this interview" in page
    assert "ask the person who sent you the link" in page


@pytest.mark.parametrize(("sharing", "shown"), [("shared", 2), ("candidate", 2), ("off", 0)])
def test_candidates_may_see_at_the_end_how_their_answers_sounded(
    client: Client, sharing: str, shown: int
) -> None:
    interview, token = a_finished_interview(metrics_sharing=sharing)
    client.cookies[access.cookie_name(interview.pk)] = access.candidate_cookie(interview)

    pages = [
        text_of(client.get(address))
        for address in (reverse("join", args=[token]), reverse("session", args=[interview.pk]))
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
            client.get(reverse("join", args=[token]))


# The candidate's page


def test_the_session_page_holds_no_question(client: Client) -> None:
    interview, token = an_interview_and_token(questions=["A question to think about"])
    client.post(reverse("join", args=[token]), {"consent": "on"})

    page = text_of(client.get(reverse("session", args=[interview.pk])))

    assert f'data-socket="/ws/interviews/{interview.pk}/"' in page
    assert "A question to think about" not in page


def test_a_session_opens_only_with_its_own_cookie(client: Client) -> None:
    mine, token = an_interview_and_token()
    others = an_interview(consented_at=timezone.now())
    client.post(reverse("join", args=[token]), {"consent": "on"})
    client.cookies[access.cookie_name(others.pk)] = candidate_cookie(client, mine).value

    responses = [client.get(reverse("session", args=[pk])) for pk in (others.pk, uuid4())]

    assert [response.status_code for response in responses] == [403, 403]
    assert responses[0].content == responses[1].content


def test_a_new_link_ends_the_old_ones_sessions(client: Client) -> None:
    owner = a_recruiter()
    interview, token = an_interview_and_token(owner)
    client.post(reverse("join", args=[token]), {"consent": "on"})
    recruiter = Client()
    recruiter.force_login(owner)

    recruiter.post(reverse("interview_link", args=[interview.pk]))

    assert client.get(reverse("session", args=[interview.pk])).status_code == 403
    assert client.get(reverse("join", args=[token])).status_code == 404


def test_a_session_that_is_over_says_so(client: Client) -> None:
    interview, token = an_interview_and_token()
    client.post(reverse("join", args=[token]), {"consent": "on"})
    Interview.objects.update(status=Interview.Status.COMPLETED)

    page = text_of(client.get(reverse("session", args=[interview.pk])))

    assert "Your interview is complete" in page


# The recruiter's pages


RECRUITERS_PAGES = ["interview", "dashboard"]


@pytest.mark.parametrize("name", [*RECRUITERS_PAGES, "lobby", "interview_new"])
def test_recruiters_sign_in_first(client: Client, name: str) -> None:
    interview = an_interview()
    address = reverse(name, args=[interview.pk] if name in RECRUITERS_PAGES else [])

    response = client.get(address)

    assert response["Location"] == f"{reverse('login')}?next={address}"


def test_a_candidate_is_no_recruiter(client: Client) -> None:
    interview, token = an_interview_and_token()
    client.post(reverse("join", args=[token]), {"consent": "on"})

    responses = [client.get(reverse(name, args=[interview.pk])) for name in RECRUITERS_PAGES]

    assert [response.status_code for response in responses] == [302, 302]


@pytest.mark.parametrize("name", RECRUITERS_PAGES)
def test_anothers_interview_is_as_missing_as_one_that_never_was(client: Client, name: str) -> None:
    others = an_interview(a_recruiter("bea"))
    an_answer(others.questions.get(position=1), "a secret")
    signed_in(client)

    responses = [client.get(reverse(name, args=[pk])) for pk in (others.pk, uuid4())]

    assert [response.status_code for response in responses] == [404, 404]
    assert responses[0].content == responses[1].content


@pytest.mark.parametrize("name", RECRUITERS_PAGES)
def test_owners_watchers_and_superusers_see_an_interview(client: Client, name: str) -> None:
    owner, watcher, root = (
        a_recruiter("owner"),
        a_recruiter("watcher"),
        a_recruiter("root", is_superuser=True),
    )
    interview = an_interview(owner)
    interview.watchers.add(watcher)

    for user in (owner, watcher, root):
        client.force_login(user)
        assert client.get(reverse(name, args=[interview.pk])).status_code == 200


def new_interview(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Developer",
        "candidate_name": "Grace Example",
        "candidate_email": "",
        "language": "en-US",
        "metrics_sharing": "shared",
        "questions": "Why you?\r\n\r\n  Why us?  \r\n",
        "link_days": 7,
        **fields,
    }


def test_a_new_interview_has_its_questions_and_shows_its_link_once(client: Client) -> None:
    user = signed_in(client)

    response = client.post(reverse("interview_new"), new_interview())

    interview = Interview.objects.get()
    assert interview.owner == user
    assert [question.text for question in interview.questions.all()] == ["Why you?", "Why us?"]
    assert interview.expires_at - timezone.now() < timedelta(days=7)
    token = response.context["link"].split("/")[-2]
    assert access.interview_for_token(token) == interview
    assert token not in text_of(client.get(reverse("interview", args=[interview.pk])))
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("sharing", ["shared", "candidate", "off"])
def test_a_new_interview_says_who_is_shown_what_is_measured(client: Client, sharing: str) -> None:
    signed_in(client)

    page = client.get(reverse("interview_new"))
    client.post(reverse("interview_new"), new_interview(metrics_sharing=sharing))

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

    response = client.post(reverse("interview_new"), new_interview(**{field: value}))

    assert set(response.context["form"].errors) == {field}
    assert not Interview.objects.exists()


def test_only_the_owner_makes_a_new_link(client: Client) -> None:
    interview = an_interview(a_recruiter("bea"))
    interview.watchers.add(signed_in(client))

    watchers = client.post(reverse("interview_link", args=[interview.pk]))
    client.force_login(a_recruiter("carl"))
    strangers = client.post(reverse("interview_link", args=[interview.pk]))

    assert (watchers.status_code, strangers.status_code) == (403, 404)
    before = interview.token_hash
    interview.refresh_from_db()
    assert interview.token_hash == before


def test_a_link_is_never_made_by_opening_a_page(client: Client) -> None:
    interview = an_interview(signed_in(client))

    assert client.get(reverse("interview_link", args=[interview.pk])).status_code == 405


@pytest.mark.parametrize("rows", [1, 3])
def test_a_transcript_takes_as_many_queries_for_few_as_for_many(
    client: Client, rows: int, django_assert_num_queries: Any
) -> None:
    interview = an_interview(signed_in(client), questions=["Why?"] * rows)
    for question in interview.questions.all():
        for take in range(1, rows + 1):
            answer = an_answer(question, *["words"] * rows, take=take, audio=b"fLaC")
        Correction.objects.create(segment=answer.segments.get(index=0), text="others")

    with django_assert_num_queries(7):
        client.get(reverse("interview", args=[interview.pk]))


def test_a_transcript_shows_words_times_and_measures(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    answer = an_answer(interview.questions.get(), "first words", "second words", audio=b"fLaC")

    page = text_of(client.get(reverse("interview", args=[interview.pk])))

    assert re.search(
        r'data-start="5000"><button [^>]*>0:05</button><span data-text>second words</span>', page
    )
    [link] = re.findall(r'<audio [^>]*src="([^"]+)"', page)
    assert client.get(link).status_code == 200
    assert f'data-renewed-at="{reverse("answer_audio", args=[answer.pk])}"' in page
    assert ">132</dd>" in page
    assert ">91 %</dd>" in page
    assert page.count(">not measured</dd>") == 2


def numbers(page: HttpResponse, name: str) -> list[int]:
    return [take.take for take in page.context[name]]


def test_the_take_that_counts_is_shown_and_the_others_are_folded(client: Client) -> None:
    asked = {"text": "Why you?", "takes_allowed": 5}
    interview = an_interview(signed_in(client), questions=[asked])
    question = interview.questions.get()
    an_answer(question, "first take")
    an_answer(question, "second take", take=2, chosen_at=timezone.now())
    an_answer(question, "third take", take=3)
    an_answer(question, take=4, status=Answer.Status.FAILED)

    page = text_of(client.get(reverse("interview", args=[interview.pk])))

    counting, *others = page.split('<details class="answer__other">')
    assert ("second take" in counting, "Chosen by the candidate" in counting) == (True, True)
    assert [re.findall(r"(\w+) take</span>", other) for other in others] == [["first"], ["third"], []]
    assert "Chosen by the candidate" not in "".join(others)
    assert reverse("takes", args=[interview.pk, question.pk]) in page


def test_one_take_is_not_compared(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    an_answer(interview.questions.get(), "words")
    an_answer(interview.questions.get(), take=2, status=Answer.Status.FAILED)

    page = text_of(client.get(reverse("interview", args=[interview.pk])))

    assert "Compare the takes" not in page


def test_the_take_that_counts_is_compared_with_another(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    question = interview.questions.get()
    for take in (1, 2, 3):
        an_answer(question, f"words {take}", take=take, audio=b"fLaC")
    an_answer(question, take=4, status=Answer.Status.FAILED)
    address = reverse("takes", args=[interview.pk, question.pk])

    pages = [client.get(address), client.get(address, {"take": [1, 3]}), client.get(address, {"take": "x"})]

    assert [numbers(page, "takes") for page in pages] == [[3, 2], [3, 1], [3, 2]]
    assert text_of(pages[1]).count("<audio ") == 2


def test_takes_of_others_are_as_missing_as_a_question_that_never_was(client: Client) -> None:
    others = an_interview(a_recruiter("bea"), questions=["A secret?"])
    mine = an_interview(signed_in(client))
    addresses = [
        reverse("takes", args=[others.pk, others.questions.get().pk]),
        reverse("takes", args=[mine.pk, others.questions.get().pk]),
        reverse("takes", args=[mine.pk, uuid4()]),
    ]

    assert [client.get(address).status_code for address in addresses] == [404, 404, 404]


def test_ten_answers_of_three_minutes_are_a_light_page(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why?"] * 10)
    for question in interview.questions.all():
        sentences = ["seven words about this and that there"] * 45
        an_answer(question, *sentences, audio=b"fLaC", voice_metrics=MEASURED, peaks=bytes(1200))

    page = client.get(reverse("interview", args=[interview.pk]), headers={"Accept-Encoding": "gzip"})

    assert len(page.content) < 15_000
    assert len(gzip.decompress(page.content)) < 150_000


def test_words_can_do_no_harm_to_the_page(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["<script>one</script>"])
    an_answer(interview.questions.get(), "<script>two</script>")

    assert "<script>one" not in text_of(client.get(reverse("interview", args=[interview.pk])))
    assert "<script>two" not in text_of(client.get(reverse("interview", args=[interview.pk])))


# Signing in and out


def test_signing_in_leads_to_the_lobby_and_out_again(client: Client) -> None:
    a_recruiter(password="a long password")

    signed_in = client.post(reverse("login"), {"username": "ada", "password": "a long password"})
    signed_out = client.post(reverse("logout"))

    assert signed_in["Location"] == reverse("lobby")
    assert signed_out["Location"] == reverse("login")
    assert client.get(reverse("home"))["Location"] == reverse("lobby")


@pytest.mark.parametrize("address", ["/accounts/login/", "/join/unknown/"])
def test_pages_allow_no_script_or_style_but_the_sites_own(client: Client, address: str) -> None:
    response = client.get(address)

    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    page = text_of(response)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_pages_come_in_the_chosen_language(client: Client) -> None:
    client.post(reverse("set_language"), {"language": "de", "next": reverse("login")})

    page = client.get(reverse("login")).content.decode()

    assert '<html lang="de" dir="ltr">' in page
    assert 'value="de" lang="de" aria-current="true"' in page

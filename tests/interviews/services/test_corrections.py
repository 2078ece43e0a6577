"""What reviewers correct: kept beside the recogniser's text, with who and when, and nothing of it lost."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from interviews import access
from interviews.forms import MAX_CORRECTION_CHARS
from interviews.models import Answer, Correction, Segment
from interviews.services.corrections import CorrectedMeanwhile, correct
from tests.support.pages import Page
from tests.support.rows import a_recruiter, an_answer, an_interview, an_interview_and_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(client: Client) -> User:
    user = a_recruiter("ada", first_name="Ada", last_name="Lovelace")
    client.force_login(user)
    return user


@pytest.fixture
def answer(reviewer: User) -> Answer:
    interview = an_interview(reviewer, questions=["Why you?"])
    return an_answer(interview.questions.get(), "i red books", "and more", audio=b"fLaC")


def address(answer: Answer) -> str:
    return reverse("interviews:corrections", args=[answer.pk])


def segment(answer: Answer, index: int = 0) -> Segment:
    return answer.segments.get(index=index)


def texts(answer: Answer) -> list[tuple[int, str]]:
    return list(Correction.objects.order_by("pk").values_list("segment__index", "text"))


def form_of(page: Page) -> dict[str, str]:
    """What a browser would send of a page that nobody touched."""
    fields = [field for form in page.context["forms"] for field in form]
    return {field.html_name: "" if field.value() is None else str(field.value()) for field in fields}


def sent_by_script(client: Client, answer: Answer, **fields: Any) -> Any:
    data = {name.replace("_", "-"): value for name, value in fields.items()}
    return client.post(address(answer), data, headers={"Accept": "application/json"})


# What is kept


def test_the_latest_is_shown_and_the_recognisers_text_stays(answer: Answer, reviewer: User) -> None:
    first = correct(segment(answer), "I read books", reviewer)
    assert first
    correct(segment(answer), "I read books.", reviewer, seen=first.pk)

    kept = segment(answer)
    assert (kept.shown_text, kept.text) == ("I read books.", "i red books")
    assert [(one.text, one.author) for one in kept.corrections.all()] == [
        ("I read books", reviewer),
        ("I read books.", reviewer),
    ]


def test_what_was_not_changed_is_no_correction(answer: Answer, reviewer: User) -> None:
    assert correct(segment(answer), "i red books", reviewer) is None
    assert not Correction.objects.exists()


def test_who_has_not_seen_anothers_correction_is_told_of_it(answer: Answer, reviewer: User) -> None:
    theirs = correct(segment(answer), "I read books", a_recruiter("bea"))

    with pytest.raises(CorrectedMeanwhile) as caught:
        correct(segment(answer), "I had red books", reviewer)

    assert caught.value.latest == theirs
    # Who changed nothing overwrites nothing.
    assert correct(segment(answer), "i red books", reviewer) is None
    assert texts(answer) == [(0, "I read books")]


def test_a_correction_outlives_the_account_of_its_author(answer: Answer, client: Client) -> None:
    bea = a_recruiter("bea")
    correct(segment(answer), "I read books", bea)

    bea.delete()

    assert "Somebody who has left" in client.get(address(answer)).content.decode()


# The form


def test_the_form_saves_what_was_changed_and_leads_back(answer: Answer, client: Client) -> None:
    data = form_of(client.get(address(answer)))

    response = client.post(address(answer), {**data, "1-text": "and many more"})

    page = reverse("interviews:interview", args=[answer.question.interview_id])
    assert response["Location"] == f"{page}#answer-{answer.pk}"
    assert texts(answer) == [(1, "and many more")]


def test_of_what_is_refused_nothing_is_saved_and_all_that_was_typed_is_there(
    answer: Answer, client: Client
) -> None:
    long = "x" * (MAX_CORRECTION_CHARS + 1)

    response = client.post(address(answer), {"0-text": "typed", "0-seen": "", "1-text": long, "1-seen": ""})

    assert [set(form.errors) for form in response.context["forms"]] == [set(), {"text"}]
    assert [form["text"].value() for form in response.context["forms"]] == ["typed", long]
    assert texts(answer) == []


def test_two_who_correct_the_same_lose_nothing(answer: Answer, client: Client) -> None:
    mine = form_of(client.get(address(answer)))
    correct(segment(answer), "theirs", a_recruiter("bea"))

    refused = client.post(address(answer), {**mine, "0-text": "mine"})
    again = client.post(address(answer), {**form_of(refused), "0-text": "mine"})

    [first, _] = refused.context["forms"]
    assert first["text"].value() == "mine"
    assert first.errors.as_data()["text"][0].code == "CORRECTED_MEANWHILE"
    assert "theirs" in refused.content.decode()
    assert again.status_code == 302
    assert texts(answer) == [(0, "theirs"), (0, "mine")]


def test_a_text_may_be_emptied_where_nothing_was_said(answer: Answer, client: Client) -> None:
    client.post(address(answer), {"1-text": "", "1-seen": ""})

    assert segment(answer, 1).shown_text == ""


# In its place, by a script


def test_a_script_is_told_the_segment_as_it_is_now(answer: Answer, client: Client) -> None:
    response = sent_by_script(client, answer, **{"0_text": "I read books", "0_seen": ""})

    [told] = response.json()["segments"]
    made = Correction.objects.get()
    assert (response.status_code, response.json()["problems"]) == (200, [])
    assert (told["segment"], told["text"], told["seen"]) == (0, "I read books", made.pk)
    assert [(one["by"], one["text"], bool(one["at"])) for one in told["versions"]] == [
        ("scripted", "i red books", False),
        ("Ada Lovelace", "I read books", True),
    ]


def test_a_script_is_told_why_it_was_refused(answer: Answer, client: Client) -> None:
    theirs = correct(segment(answer), "theirs", a_recruiter("bea"))
    assert theirs

    response = sent_by_script(client, answer, **{"0_text": "mine", "0_seen": ""})

    assert response.status_code == 409
    assert [problem["code"] for problem in response.json()["problems"]] == ["CORRECTED_MEANWHILE"]
    assert [(one["text"], one["seen"]) for one in response.json()["segments"]] == [("theirs", theirs.pk)]


# Who may


def test_whoever_may_see_the_interview_may_correct_it(answer: Answer, client: Client) -> None:
    watcher = a_recruiter("bea")
    answer.question.interview.watchers.add(watcher)
    client.force_login(watcher)

    assert client.post(address(answer), {"0-text": "Better", "0-seen": ""}).status_code == 302
    assert Correction.objects.get().author == watcher


def test_others_neither_see_nor_change_anything(answer: Answer, client: Client) -> None:
    client.force_login(a_recruiter("bea"))
    never = reverse("interviews:corrections", args=[uuid4()])
    data = {"0-text": "Worse", "0-seen": ""}

    responses = [client.get(address(answer)), client.post(address(answer), data), client.post(never, data)]

    assert [response.status_code for response in responses] == [404, 404, 404]
    assert responses[0].content == responses[2].content
    assert texts(answer) == []


def test_a_candidate_corrects_nothing(client: Client) -> None:
    interview, token = an_interview_and_token(questions=["Why you?"])
    answer = an_answer(interview.questions.get(), "a secret")
    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})

    response = client.post(address(answer), {"0-text": "Worse", "0-seen": ""})

    assert response["Location"].startswith(reverse("login"))
    assert texts(answer) == []


@pytest.mark.parametrize(
    "fields", [{"status": Answer.Status.RECORDING}, {"status": Answer.Status.FAILED}, {"kind": "text"}]
)
def test_only_spoken_answers_that_have_ended_are_corrected(
    answer: Answer, reviewer: User, fields: dict[str, str]
) -> None:
    Answer.objects.update(**fields)

    assert not access.correctable_answers(reviewer).exists()


def test_a_correction_needs_the_forms_own_token(answer: Answer, reviewer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer)

    assert client.post(address(answer), {"0-text": "Worse", "0-seen": ""}).status_code == 403


# On the pages


@pytest.mark.parametrize("name", ["interviews:interview", "admin:interviews_interview_change"])
def test_pages_show_the_correction_with_its_mark_and_the_original_beside_it(
    answer: Answer, reviewer: User, client: Client, name: str
) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    made = correct(segment(answer), "I read <books>", reviewer)
    assert made

    page = client.get(reverse(name, args=[answer.question.interview_id])).content.decode()

    assert "<span data-text>I read &lt;books&gt;</span>" in page
    assert f'data-seen="{made.pk}"' in page
    assert "<summary>Corrected</summary>" in page
    assert "<q>i red books</q>" in page
    assert "<span>Ada Lovelace, " in page
    # The admin only shows.
    assert (address(answer) in page) == (name == "interviews:interview")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_form_takes_as_many_queries_for_few_as_for_many(
    reviewer: User, client: Client, rows: int, django_assert_num_queries: Any
) -> None:
    interview = an_interview(reviewer, questions=["Why?"])
    answer = an_answer(interview.questions.get(), *["words"] * rows)
    for one in answer.segments.all():
        correct(one, "other words", reviewer)

    with django_assert_num_queries(6):
        page = client.get(address(answer))

    assert [form["text"].value() for form in page.context["forms"]] == ["other words"] * rows


def test_a_long_answer_comes_in_pages(reviewer: User, client: Client) -> None:
    interview = an_interview(reviewer, questions=["Why?"])
    answer = an_answer(interview.questions.get(), *["words"] * 60)

    pages = [client.get(address(answer), {"page": page}).context["forms"] for page in (1, 2)]

    assert [[form.segment.index for form in forms][::49] for forms in pages] == [[0, 49], [50]]

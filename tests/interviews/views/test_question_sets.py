"""Sets of questions, and what is made of them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from interviews.models import Interview, QuestionSet, SetQuestion
from interviews.services.question_sets import MAX_QUESTIONS
from tests.support.pages import new_interview, signed_in, text_of
from tests.support.rows import a_recruiter, an_interview

pytestmark = pytest.mark.django_db

ASKED: dict[str, Any] = {
    "question_type": "technical",
    "difficulty": "hard",
    "think_seconds": 60,
    "answer_seconds": 120,
    "takes_allowed": 3,
}


def a_set(owner: Any, *texts: str, **fields: Any) -> QuestionSet:
    made = QuestionSet.objects.create(owner=owner, **{"name": "Gardeners", **fields})
    for position, text in enumerate(texts or ["Which flower?", "Which tree?"], start=1):
        SetQuestion.objects.create(question_set=made, position=position, text=text, **ASKED)
    return made


def form(*rows: dict[str, Any], name: str = "Gardeners", language: str = "en-US") -> dict[str, Any]:
    """As a browser sends it; each row is filled but for what it says."""
    fields: dict[str, Any] = {"name": name, "language": language}
    fields |= {"questions-TOTAL_FORMS": len(rows), "questions-INITIAL_FORMS": 0}
    for index, row in enumerate(rows):
        filled = {"text": f"Question {index}?", **ASKED, "ORDER": index + 1, **row}
        fields |= {f"questions-{index}-{key}": value for key, value in filled.items() if value is not None}
    return fields


BLANK = {
    "text": "",
    "question_type": "general",
    "difficulty": "medium",
    "think_seconds": 30,
    "answer_seconds": 180,
    "takes_allowed": 1,
}


def texts_of(made: Any) -> list[str]:
    return [question.text for question in made.questions.all()]


@pytest.fixture
def ada(client: Client) -> Any:
    return signed_in(client)


# Making and editing


def test_a_set_keeps_its_questions_and_all_about_them(client: Client, ada: Any) -> None:
    response = client.post(reverse("interviews:question_set_new"), form({"text": "Which flower?"}, {}, BLANK))

    made = QuestionSet.objects.get()
    assert response["Location"] == reverse("interviews:question_set", args=[made.pk])
    assert (made.owner, made.name, made.language) == (ada, "Gardeners", "en-US")
    assert texts_of(made) == ["Which flower?", "Question 1?"]
    assert {**made.questions.all()[0].asked, "text": ""} == {**ASKED, "text": ""}


def test_questions_are_moved_added_and_removed(client: Client, ada: Any) -> None:
    made = a_set(ada, "1", "2", "3")
    rows = {"text": "1", "ORDER": 4}, {"text": "2", "ORDER": 2}, {"text": "3", "DELETE": "on"}

    client.post(
        reverse("interviews:question_set", args=[made.pk]), form(*rows, {"text": "4", "ORDER": 3}, BLANK)
    )

    assert texts_of(made) == ["2", "4", "1"]
    assert [question.position for question in made.questions.all()] == [1, 2, 3]


def test_a_set_is_shown_as_it_was_saved(client: Client, ada: Any) -> None:
    made = a_set(ada, "Which flower?")

    page = client.get(reverse("interviews:question_set", args=[made.pk]))

    row = page.context["formset"].forms[0]
    assert {name: row[name].value() for name in ASKED} == ASKED
    assert "Which flower?" in text_of(page)


@pytest.mark.parametrize(
    ("rows", "where", "field"),
    [
        ([{"think_seconds": "soon"}], 0, "think_seconds"),
        ([{"think_seconds": -1}], 0, "think_seconds"),
        ([{}, {"answer_seconds": 1}], 1, "answer_seconds"),
        ([{"answer_seconds": 3601}], 0, "answer_seconds"),
        ([{"takes_allowed": 6}], 0, "takes_allowed"),
        ([{"question_type": "rude"}], 0, "question_type"),
        ([{}, {"text": "  "}], 1, "text"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_typed_is_lost(
    client: Client, ada: Any, rows: list[dict[str, Any]], where: int, field: str
) -> None:
    made = a_set(ada)

    page = client.post(reverse("interviews:question_set", args=[made.pk]), form(*rows, name="Trees"))

    errors = page.context["formset"].errors
    assert [set(row) for row in errors] == [
        {field} if index == where else set() for index in range(len(rows))
    ]
    assert 'value="Trees"' in text_of(page)
    assert "Question 0?" in text_of(page)
    made.refresh_from_db()
    assert (made.name, texts_of(made)) == ("Gardeners", ["Which flower?", "Which tree?"])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([BLANK, {**BLANK}], "Write at least one question."),
        ([{"DELETE": "on"}], "Write at least one question."),
        ([{}] * (MAX_QUESTIONS + 1), "That is more than 50 questions."),
    ],
)
def test_a_set_has_some_questions_and_not_too_many(
    client: Client, ada: Any, rows: list[dict[str, Any]], sentence: str
) -> None:
    page = client.post(reverse("interviews:question_set_new"), form(*rows))

    assert page.context["formset"].non_form_errors() == [sentence]
    assert not QuestionSet.objects.exists()


def test_a_set_needs_a_name_and_a_language_that_is_recognised(
    client: Client, ada: Any, settings: Any
) -> None:
    settings.SPEECH_BACKENDS = {
        "default": {"BACKEND": "speech.backends.pocketsphinx.PocketSphinxBackend"},
    }

    page = client.post(reverse("interviews:question_set_new"), form({}, name="", language="de-DE"))

    assert set(page.context["form"].errors) == {"name", "language"}


@pytest.mark.parametrize("changes", [{"questions-TOTAL_FORMS": "x"}, {"questions-TOTAL_FORMS": "100000"}])
def test_a_form_that_was_tampered_with_is_refused(client: Client, ada: Any, changes: dict[str, str]) -> None:
    page = client.post(reverse("interviews:question_set_new"), {**form({}), **changes})

    assert page.status_code == 200
    assert not QuestionSet.objects.exists()


def test_a_copy_is_one_of_its_own(client: Client, ada: Any) -> None:
    made = a_set(ada, name="x" * 200)

    response = client.post(reverse("interviews:question_set_copy", args=[made.pk]))

    copy = QuestionSet.objects.exclude(pk=made.pk).get()
    assert response["Location"] == reverse("interviews:question_set", args=[copy.pk])
    assert copy.name.startswith("Copy of xxx") and len(copy.name) == 200
    assert [q.asked for q in copy.questions.all()] == [q.asked for q in made.questions.all()]


def test_deleting_asks_first(client: Client, ada: Any) -> None:
    made = a_set(ada)
    address = reverse("interviews:question_set_delete", args=[made.pk])

    assert "Delete “Gardeners”?" in text_of(client.get(address))
    assert QuestionSet.objects.exists()
    client.post(address)
    assert not QuestionSet.objects.exists()


# Interviews from sets, and sets from interviews


def test_an_interview_copies_the_questions_of_its_set(client: Client, ada: Any) -> None:
    made = a_set(ada)

    client.post(
        reverse("interviews:interview_new"), new_interview(question_set=made.pk, questions="And which bush?")
    )
    made.questions.update(text="Another one")
    made.delete()

    questions = Interview.objects.get().questions.all()
    assert [q.text for q in questions] == ["Which flower?", "Which tree?", "And which bush?"]
    assert {**questions[1].asked, "text": ""} == {**ASKED, "text": ""}
    assert (questions[2].think_seconds, questions[2].takes_allowed) == (30, 1)


def test_a_new_interview_is_offered_the_set_that_its_address_names(client: Client, ada: Any) -> None:
    made = a_set(ada, language="en-GB")

    page = client.get(reverse("interviews:interview_new"), {"set": str(made.pk)})

    form = page.context["form"]
    assert (form["question_set"].value(), form["language"].value()) == (made.pk, "en-GB")


@pytest.mark.parametrize("named", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_set_that_is_none_is_left_out(client: Client, ada: Any, named: str) -> None:
    page = client.get(reverse("interviews:interview_new"), {"set": named})

    assert page.context["form"]["question_set"].value() is None


def test_questions_of_an_interview_become_a_set(client: Client, ada: Any) -> None:
    question = {"text": "Which flower?", **ASKED}
    interview = an_interview(a_recruiter("bea"), title="Gardener", questions=[question, "Why?"])
    interview.watchers.add(ada)

    response = client.post(reverse("interviews:interview_to_set", args=[interview.pk]))

    made = QuestionSet.objects.get()
    assert response["Location"] == reverse("interviews:question_set", args=[made.pk])
    assert (made.name, made.owner, texts_of(made)) == ("Gardener", ada, ["Which flower?", "Why?"])
    assert made.questions.all()[0].asked == question


# Who may


PAGES = ["question_set", "question_set_copy", "question_set_delete"]


@pytest.mark.parametrize("name", PAGES)
def test_anothers_set_is_as_missing_as_one_that_never_was(client: Client, ada: Any, name: str) -> None:
    others = a_set(a_recruiter("bea"), "A secret question?", name="A secret name")
    posted = form({})

    responses = [client.post(reverse(f"interviews:{name}", args=[pk]), posted) for pk in (others.pk, uuid4())]
    shown = client.get(reverse("interviews:question_sets")), client.get(reverse("interviews:interview_new"))

    assert [response.status_code for response in responses] == [404, 404]
    assert responses[0].content == responses[1].content
    assert texts_of(others) == ["A secret question?"]
    assert QuestionSet.objects.count() == 1
    assert not any("secret" in text_of(page) or str(others.pk) in text_of(page) for page in shown)


def test_anothers_set_makes_no_interview(client: Client, ada: Any) -> None:
    others = a_set(a_recruiter("bea"))

    page = client.post(reverse("interviews:interview_new"), new_interview(question_set=others.pk))
    asked = client.get(reverse("interviews:interview_new"), {"set": str(others.pk)})

    assert set(page.context["form"].errors) == {"question_set"}
    assert asked.context["form"]["question_set"].value() is None
    assert not Interview.objects.exists()


def test_questions_of_anothers_interview_become_no_set(client: Client, ada: Any) -> None:
    others = an_interview(a_recruiter("bea"))

    assert client.post(reverse("interviews:interview_to_set", args=[others.pk])).status_code == 404
    assert not QuestionSet.objects.exists()


def test_a_superuser_edits_all_and_leaves_them_their_owner(client: Client) -> None:
    others = a_set(a_recruiter("bea"))
    signed_in(client, "root", is_superuser=True)

    client.post(reverse("interviews:question_set", args=[others.pk]), form({"text": "Which bush?"}))

    others.refresh_from_db()
    assert (others.owner.username, texts_of(others)) == ("bea", ["Which bush?"])
    assert "bea" in text_of(client.get(reverse("interviews:question_sets")))


@pytest.mark.parametrize("name", ["question_sets", "question_set_new"])
def test_recruiters_sign_in_first(client: Client, name: str) -> None:
    assert (
        client.get(reverse(f"interviews:{name}"))["Location"]
        == f"{reverse('login')}?next={reverse(f'interviews:{name}')}"
    )


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_takes_as_many_queries_for_few_as_for_many(
    client: Client, ada: Any, rows: int, django_assert_num_queries: Any
) -> None:
    for _ in range(rows):
        a_set(ada)

    with django_assert_num_queries(3):
        page = client.get(reverse("interviews:question_sets"))

    assert [found.total for found in page.context["question_sets"]] == [2] * rows

"""Recruiters' own notes: who writes them reads them, and nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews import access
from interviews.models import Answer, Interview, Note
from tests.support.rows import a_recruiter, an_answer, an_interview

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    user = a_recruiter()
    client.force_login(user)
    return user


def address(interview: Interview, note_id: UUID | None = None) -> str:
    return reverse("interviews:note", args=[interview.pk, note_id or uuid4()])


def a_note(author: User, interview: Interview, text: str = "hers", **fields: Any) -> Note:
    return Note.objects.create(author=author, interview=interview, text=text, **fields)


def texts(client: Client, interview: Interview) -> list[str]:
    return [
        note["text"] for note in client.get(reverse("interviews:notes", args=[interview.pk])).json()["notes"]
    ]


def place(answer: Answer, at_ms: int) -> dict[str, Any]:
    return {"question": str(answer.question_id), "answer": str(answer.pk), "at_ms": at_ms}


# Keeping


def test_a_note_keeps_its_text_and_where_it_was_made(client: Client, ada: User) -> None:
    interview = an_interview(ada)
    answer = an_answer(interview.questions.get(position=1), "words")
    note_id = uuid4()

    made = client.post(
        address(interview, note_id), {"kind": "note", "text": "  Good point. ", **place(answer, 4200)}
    )

    note = Note.objects.get()
    assert (note.pk, note.author, note.interview) == (note_id, ada, interview)
    assert made.json() == {
        "id": str(note_id),
        "kind": "note",
        "text": "Good point.",
        "question_id": str(answer.question_id),
        "answer_id": str(answer.pk),
        "at_ms": 4200,
        "created_at": made.json()["created_at"],
    }
    assert client.get(reverse("interviews:notes", args=[interview.pk])).json() == {"notes": [made.json()]}


def test_what_is_sent_again_makes_no_second_note_and_changes_only_the_text(client: Client, ada: User) -> None:
    interview = an_interview(ada)
    answer = an_answer(interview.questions.get(position=1), "words")
    note_id = uuid4()

    for text, at_ms in (("first", 1000), ("first", 1000), ("second", 9000)):
        client.post(address(interview, note_id), {"kind": "note", "text": text, **place(answer, at_ms)})

    assert [(note.text, note.at_ms) for note in Note.objects.all()] == [("second", 1000)]


def test_a_highlight_needs_no_text_and_a_note_no_answer(client: Client, ada: User) -> None:
    interview = an_interview(ada)
    question = interview.questions.get(position=1)

    statuses = [
        client.post(address(interview), {"kind": "highlight", **place(an_answer(question), 300)}).status_code,
        client.post(
            address(interview), {"kind": "note", "text": "Thinks.", "question": question.pk}
        ).status_code,
        client.post(address(interview), {"kind": "note", "text": "On time."}).status_code,
    ]

    assert statuses == [200, 200, 200]
    assert texts(client, interview) == ["", "Thinks.", "On time."]


def test_throwing_away_may_be_done_again(client: Client, ada: User) -> None:
    interview = an_interview(ada)
    note = a_note(ada, interview)

    statuses = [client.delete(address(interview, note.pk)).status_code for _ in range(2)]

    assert statuses == [204, 204]
    assert texts(client, interview) == []


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"text": "   "}, "text", "required"),
        ({"text": "x" * 2001}, "text", "max_length"),
        ({"text": "a\x00b"}, "text", "null_characters_not_allowed"),
        ({"kind": "secret"}, "kind", "invalid_choice"),
        ({"question": "another interview's"}, "question", "invalid_choice"),
        ({"answer": "another interview's"}, "answer", "invalid_choice"),
        ({"answer": "another question's"}, "answer", "invalid"),
        ({"at_ms": "-1"}, "at_ms", "min_value"),
        ({"at_ms": "12"}, "at_ms", "invalid"),
    ],
)
def test_a_note_that_makes_no_sense_is_refused_with_a_code(
    client: Client, ada: User, changes: dict[str, str], field: str, code: str
) -> None:
    interview, other = an_interview(ada), an_interview(ada)
    question, next_question = interview.questions.all()
    foreign = other.questions.get(position=1)
    names = {
        "another interview's": str((foreign if field == "question" else an_answer(foreign)).pk),
        "another question's": str(an_answer(next_question).pk),
    }
    sent = {"kind": "note", "text": "Fine.", "question": str(question.pk), **changes}

    response = client.post(address(interview), {name: names.get(text, text) for name, text in sent.items()})

    assert response.status_code == 400
    assert [error["code"] for error in response.json()["errors"][field]] == [code]
    assert not Note.objects.exists()


def test_there_are_only_so_many_of_one_author(client: Client, ada: User, settings: Any) -> None:
    settings.NOTES_PER_INTERVIEW = 2
    interview = an_interview(ada)
    a_note(a_recruiter("bea"), interview)
    first = a_note(ada, interview)
    a_note(ada, interview)

    refused = client.post(address(interview), {"kind": "highlight"})
    changed = client.post(address(interview, first.pk), {"kind": "note", "text": "changed"})

    assert (refused.status_code, changed.status_code) == (400, 200)
    assert [error["code"] for error in refused.json()["errors"]["__all__"]] == ["too_many"]


# Who may


def test_a_note_is_its_authors_alone(client: Client, ada: User) -> None:
    interview = an_interview(ada)
    bea, root = a_recruiter("bea"), a_recruiter("root", is_superuser=True)
    interview.watchers.add(bea)
    hers = a_note(bea, interview, "hers")
    a_note(ada, interview, "mine")

    changed = client.post(address(interview, hers.pk), {"kind": "note", "text": "changed"})
    deleted = client.delete(address(interview, hers.pk))
    shown = texts(client, interview)
    client.force_login(root)

    assert (changed.status_code, deleted.status_code) == (400, 204)
    assert [error["code"] for error in changed.json()["errors"]["__all__"]] == ["taken"]
    assert shown == ["mine"]
    assert texts(client, interview) == []
    hers.refresh_from_db()
    assert hers.text == "hers"


def test_an_id_of_another_interview_is_refused(client: Client, ada: User) -> None:
    note = a_note(ada, an_interview(ada))

    response = client.post(address(an_interview(ada), note.pk), {"kind": "note", "text": "moved"})

    assert response.status_code == 400
    note.refresh_from_db()
    assert note.text == "hers"


def test_who_loses_the_right_to_see_the_interview_loses_the_notes(client: Client, ada: User) -> None:
    interview = an_interview(a_recruiter("bea"))
    interview.watchers.add(ada)
    note = a_note(ada, interview)
    before = texts(client, interview)

    interview.watchers.remove(ada)

    assert before == ["hers"]
    assert client.get(reverse("interviews:notes", args=[interview.pk])).status_code == 404
    assert client.post(address(interview, note.pk), {"kind": "note", "text": "x"}).status_code == 404
    assert client.delete(address(interview, note.pk)).status_code == 404
    assert list(access.notes_for(ada)) == []
    assert Note.objects.count() == 1


def test_a_candidate_and_a_stranger_are_sent_to_sign_in(client: Client) -> None:
    interview = an_interview(a_recruiter(), consented_at=timezone.now())
    note = a_note(a_recruiter("bea"), interview)
    client.cookies[access.COOKIE_NAME] = access.candidate_cookie(interview)

    responses = [
        client.get(reverse("interviews:notes", args=[interview.pk])),
        client.post(address(interview, note.pk), {"kind": "note", "text": "x"}),
        client.delete(address(interview, note.pk)),
    ]

    assert [response.status_code for response in responses] == [302, 302, 302]
    assert client.get(reverse("interviews:session", args=[interview.pk])).status_code == 200


def test_notes_are_changed_by_the_sites_own_pages_alone(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    interview = an_interview(ada)

    statuses = [
        client.post(address(interview), {"kind": "highlight"}).status_code,
        client.delete(address(interview)).status_code,
    ]

    assert statuses == [403, 403]


def test_nothing_of_a_note_is_logged(client: Client, ada: User, caplog: Any) -> None:
    interview = an_interview(ada)
    caplog.set_level("DEBUG")

    client.post(address(interview), {"kind": "note", "text": "confidential"})
    client.post(address(interview), {"kind": "note", "text": "confidential" * 1000})

    assert "confidential" not in caplog.text


@pytest.mark.parametrize("rows", [1, 3])
def test_notes_take_as_many_queries_for_few_as_for_many(
    client: Client, ada: User, rows: int, django_assert_num_queries: Any
) -> None:
    interview = an_interview(ada)
    for _ in range(rows):
        a_note(ada, interview)

    with django_assert_num_queries(4):
        assert len(texts(client, interview)) == rows


# In the admin


def test_staff_read_their_own_notes_and_change_none(client: Client) -> None:
    carl = a_recruiter("carl", is_staff=True)
    carl.user_permissions.set(Permission.objects.filter(content_type__model="note"))
    mine, others = an_interview(carl), an_interview(a_recruiter("bea"))
    note = a_note(carl, mine, "seen by staff", at_ms=65_000)
    a_note(a_recruiter("dora"), mine, "not seen")
    a_note(a_recruiter("eve"), others, "not seen")
    client.force_login(carl)

    listed = client.get(reverse("admin:interviews_note_changelist"))
    page = reverse("admin:interviews_note_change", args=[note.pk])
    shown, changed = client.get(page), client.post(page, {"text": "changed"})

    assert [row.pk for row in listed.context["cl"].result_list] == [note.pk]
    assert "seen by staff" in shown.content.decode()
    assert "1:05" in shown.content.decode()
    assert changed.status_code == 403


def test_an_account_can_be_deleted_with_its_notes(admin_client: Client) -> None:
    dora = a_recruiter("dora")
    a_note(dora, an_interview(a_recruiter("bea")))

    admin_client.post(reverse("admin:auth_user_delete", args=[dora.pk]), {"post": "yes"})

    assert not Note.objects.exists()

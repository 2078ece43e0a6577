from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from interviews.models import Answer, Interview, Note
from interviews.services import owing
from tests.support.pages import text_of
from tests.support.rows import a_recruiter, an_answer, an_interview
from tests.support.running import a_finishing_answer, a_running_interview

pytestmark = pytest.mark.django_db

LIST = reverse("admin:interviews_interview_changelist")
ANSWERS = reverse("admin:interviews_answer_changelist")


@pytest.fixture
def staff() -> User:
    user = a_recruiter("ada", is_staff=True)
    names = ["view_interview", "change_interview", "view_answer", "view_question", "view_segment"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def change_page(interview: Interview) -> str:
    return reverse("admin:interviews_interview_change", args=[interview.pk])


def test_staff_see_what_is_theirs_and_nothing_else(client: Client, staff: User) -> None:
    client.force_login(staff)
    mine = an_interview(staff, candidate_name="My Candidate")
    foreign = an_interview(a_recruiter("bea"), candidate_name="Foreign Candidate")
    an_answer(mine.questions.get(position=1), "my words")
    answer = an_answer(foreign.questions.get(position=1), "foreign words")

    lists = [text_of(client.get(LIST)), text_of(client.get(ANSWERS))]
    pages = [
        client.get(change_page(foreign)),
        client.get(reverse("admin:interviews_answer_change", args=[answer.pk])),
        client.get(reverse("admin:interviews_interview_history", args=[foreign.pk])),
    ]

    assert ["My Candidate" in page for page in lists] == [True, True]
    assert ["Foreign Candidate" in page for page in lists] == [False, False]
    # The admin answers so for what does not exist.
    assert [(page.status_code, page["Location"]) for page in pages] == [(302, reverse("admin:index"))] * 3


def test_the_page_of_an_interview_shows_transcript_and_audio(admin_client: Client) -> None:
    interview = an_interview(questions=["Why you?"])
    an_answer(interview.questions.get(), "first words", "second words", audio=b"fLaC")

    page = text_of(admin_client.get(change_page(interview)))

    assert "<span data-text>second words</span>" in page
    [link] = re.findall(r'<audio controls preload="none" src="([^"]+)"', page)
    assert admin_client.get(link).status_code == 200


def test_the_page_of_an_answer_shows_segments_and_audio(admin_client: Client) -> None:
    answer = an_answer(an_interview().questions.get(position=1), "first words", audio=b"fLaC")

    page = text_of(admin_client.get(reverse("admin:interviews_answer_change", args=[answer.pk])))

    assert "first words" in page
    assert f'src="{reverse("interviews:answer_audio", args=[answer.pk])}"' in page


def test_staff_read_and_delete_their_own_notes_alone(client: Client, staff: User) -> None:
    rights = Permission.objects.filter(codename__in=["view_note", "delete_note"])
    staff.user_permissions.add(*rights)
    owner = a_recruiter("grace")
    interview = an_interview(owner)
    interview.watchers.add(staff)
    others = Note.objects.create(interview=interview, author=owner, text="of the owner's")
    own = Note.objects.create(interview=interview, author=staff, text="of their own")
    client.force_login(staff)

    listed = client.get(reverse("admin:interviews_note_changelist"))
    pages = [
        client.get(reverse("admin:interviews_note_change", args=[n.pk])).status_code for n in (own, others)
    ]
    deletion = reverse("admin:interviews_note_delete", args=[others.pk])
    client.post(deletion, {"post": "yes"})

    assert [note.pk for note in listed.context["cl"].result_list] == [own.pk]
    assert pages == [200, 302]
    assert Note.objects.filter(pk=others.pk).exists()


def test_what_happened_can_not_be_edited(admin_client: Client) -> None:
    interview = an_interview(questions=["Why you?"])
    answer = an_answer(interview.questions.get(), "first words")

    admin_client.post(
        change_page(interview), {"title": "Other", "candidate_name": "Other", "owner": "", **NO_INLINES}
    )
    refused = admin_client.post(
        reverse("admin:interviews_answer_change", args=[answer.pk]), {"text": "Other"}
    )

    interview.refresh_from_db()
    answer.refresh_from_db()
    assert (interview.title, interview.candidate_name, answer.text) == (
        "Developer",
        "Grace Example",
        "first words",
    )
    assert refused.status_code == 403


NO_INLINES = {
    "questions-TOTAL_FORMS": "0",
    "questions-INITIAL_FORMS": "0",
}


def test_who_may_see_it_can_be_changed(client: Client, staff: User) -> None:
    client.force_login(staff)
    bea = a_recruiter("bea")
    interview = an_interview(staff)

    response = client.post(change_page(interview), {"owner": staff.pk, "watchers": [bea.pk], **NO_INLINES})

    assert (response.status_code, response["Location"]) == (302, LIST)
    assert list(interview.watchers.all()) == [bea]


def test_who_only_watches_can_not_take_an_interview_over(client: Client, staff: User) -> None:
    client.force_login(staff)
    owner = a_recruiter("bea")
    interview = an_interview(owner)
    interview.watchers.add(staff)

    seen = client.get(change_page(interview))
    refused = client.post(change_page(interview), {"owner": staff.pk, **NO_INLINES})

    assert (seen.status_code, refused.status_code) == (200, 403)
    interview.refresh_from_db()
    assert interview.owner == owner


@pytest.mark.parametrize("model", ["interview", "answer"])
def test_rows_are_neither_made_nor_deleted_here(admin_client: Client, model: str) -> None:
    row: Any = an_answer(an_interview().questions.get(position=1), "words")
    row = row if model == "answer" else row.question.interview

    added = admin_client.get(reverse(f"admin:interviews_{model}_add"))
    deleted = admin_client.post(reverse(f"admin:interviews_{model}_delete", args=[row.pk]), {"post": "yes"})

    assert (added.status_code, deleted.status_code) == (403, 403)
    assert Answer.objects.count() == 1


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("address", "queries"), [(LIST, 6), (ANSWERS, 5)])
def test_lists_take_as_many_queries_for_few_as_for_many(
    admin_client: Client, address: str, queries: int, rows: int, django_assert_num_queries: Any
) -> None:
    for _ in range(rows):
        an_answer(an_interview().questions.get(position=1), "words")

    with django_assert_num_queries(queries):
        page = admin_client.get(address)

    assert page.context["cl"].result_count == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_of_an_interview_takes_as_many_queries_for_few_as_for_many(
    admin_client: Client, rows: int, django_assert_num_queries: Any
) -> None:
    interview = an_interview(questions=["Why?"] * rows)
    for question in interview.questions.all():
        an_answer(question, *["because"] * rows)
    # Which is looked up once a process.
    ContentType.objects.get_for_model(Interview)

    with django_assert_num_queries(12):
        page = admin_client.get(change_page(interview))

    assert text_of(page).count("because") == rows * rows


def test_its_pages_hold_no_script_or_style_of_their_own(admin_client: Client) -> None:
    interview = an_interview()
    answer = an_answer(interview.questions.get(position=1), "words", audio=b"fLaC")
    addresses = [
        LIST,
        ANSWERS,
        change_page(interview),
        reverse("admin:interviews_answer_change", args=[answer.pk]),
    ]

    for address in addresses:
        page = text_of(admin_client.get(address))
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*json)|<style|\sstyle=|\son\w+=", page), address


def test_staff_see_what_is_missing_in_a_recording(client: Client, staff: User) -> None:
    client.force_login(staff)
    question = an_interview(staff).questions.get(position=1)
    lost = {"at_ms": 61_000, "code": None, "doubts": ["3 damaged places were left out"]}
    answer = an_answer(question, "as far as it went", damage=[lost])

    page = client.get(reverse("admin:interviews_answer_change", args=[answer.pk])).content.decode()

    assert "<p>1:01  3 damaged places were left out</p>" in page


@pytest.fixture
def failing() -> Answer:
    """Its hand-over fails."""
    answer = a_finishing_answer(a_running_interview())
    owing.put_off(answer, ConnectionError("https://intern.example is away"))
    return answer


def test_staff_see_what_fails_and_why(admin_client: Client, failing: Answer) -> None:
    fine = an_answer(an_interview(questions=["Why us?"]).questions.get(), "my words")

    shown = text_of(admin_client.get(ANSWERS, {"work": "failing"}))
    page = text_of(admin_client.get(reverse("admin:interviews_answer_change", args=[failing.pk])))

    assert (str(failing.pk) in shown, str(fine.pk) in shown) == (True, False)
    assert "after 1 failure: ConnectionError" in page
    assert "intern.example" not in page


@pytest.mark.parametrize(("may_change", "is_due"), [(True, True), (False, False)])
def test_staff_have_it_tried_again(client: Client, failing: Answer, may_change: bool, is_due: bool) -> None:
    ada = a_recruiter("ada", is_staff=True, is_superuser=False)
    names = ["view_answer", *(["change_interview"] if may_change else [])]
    ada.user_permissions.set(Permission.objects.filter(codename__in=names))
    Interview.objects.update(owner=ada)
    client.force_login(ada)

    client.post(ANSWERS, {"action": "try_again", "_selected_action": [str(failing.pk)]})

    assert (failing in Answer.objects.due()) == is_due

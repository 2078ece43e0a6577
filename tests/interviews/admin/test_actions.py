"""What is done in the admin with several interviews at once: asked first, allowed, done, and logged."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from interviews.database import in_database
from interviews.errors import Close
from interviews.live.worker import Worker
from interviews.models import Correction, Interview, Invitation, Note, Retranscription
from interviews.services.erasure import erase
from interviews.services.interviews import cancel
from tests.support.answers import SCRIPTED
from tests.support.live import a_live_interview, candidate_of, connected
from tests.support.pages import Page
from tests.support.rows import a_recruiter, an_answer, an_interview

pytestmark = pytest.mark.django_db

LIST = reverse("admin:interviews_interview_changelist")
NAMES = ["export", "retranscribe", "extend", "cancel", "erase"]
VALUES = {
    "extend": {"until": f"{timezone.localdate() + timedelta(days=5)}"},
    "retranscribe": {"backend": "default"},
}


def posted(action: str, *interviews: Interview, confirmed: bool = True, **values: Any) -> dict[str, Any]:
    named = {**VALUES.get(action, {}), **values}
    chosen = [str(interview.pk) for interview in interviews]
    return {
        "action": action,
        "_selected_action": chosen,
        **({"confirmed": "yes"} if confirmed else {}),
        **named,
    }


def act(client: Client, action: str, *interviews: Interview, **values: Any) -> Page:
    return client.post(LIST, posted(action, *interviews, **values), follow=True)


def messages(response: Page) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def logged() -> list[tuple[str | None, str, str]]:
    return list(LogEntry.objects.order_by("pk").values_list("object_id", "object_repr", "change_message"))


@pytest.fixture
def staff() -> User:
    user = a_recruiter("ada", is_staff=True)
    names = ["view_interview", "change_interview", "delete_interview"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


@pytest.mark.parametrize("action", NAMES)
def test_nothing_is_done_before_it_was_confirmed(admin_client: Client, action: str) -> None:
    interview = an_interview(candidate_name="<b>Grace</b>")
    an_answer(interview.questions.get(position=1), "words", audio=b"fLaC")
    before = Interview.objects.values().get()

    page = act(admin_client, action, interview, confirmed=False)

    assert "Developer · &lt;b&gt;Grace&lt;/b&gt;" in page.content.decode()
    assert f'name="_selected_action" value="{interview.pk}"' in page.content.decode()
    assert (Interview.objects.values().get(), Retranscription.objects.count(), logged()) == (before, 0, [])


@pytest.mark.parametrize(
    ("action", "told", "entry"),
    [
        ("retranscribe", "1 answer will be transcribed again.", "To be transcribed again."),
        ("extend", "1 interview was extended.", "Extended."),
        ("cancel", "1 interview was cancelled.", "Cancelled."),
        ("erase", "The data of 1 interview was deleted.", "Data deleted."),
    ],
)
def test_what_is_done_is_told_and_logged_without_names(
    admin_client: Client, action: str, told: str, entry: str
) -> None:
    interview = an_interview()
    an_answer(interview.questions.get(position=1), "words", audio=b"fLaC")

    page = act(admin_client, action, interview)

    assert messages(page) == [told]
    assert logged() == [(str(interview.pk), str(interview.pk), entry)]


def test_an_interview_is_cancelled_extended_or_erased(admin_client: Client) -> None:
    cancelled, extended, erased, over = (an_interview() for _ in range(4))
    Interview.objects.filter(pk__in=[extended.pk, over.pk]).update(
        status="expired", expires_at=timezone.now() - timedelta(days=1)
    )
    cancel(over)
    Interview.objects.filter(pk=over.pk).update(status="completed")

    messages(act(admin_client, "cancel", cancelled))
    told = messages(act(admin_client, "extend", extended, over))
    act(admin_client, "erase", erased)

    for one in (cancelled, extended, erased):
        one.refresh_from_db()
    day = timezone.localdate() + timedelta(days=5)
    assert (cancelled.status, extended.status, erased.erased_at is not None) == (
        "cancelled",
        "scheduled",
        True,
    )
    assert timezone.localdate(extended.expires_at) == day
    assert told == ["1 interview was extended.", "1 interview was over and stays as it is."]


@pytest.mark.parametrize("until", ["", "yesterday", "2001-01-01", "2999-01-01"])
def test_a_day_that_can_not_be_is_refused_on_the_page(admin_client: Client, until: str) -> None:
    interview = an_interview()

    page = act(admin_client, "extend", interview, until=until)

    assert page.context["form"].errors
    assert logged() == []


def test_a_backend_that_is_not_offered_is_refused(admin_client: Client) -> None:
    page = act(admin_client, "retranscribe", an_interview(), backend="unknown")

    assert page.context["form"].errors
    assert Retranscription.objects.count() == 0


def test_the_backend_is_one_of_the_settings(admin_client: Client, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED}, "other": {"BACKEND": SCRIPTED}}
    answer = an_answer(an_interview().questions.get(position=1), "words", audio=b"fLaC")

    act(admin_client, "retranscribe", answer.question.interview, backend="other")

    row = Retranscription.objects.get()
    assert row.requested_by
    assert (row.answer, row.backend, row.requested_by.username) == (answer, "other", "admin")


# Who may


@pytest.mark.parametrize("action", NAMES)
def test_foreign_interviews_can_not_be_chosen(client: Client, staff: User, action: str) -> None:
    client.force_login(staff)
    foreign = an_interview(a_recruiter("bea"))

    act(client, action, foreign)

    foreign.refresh_from_db()
    assert (foreign.status, foreign.erased_at, logged()) == ("scheduled", None, [])


@pytest.mark.parametrize("action", ["retranscribe", "extend", "cancel", "erase"])
def test_who_only_watches_may_change_nothing(client: Client, staff: User, action: str) -> None:
    client.force_login(staff)
    mine, watched = an_interview(staff), an_interview(a_recruiter("bea"))
    watched.watchers.add(staff)

    alone = messages(act(client, action, watched))
    asked = act(client, action, mine, watched, confirmed=False).content.decode()
    act(client, action, mine, watched)

    assert alone == ["None of the chosen interviews allows that."]
    assert "1 more is not yours to change" in asked
    assert {entry[0] for entry in logged()} == {str(mine.pk)}
    watched.refresh_from_db()
    assert (watched.status, watched.erased_at) == ("scheduled", None)


def test_to_delete_data_needs_the_permission_to_delete(client: Client, staff: User) -> None:
    client.force_login(staff)
    interview = an_interview(staff)
    with_it = "Delete the data" in client.get(LIST).content.decode()
    staff.user_permissions.remove(Permission.objects.get(codename="delete_interview"))

    without = "Delete the data" in client.get(LIST).content.decode()
    act(client, "erase", interview)

    interview.refresh_from_db()
    assert (with_it, without, interview.erased_at) == (True, False, None)


def test_only_so_many_can_be_chosen(admin_client: Client, settings: Any) -> None:
    settings.ADMIN_MAX_INTERVIEWS = 2

    told = messages(act(admin_client, "cancel", *(an_interview() for _ in range(3))))

    assert told == ["Choose 2 interviews at most."]
    assert set(Interview.objects.values_list("status", flat=True)) == {"scheduled"}


# The ZIP


async def exported(*interviews: Interview, **values: Any) -> tuple[Any, bytes]:
    client = AsyncClient()
    root = await in_database(a_recruiter, "root", is_staff=True, is_superuser=True)
    await client.aforce_login(root)
    response: Any = await client.post(LIST, posted("export", *interviews, **values))
    return response, b"".join([block async for block in response.streaming_content])


def some_that_are_told() -> list[Interview]:
    interviews = [an_interview(candidate_name=name, questions=["Why?", "And?"]) for name in ("Grace", "Alan")]
    for interview in interviews:
        spoken, written = interview.questions.all()
        an_answer(spoken, f"words of {interview.candidate_name}", audio=b"fLaC" + interview.pk.bytes)
        an_answer(written, kind="text", text="In writing.")
        author = a_recruiter(f"of {interview.pk}")
        Note.objects.create(interview=interview, author=author, text="a secret")
    return interviews


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("audio", [True, False])
async def test_chosen_interviews_are_exported_as_one_file(audio: bool) -> None:
    interviews = await in_database(some_that_are_told)

    response, content = await exported(*interviews, **({"audio": "on"} if audio else {}))

    with ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        for interview in interviews:
            folder = f"{interview.candidate_name} {interview.created_at:%Y-%m-%d} {interview.pk.hex[:8]}"
            files = ["transcript.txt", "interview.json", "01 Why.vtt", *(["01 Why.flac"] if audio else [])]
            assert [name for name in names if name.startswith(folder)] == [f"{folder}/{one}" for one in files]
            assert json.loads(archive.read(f"{folder}/interview.json"))["version"] == 1
            if audio:
                flac = archive.getinfo(f"{folder}/01 Why.flac")
                assert (flac.compress_type, archive.read(flac)) == (ZIP_STORED, b"fLaC" + interview.pk.bytes)
        everything = b"".join(archive.read(name) for name in names)
    assert (b"words of Alan" in everything, b"a secret" in everything) == (True, False)
    assert response["Content-Disposition"] == f'attachment; filename="interviews {timezone.localdate()}.zip"'
    assert int(response["Content-Length"]) == len(content)
    assert {entry[2] for entry in await in_database(logged)} == {"Exported."}


def test_more_audio_than_a_file_may_hold_is_refused(admin_client: Client, settings: Any) -> None:
    settings.EXPORT_MAX_BYTES = 3
    interview = an_interview()
    an_answer(interview.questions.get(position=1), "words", audio=b"fLaC")

    told = messages(act(admin_client, "export", interview, audio="on"))

    assert told == ["Their audio is more than one export may hold: choose fewer."]


# Who is there meanwhile


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["cancel", "erase"])
async def test_who_is_answering_is_told_that_it_is_over(worker: Worker, action: str) -> None:
    interview, _ = await a_live_interview()
    client = AsyncClient()
    root = await in_database(a_recruiter, "root", is_staff=True, is_superuser=True)
    await client.aforce_login(root)

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question")
        await client.post(LIST, posted(action, interview))
        closed = await candidate.until_closed()

    assert (closed, candidate.codes) == (Close.NOT_ALLOWED, ["INTERVIEW_ALREADY_COMPLETED"])


# Finding and looking


def found(client: Client, **query: str) -> list[str]:
    page = client.get(LIST, query)
    return [interview.candidate_name for interview in page.context["cl"].result_list]


def test_interviews_are_found_by_candidate_and_by_what_was_said_and_corrected(admin_client: Client) -> None:
    grace = an_interview(candidate_name="Grace Hopper", candidate_email="grace@example.org")
    alan = an_interview(candidate_name="Alan Turing")
    answer = an_answer(
        grace.questions.get(position=1), "the compiler is a program", candidate_note="I meant COBOL."
    )
    an_answer(alan.questions.get(position=1), "the machine is a program")
    Correction.objects.create(segment=answer.segments.get(), text="the linker, a programme")

    queries = ["hopper", "grace@", "COMPILER", "cobol", "linker", "alan machine", "program", "alan compiler"]

    assert {query: found(admin_client, q=query) for query in queries} == {
        "hopper": ["Grace Hopper"],
        "grace@": ["Grace Hopper"],
        "COMPILER": ["Grace Hopper"],
        "cobol": ["Grace Hopper"],
        "linker": ["Grace Hopper"],
        "alan machine": ["Alan Turing"],
        "program": ["Alan Turing", "Grace Hopper"],
        "alan compiler": [],
    }


def test_nobody_finds_in_transcripts_what_is_not_theirs(client: Client, staff: User) -> None:
    client.force_login(staff)
    foreign = an_interview(a_recruiter("bea"))
    an_answer(foreign.questions.get(position=1), "the compiler")

    assert found(client, q="compiler") == []


def test_deleted_interviews_are_listed_as_such(admin_client: Client) -> None:
    an_interview(candidate_name="Grace")
    erased = an_interview(candidate_name="Alan")
    erase([erased])

    page = admin_client.get(LIST).content.decode()
    change = admin_client.get(reverse("admin:interviews_interview_change", args=[erased.pk]))

    assert "Deleted interview" in page
    assert (found(admin_client, data="kept"), found(admin_client, data="deleted")) == (["Grace"], [""])
    assert change.status_code == 200
    assert "View on site" not in change.content.decode()


def test_what_was_deleted_while_its_form_was_open_stays_deleted(admin_client: Client) -> None:
    interview = an_interview(candidate_name="Grace")
    stale = Interview.objects.get()
    erase([interview])

    stale.save(update_fields=["owner"])
    response = admin_client.post(
        reverse("admin:interviews_interview_change", args=[interview.pk]), {"owner": "", "watchers": []}
    )

    assert response.status_code == 403
    assert Interview.objects.get().candidate_name == ""


def test_a_list_counts_what_there_is(admin_client: Client) -> None:
    interview = an_interview()
    ada = a_recruiter()
    for take, recogniser in ((1, "first-1"), (2, "second-2")):
        at = timezone.now() + timedelta(seconds=take)
        question = interview.questions.get(position=1)
        an_answer(question, "words", take=take, duration_ms=61_000, recogniser=recogniser, ended_at=at)
    for _ in range(3):
        Note.objects.create(interview=interview, author=ada)
    an_interview()

    (one, other) = reversed(admin_client.get(LIST).context["cl"].result_list)

    assert (one.answered, one.total, one.recorded_ms, one.recogniser, one.notes_count) == (
        1,
        2,
        122_000,
        "second-2",
        3,
    )
    assert (other.answered, other.recorded_ms, other.recogniser, other.notes_count) == (0, None, None, 0)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("model", "queries"), [("correction", 5), ("invitation", 5), ("note", 5), ("retranscription", 7)]
)
def test_what_is_history_is_seen_in_few_queries_and_never_edited(
    admin_client: Client, model: str, queries: int, rows: int, django_assert_num_queries: Any
) -> None:
    ada = a_recruiter()
    for _ in range(rows):
        interview = an_interview()
        answer = an_answer(interview.questions.get(position=1), "words")
        made: dict[str, Any] = {
            "correction": Correction.objects.create(segment=answer.segments.get(), text="x", author=ada),
            "invitation": Invitation.objects.create(interview=interview, email="a@example.org", sent_by=ada),
            "note": Note.objects.create(interview=interview, answer=answer, author=ada, text="x"),
            "retranscription": Retranscription.objects.create(answer=answer, backend="x"),
        }
    address = reverse(f"admin:interviews_{model}_change", args=[made[model].pk])

    with django_assert_num_queries(queries):
        page = admin_client.get(reverse(f"admin:interviews_{model}_changelist"))

    assert page.context["cl"].result_count == rows
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"text": "y"}).status_code == 403
    assert admin_client.get(reverse(f"admin:interviews_{model}_add")).status_code == 403


def test_an_answers_page_shows_corrections_and_other_transcripts(admin_client: Client) -> None:
    answer = an_answer(an_interview().questions.get(position=1), "seen words")
    for text in ("first correction", "second correction"):
        Correction.objects.create(segment=answer.segments.get(), text=text)
    Retranscription.objects.create(answer=answer, backend="other", text="other words", done_at=timezone.now())

    page = admin_client.get(reverse("admin:interviews_answer_change", args=[answer.pk])).content.decode()

    texts = ["seen words", "first correction", "second correction", "other words"]
    assert [text for text in texts if text in page] == ["seen words", "second correction", "other words"]


def test_an_interviews_page_leads_to_its_answers_and_to_its_review(admin_client: Client) -> None:
    interview = an_interview()
    an_answer(interview.questions.get(position=1), "words")
    an_answer(an_interview().questions.get(position=1), "others")
    page = admin_client.get(
        reverse("admin:interviews_interview_change", args=[interview.pk])
    ).content.decode()
    address = f"{reverse('admin:interviews_answer_changelist')}?question__interview__id__exact={interview.pk}"

    assert f'href="{address}"' in page
    assert f'href="{reverse("interviews:interview", args=[interview.pk])}"' in page
    assert admin_client.get(address).context["cl"].result_count == 1

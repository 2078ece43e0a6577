"""What browsers, proxies and logs are told of each page, whichever is added later."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from interview_project.logs import HideLinks
from interviews import access
from interviews.models import Answer, Note, QuestionSet
from interviews.services import interviews
from interviews.urls import RECORDINGS, urlpatterns
from tests.support.rows import an_answer, an_interview_and_token

pytestmark = pytest.mark.django_db

NAMES = sorted(str(pattern.name) for pattern in urlpatterns)


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def arguments(owner: User) -> dict[str, Any]:
    """What addresses name, of an interview with one of everything."""
    interview, token = interviews.create_interview(
        title="Developer", candidate_name="Grace Example", questions=["Why you?"], owner=owner
    )
    interviews.give_consent(interview, "2026-11")
    question = interview.questions.get()
    answer = an_answer(question, "words", audio=b"fLaC")
    note = Note.objects.create(interview=interview, author=owner, text="a")
    sets = QuestionSet.objects.create(owner=owner, name="Developers")
    ids = {"interview_id": interview.pk, "question_id": question.pk, "answer_id": answer.pk}
    media = access.media_token(answer, owner)
    return {
        **ids,
        "note_id": note.pk,
        "set_id": sets.pk,
        "token": token,
        "kind": "json",
        # Where an address names something else by the same word.
        "media": {"token": media},
        "answer_export": {"kind": "srt"},
    }


def visit(client: Client, name: str, arguments: dict[str, Any]) -> Any:
    wanted = next(pattern for pattern in urlpatterns if pattern.name == name).pattern.converters
    named = {**arguments, **arguments.get(name, {})}
    return client.get(reverse(f"interviews:{name}", kwargs={key: named[key] for key in wanted}))


@pytest.mark.parametrize("name", NAMES)
def test_no_page_is_kept_by_a_browser_or_a_proxy(
    client: Client, owner: User, arguments: dict[str, Any], name: str
) -> None:
    client.force_login(owner)
    visit(client, "join", arguments)
    response = visit(client, name, arguments)
    kept = response.headers.get("Cache-Control", "")

    # Takes are heard while there is one to choose.
    assert response.status_code in {200, 302, 405} or name == "take_audio"
    assert ("no-store" in kept) is (name not in RECORDINGS)
    assert "private" in kept or name == "take_audio"


@pytest.mark.parametrize("name", NAMES)
def test_a_microphone_is_had_where_somebody_speaks_and_nowhere_else(
    client: Client, owner: User, arguments: dict[str, Any], name: str
) -> None:
    client.force_login(owner)
    visit(client, "join", arguments)
    allowed = visit(client, name, arguments).headers["Permissions-Policy"]

    assert ("microphone=(self)" in allowed) is (name == "session")
    assert "camera=()" in allowed


def test_the_candidates_link_is_in_no_referer(client: Client) -> None:
    _, token = an_interview_and_token()

    response = client.get(reverse("interviews:join", args=[token]))

    assert response.headers["Referrer-Policy"] == "strict-origin"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/join/abc-def_123/", "/join/…/"),
        ("/media/IjEyMyI:1abc:xyz/?x=1", "/media/…/?x=1"),
        ("/interviews/new/", "/interviews/new/"),
    ],
)
def test_no_log_has_what_opens_something(address: str, shown: str) -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "Not Found: %s", (address,), None)

    HideLinks().filter(record)

    assert record.getMessage() == f"Not Found: {shown}"


def test_what_is_kept_is_nobody_elses_on_the_machine(owner: User, arguments: dict[str, Any]) -> None:
    recording = Path(Answer.objects.get().audio.path)

    assert [path.stat().st_mode & 0o007 for path in (recording, recording.parent)] == [0, 0]

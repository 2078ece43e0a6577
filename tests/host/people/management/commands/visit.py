from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from interviews import access
from interviews.models import Answer, Interview
from interviews.services import interviews
from tests.support.rows import an_answer

PAGES = ["lobby", "interview_new", "side_by_side", "question_sets", "question_set_new"]
INTERVIEWS_PAGES = ["interview", "dashboard", "interview_print", "invite"]


class Command(BaseCommand):
    help = "Makes an interview with an owner, a watcher and a stranger, and says what each of them sees."

    def handle(self, *args: Any, **options: Any) -> None:
        people = [_person(name) for name in ("owner", "watcher", "stranger")]
        owner, watcher, stranger = people
        interview, token = interviews.create_interview(
            title="Developer", candidate_name="Grace Example", questions=["Why you?"], owner=owner
        )
        interview.watchers.add(watcher)
        answer = an_answer(interview.questions.get(), "i listen", audio=b"fLaC")
        seen = {
            "consent": Client().get(reverse("interviews:join", args=[token])).content.decode(),
            "pages": [_pages_of(person, interview) for person in people],
            "audio": [_audio_of(person, access.media_token(answer, owner)) for person in people],
            "watching": [_watching(person, interview) for person in people],
            "review": _corrected(watcher, answer).content.decode(),
            "mails": _invited(owner, interview),
            "strangers": _made_by_commands(stranger),
        }
        self.stdout.write(json.dumps(seen))


def _person(name: str) -> Any:
    # Another one than the user of the settings that types are checked with.
    people: Any = get_user_model().objects
    return people.create(mail=f"{name}@example.org")


def _signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def _pages_of(person: Any, interview: Interview) -> dict[str, int]:
    """The status of each."""
    addresses = {name: reverse(f"interviews:{name}") for name in PAGES}
    addresses |= {name: reverse(f"interviews:{name}", args=[interview.pk]) for name in INTERVIEWS_PAGES}
    client = _signed_in(person)
    return {name: client.get(address).status_code for name, address in addresses.items()}


def _audio_of(person: Any, token: str) -> int:
    return _signed_in(person).get(reverse("interviews:media", args=[token])).status_code


def _watching(person: Any, interview: Interview) -> list[bool]:
    """Whether they may watch it, and any: signed in, and after they have signed out."""
    client = _signed_in(person)
    session = SimpleNamespace(session_key=client.session.session_key)
    watcher = access.watcher_of({"user": person, "session": session})
    assert watcher
    seen = []
    for _ in range(2):
        seen += [bool(access.still_allowed([(watcher, interview.pk)])), access.user_of(watcher) == person]
        client.logout()
    return seen


def _corrected(person: Any, answer: Answer) -> HttpResponse:
    address = reverse("interviews:corrections", args=[answer.pk])
    return _signed_in(person).post(address, {"0-text": "I listen.", "0-seen": ""}, follow=True)  # type: ignore[return-value]


def _invited(person: Any, interview: Interview) -> list[tuple[list[str], str]]:
    mail.outbox = []
    fields = {"email": "grace@example.org", "after": ""}
    _signed_in(person).post(reverse("interviews:invite", args=[interview.pk]), fields)
    return [(list(message.reply_to), str(message.body)) for message in mail.outbox]


def _made_by_commands(person: Any) -> int:
    """How many interviews they may see of those that commands made for them."""
    named = ["--title=Developer", "--candidate=Grace Example", "--question=Why you?"]
    call_command("create_interview", *named, f"--owner={person.mail}", "--json")
    call_command("fill", "--interviews=30", "--answers=1", f"--owner={person.mail}", "--yes")
    return access.interviews_for(person).count()

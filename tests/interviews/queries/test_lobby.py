"""What the lobby shows, and what its socket says of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews.models import Answer, Interview, Invitation
from interviews.queries import lobby
from interviews.queries.lobby import INTERVIEWS_PER_PAGE, LobbyFilter, look
from interviews.services import erasure, interviews
from tests.support.pages import signed_in, text_of
from tests.support.rows import a_recruiter, an_answer, an_interview

pytestmark = pytest.mark.django_db

Status = Interview.Status


def found(client: Client, **query: str) -> list[str]:
    page = client.get(reverse("interviews:lobby"), query)
    return [interview.candidate_name for interview in page.context["lobby"].interviews]


@pytest.fixture
def ada(client: Client) -> Any:
    return signed_in(client)


def test_the_lobby_shows_what_is_mine_and_nothing_else(client: Client, ada: Any) -> None:
    an_interview(ada, candidate_name="My Candidate")
    watched = an_interview(a_recruiter("bea"), candidate_name="Watched Candidate")
    watched.watchers.add(ada)
    foreign = an_interview(watched.owner, candidate_name="Foreign Candidate", language="en-GB")

    page = client.get(reverse("interviews:lobby"))

    assert found(client) == ["Watched Candidate", "My Candidate"]
    assert page.context["lobby"].counts == {"all": 2, "live": 0, "waiting": 2, "done": 0}
    assert found(client, q="Foreign") == found(client, language="en-GB") == []
    for secret in ("Foreign Candidate", "en-GB", str(foreign.pk)):
        assert secret not in text_of(page)


def test_groups_say_how_many_there_are_and_who_is_live_comes_first(client: Client, ada: Any) -> None:
    for status in (Status.IN_PROGRESS, Status.COMPLETED, Status.CANCELLED, Status.EXPIRED, Status.SCHEDULED):
        an_interview(ada, candidate_name=status.value, status=status)

    page = client.get(reverse("interviews:lobby"))

    assert page.context["lobby"].counts == {"all": 5, "live": 1, "waiting": 1, "done": 3}
    assert found(client)[0] == "in_progress"
    assert found(client, status="live") == ["in_progress"]
    assert found(client, status="waiting") == ["scheduled"]
    assert found(client, status="done") == ["expired", "cancelled", "completed"]
    assert found(client, status="cancelled") == ["cancelled"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "rosa"}, ["Rosa Rose"]),
        ({"q": "GARDEN"}, ["Tom Tulip", "Rosa Rose"]),
        ({"q": "rose gardener"}, ["Rosa Rose"]),
        ({"q": "tulip@example.org"}, ["Tom Tulip"]),
        ({"q": "100%"}, []),
        ({"q": "rosa", "status": "done"}, []),
        ({"language": "en-GB"}, ["Tom Tulip"]),
        ({"whose": "mine"}, ["Olga Oak", "Rosa Rose"]),
        ({"whose": "watched"}, ["Tom Tulip"]),
        ({"since": "2026-03-01"}, ["Olga Oak", "Tom Tulip"]),
        ({"since": "2026-03-01", "whose": "watched", "language": "en-GB"}, ["Tom Tulip"]),
    ],
)
def test_interviews_are_found(client: Client, ada: Any, query: dict[str, str], names: list[str]) -> None:
    an_interview(ada, candidate_name="Rosa Rose", title="Gardener")
    fields = {"candidate_name": "Tom Tulip", "candidate_email": "tulip@example.org", "language": "en-GB"}
    an_interview(a_recruiter("bea"), title="Head gardener", **fields).watchers.add(ada)
    an_interview(ada, candidate_name="Olga Oak", title="Baker")
    early = timezone.make_aware(datetime(2026, 2, 28, 23, 59))
    late = timezone.make_aware(datetime(2026, 3, 1))
    Interview.objects.update(created_at=late)
    Interview.objects.filter(candidate_name="Olga Oak").update(created_at=late + timedelta(hours=1))
    Interview.objects.filter(candidate_name="Rosa Rose").update(created_at=early)

    assert found(client, **query) == names


@pytest.mark.parametrize(
    ("field", "value"), [("since", "yesterday"), ("status", "unknown"), ("whose", "theirs"), ("q", "x" * 201)]
)
def test_a_filter_that_makes_no_sense_is_told_and_left_out(
    client: Client, ada: Any, field: str, value: str
) -> None:
    an_interview(ada)

    page = client.get(reverse("interviews:lobby"), {field: value})

    assert set(page.context["form"].errors) == {field}
    assert len(page.context["lobby"].interviews) == 1


def test_pages_keep_the_filter(client: Client, ada: Any) -> None:
    first = an_interview(ada, title="Gardener")
    copies = [
        Interview(title="Gardener", owner=ada, token_hash=str(number), expires_at=first.expires_at)
        for number in range(INTERVIEWS_PER_PAGE)
    ]
    Interview.objects.bulk_create(copies)
    address = reverse("interviews:lobby")

    page = text_of(client.get(address, {"q": "gardener", "status": "waiting", "page": "1"}))
    older = re.search(r'id="older" href="(.*?)"', page)
    live = re.search(r'id="group-live" [^>]*href="(.*?)"', page)

    assert older and older[1].replace("&amp;", "&") == "?q=gardener&status=waiting&page=2"
    assert live and live[1].replace("&amp;", "&") == "?q=gardener&status=live"
    assert len(found(client, q="gardener", page="2")) == 1
    assert len(found(client, q="gardener", page="99")) == 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "There are no interviews yet."),
        ({"status": "live"}, "Nobody is being interviewed at the moment."),
        ({"status": "waiting"}, "Nobody is expected"),
        ({"status": "done"}, "Nothing is done yet"),
        ({"q": "rosa"}, "No interview is like that"),
    ],
)
def test_an_empty_lobby_says_what_to_do(
    client: Client, ada: Any, query: dict[str, str], sentence: str
) -> None:
    assert sentence in text_of(client.get(reverse("interviews:lobby"), query))


def test_each_row_leads_to_the_next_step(client: Client, ada: Any) -> None:
    live = an_interview(ada, status=Status.IN_PROGRESS)
    done = an_interview(ada, status=Status.COMPLETED)
    waiting = an_interview(ada)
    watched = an_interview(a_recruiter("bea"))
    watched.watchers.add(ada)

    page = text_of(client.get(reverse("interviews:lobby")))
    steps = dict(re.findall(r'id="step-(\S+)" href="(\S+)"', page))

    assert steps == {
        str(live.pk): reverse("interviews:dashboard", args=[live.pk]),
        str(done.pk): reverse("interviews:interview", args=[done.pk]),
        str(waiting.pk): reverse("interviews:invite", args=[waiting.pk]),
    }


def test_what_was_deleted_is_not_listed(client: Client, ada: Any) -> None:
    erasure.erase([an_interview(ada, status=Status.COMPLETED)])

    page = client.get(reverse("interviews:lobby"))

    assert page.context["lobby"].counts["all"] == 0
    assert "Grace" not in text_of(page)


def test_names_can_do_no_harm_to_the_page(client: Client, ada: Any) -> None:
    an_interview(ada, candidate_name='"><script>x</script>', title="<script>y</script>")

    page = text_of(client.get(reverse("interviews:lobby"), {"q": "<script>"}))

    assert "<script>" not in page
    assert "&lt;script&gt;y" in page


def test_a_take_that_failed_answers_nothing(client: Client, ada: Any) -> None:
    question = an_interview(ada).questions.get(position=1)
    an_answer(question, status=Answer.Status.FAILED)
    an_answer(question, "words", take=2)

    row = client.get(reverse("interviews:lobby")).context["lobby"].interviews[0]

    assert (row.answered, row.total) == (1, 2)


# What the socket says


def seen_by(user: Any, query: str = "") -> lobby.Lobby:
    return look(user, LobbyFilter({"q": query}), None)


def test_the_digest_is_the_pages_own_and_changes_with_what_it_shows(client: Client, ada: Any) -> None:
    interview = an_interview(ada)
    digests = [client.get(reverse("interviews:lobby")).context["lobby"].digest]

    assert seen_by(ada).digest == digests[0]
    interviews.start(interview.pk)
    digests.append(seen_by(ada).digest)
    an_answer(interview.questions.get(position=1), "words")
    digests.append(seen_by(ada).digest)
    Invitation.objects.create(interview=interview, email="x@example.org", sent_at=timezone.now())
    digests.append(seen_by(ada).digest)
    an_interview(ada)
    digests.append(seen_by(ada).digest)
    assert len(set(digests)) == 5


def test_what_a_filter_hides_does_not_change_the_digest(ada: Any) -> None:
    an_interview(ada, title="Gardener")
    before = seen_by(ada, "gardener")

    an_interview(ada, title="Baker")

    assert seen_by(ada, "gardener").digest == before.digest

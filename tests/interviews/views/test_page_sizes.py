"""Recruiters' pages ask the database as often for many interviews as for few.

PAGES_INTERVIEWS=2000, as `make pages` sets it, takes so many instead, and measures the time too.
"""

from __future__ import annotations

import os
import time
from statistics import median
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from interviews.models import Interview
from interviews.services.question_sets import from_interview
from tests.support.commands import run
from tests.support.rows import a_recruiter

pytestmark = pytest.mark.django_db

MANY = int(os.environ.get("PAGES_INTERVIEWS", 0))
MAX_SECONDS = 0.3
ROUNDS = 9


@pytest.fixture(scope="module", params=[MANY] if MANY else [15, 60])
def filled(request: Any, django_db_setup: Any, django_db_blocker: Any) -> Any:
    """A recruiter with so many interviews, and a set for each twentieth; kept for all tests of the file."""
    with django_db_blocker.unblock():
        ada = a_recruiter()
        answers = "10" if MANY else "2"
        run("fill", f"--interviews={request.param}", f"--answers={answers}", "--owner=ada")
        for interview in Interview.objects.all()[::20]:
            from_interview(interview, ada)
        yield ada
        ada.question_sets.all().delete()
        Interview.objects.all().delete()
        ada.delete()


@pytest.mark.parametrize(
    ("name", "query", "queries"),
    [
        ("lobby", {}, 7),
        ("lobby", {"q": "example.org"}, 7),
        ("lobby", {"status": "done", "language": "en-US", "whose": "mine", "since": "2020-01-01"}, 7),
        ("lobby", {"page": "1000"}, 7),
        ("question_sets", {}, 3),
        ("interview_new", {}, 3),
    ],
)
def test_a_page_takes_as_many_queries_for_few_as_for_many(
    client: Client,
    filled: Any,
    django_assert_num_queries: Any,
    name: str,
    query: dict[str, str],
    queries: int,
) -> None:
    client.force_login(filled)

    with django_assert_num_queries(queries):
        page = client.get(reverse(f"interviews:{name}"), query)

    assert rows_of(page) > 0
    if MANY:
        taken = sorted(_seconds(client, reverse(f"interviews:{name}"), query) for _ in range(ROUNDS))
        assert median(taken) < MAX_SECONDS, taken


def rows_of(page: Any) -> int:
    """How many interviews or sets it shows, or offers."""
    if "lobby" in page.context:
        return len(page.context["lobby"].interviews)
    if "question_sets" in page.context:
        return len(page.context["question_sets"])
    return len(page.context["form"].fields["question_set"].queryset)


def _seconds(client: Client, address: str, query: dict[str, str]) -> float:
    began = time.perf_counter()
    client.get(address, query)
    return time.perf_counter() - began

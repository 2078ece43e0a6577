"""What answers are owed is found at once among very many, and by one transcriber only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.servers import said_on_postgres

# How many times as long a poll may take as one of an empty table.
POLL_RATIO = 2


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(
        said_on_postgres(tmp_path_factory.mktemp("queue"), "queue_on_postgres")
    )
    return result


def test_a_poll_is_quick_among_a_hundred_thousand_finished_answers(found: dict[str, Any]) -> None:
    alone, among_many = found["poll_alone_ms"], found["poll_ms"]
    print(f"a poll among 100,000 finished answers: {among_many:.2f} ms, of none {alone:.2f} ms")
    assert "answer_owed" in found["plan"]
    assert "Seq Scan" not in found["plan"]
    assert among_many <= POLL_RATIO * alone


def test_each_is_claimed_once_however_many_claim(found: dict[str, Any]) -> None:
    assert found["claimed_once"]


def test_what_is_locked_is_passed_over(found: dict[str, Any]) -> None:
    assert found["passes_over_what_is_locked"]


def test_who_begins_while_their_interview_is_being_closed_goes_on(found: dict[str, Any]) -> None:
    assert found["who_begins_just_then_goes_on"]

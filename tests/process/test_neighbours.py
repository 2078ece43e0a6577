"""On PostgreSQL a row that somebody has locked keeps nobody else waiting, and no two lock each other out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.neighbours_on_postgres import LOCKED_SECONDS
from tests.support.servers import said_on_postgres


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        said_on_postgres(tmp_path_factory.mktemp("neighbours"), "neighbours_on_postgres")
    )
    return found


def test_chunks_wait_for_no_answer_but_their_own(found: dict[str, Any]) -> None:
    chunks = found["chunks"]

    assert chunks["others_waited"] < 1
    assert chunks["it_waited"] > LOCKED_SECONDS * 0.8
    assert chunks["it_is_whole"]


def test_a_chunk_that_waited_for_who_took_its_answer_is_refused(found: dict[str, Any]) -> None:
    assert found["of_a_taken_answer"] == "refused"


def test_who_was_heard_is_written_whatever_is_locked(found: dict[str, Any]) -> None:
    assert found["presence_waited"] < 1
    assert found["presence_twice"] == "'nobody is refused'"


def test_a_check_compares_connections_with_what_the_server_allows(found: dict[str, Any]) -> None:
    assert found["warnings"] == [[], ["interviews.W003"]]


def test_no_two_verbs_lock_each_other_out(found: dict[str, Any]) -> None:
    assert found["deadlocks"] == []

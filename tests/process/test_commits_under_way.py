"""On PostgreSQL a commit may still be under way when whoever asked for it has lost the connection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commits_under_way import VERBS
from tests.support.servers import said_on_postgres


@pytest.fixture
def outcomes(tmp_path: Path) -> dict[str, str]:
    lines = said_on_postgres(tmp_path, "commits_under_way").splitlines()
    return dict(json.loads(line) for line in lines)


def test_what_is_done_again_meanwhile_waits_for_it_and_says_the_same(outcomes: dict[str, str]) -> None:
    assert outcomes == dict.fromkeys(VERBS, "the same")

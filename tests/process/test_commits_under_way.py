"""On PostgreSQL a commit may still be under way when whoever asked for it has lost the connection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commits_under_way import VERBS
from tests.support.servers import free_port, new_site, postgres_server, postgres_url


@pytest.fixture
def outcomes(tmp_path: Path) -> dict[str, str]:
    port = free_port()
    (tmp_path / "data").mkdir()
    with postgres_server(tmp_path, port):
        site = new_site(tmp_path / "data", DATABASE_URL=postgres_url(port))
        code = "from tests.support.commits_under_way import main; main()"
        lines = site.manage("shell", "-v0", "-c", code).splitlines()
    return dict(json.loads(line) for line in lines)


def test_what_is_done_again_meanwhile_waits_for_it_and_says_the_same(outcomes: dict[str, str]) -> None:
    assert outcomes == dict.fromkeys(VERBS, "the same")

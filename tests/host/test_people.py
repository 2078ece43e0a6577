"""Users who sign in by an address, have no other name and no rights of Django's, and no number as key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.host.people.management.commands.visit import INTERVIEWS_PAGES, PAGES
from tests.support.servers import ROOT


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an owner, a watcher and a stranger see, in this order."""
    folder = tmp_path_factory.mktemp("host")
    manage(folder, "check", "--fail-level", "WARNING")
    assert manage(folder, "makemigrations", "--check", "--dry-run") == "No changes detected\n"
    manage(folder, "migrate")
    told: dict[str, Any] = json.loads(manage(folder, "visit").splitlines()[-1])
    return told


def manage(folder: Path, *command: str) -> str:
    environment = {"DJANGO_SETTINGS_MODULE": "tests.host.settings", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "django", *command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_sees_the_pages_that_are_theirs_to_see(seen: dict[str, Any]) -> None:
    everybodys = dict.fromkeys(PAGES, 200)

    assert seen["pages"] == [
        {**everybodys, **dict.fromkeys(INTERVIEWS_PAGES, 200)},
        {**everybodys, **dict.fromkeys(INTERVIEWS_PAGES, 200), "invite": 403},
        {**everybodys, **dict.fromkeys(INTERVIEWS_PAGES, 404)},
    ]


def test_a_link_to_a_recording_opens_it_for_its_own_viewer_alone(seen: dict[str, Any]) -> None:
    assert seen["audio"] == [200, 404, 404]


def test_whoever_signs_out_watches_no_more(seen: dict[str, Any]) -> None:
    assert seen["watching"] == [[True, True, False, False]] * 2 + [[False, True, False, False]]


def test_people_are_named_by_their_login(seen: dict[str, Any]) -> None:
    [(reply_to, text)] = seen["mails"]

    assert reply_to == ["owner@example.org"]
    assert "owner@example.org invites you to an interview" in text
    assert "watcher@example.org" in seen["review"]
    assert "write to owner@example.org" in seen["consent"]


def test_commands_find_owners_by_their_login(seen: dict[str, Any]) -> None:
    assert seen["strangers"] == 31

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from interviews.checks import check_bounds, check_orchestrator, check_site_url


def ids(messages: list[Any]) -> list[str]:
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("interviews.orchestration.Orchestrator", []),
        ("tests.support.orchestrators.FollowUp", []),
        ("nowhere.Orchestrator", ["interviews.E001"]),
        ("interviews.orchestration.Missing", ["interviews.E001"]),
        ("Orchestrator", ["interviews.E001"]),
        ("interviews.orchestration.answer_completed", ["interviews.E001"]),
        ("interviews.live.outbox.Outbox", ["interviews.E002"]),
    ],
)
def test_the_orchestrator_is_one(settings: Any, path: str, expected: list[str]) -> None:
    settings.INTERVIEW_ORCHESTRATOR = path

    assert ids(check_orchestrator()) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org", []),
        ("http://localhost:8000", []),
        ("http://127.0.0.1", []),
        ("http://[::1]:8000", []),
        ("http://example.org", ["interviews.W001"]),
        ("http://localhost.example.org", ["interviews.W001"]),
    ],
)
def test_browsers_give_pages_of_the_site_a_microphone(settings: Any, url: str, expected: list[str]) -> None:
    settings.SITE_URL = url

    assert ids(check_site_url()) == expected


def test_a_chunk_has_to_fit_into_the_backlog(settings: Any) -> None:
    settings.AUDIO_BACKLOG_BYTES = settings.AUDIO_FRAME_MAX_BYTES
    assert ids(check_bounds()) == []

    settings.AUDIO_FRAME_MAX_BYTES += 1

    assert ids(check_bounds()) == ["interviews.E003"]


def test_the_project_has_nothing_to_complain_about() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    out = StringIO()

    call_command("makemigrations", "--check", "--dry-run", stdout=out)

    assert out.getvalue() == "No changes detected\n"

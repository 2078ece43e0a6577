from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command

from interviews.checks import check_bounds, check_channel_layer, check_orchestrator, check_site_url
from interviews.conf import conf as interviews_conf
from speech.conf import conf as speech_conf


def ids(messages: list[Any]) -> list[str]:
    return [message.id for message in messages]


def is_ours(message: CheckMessage) -> bool:
    return str(message.id).startswith(("interviews.", "speech."))


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


def test_each_setting_that_can_not_be_used_is_told_and_nothing_fails_over_it(settings: Any) -> None:
    names = [
        setting.name for setting in [*interviews_conf, *speech_conf] if setting.name != "SPEECH_BACKENDS"
    ]
    for name in names:
        setattr(settings, name, None)

    told = [message for message in run_checks(include_deployment_checks=True) if is_ours(message)]

    assert sorted(message.msg.split()[0] for message in told) == sorted(names)
    assert {message.id for message in told} == {"interviews.E004", "speech.E005"}


def test_a_site_that_sets_none_of_ours_has_nothing_to_mend(settings: Any) -> None:
    for setting in [*interviews_conf, *speech_conf]:
        delattr(settings, setting.name)

    assert [message for message in run_checks(include_deployment_checks=True) if is_ours(message)] == []


def test_a_site_without_a_channel_layer_is_warned(settings: Any) -> None:
    before = ids(check_channel_layer())

    del settings.CHANNEL_LAYERS

    assert (before, ids(check_channel_layer())) == ([], ["interviews.W002"])


def test_the_project_has_nothing_to_complain_about() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    out = StringIO()

    call_command("makemigrations", "--check", "--dry-run", stdout=out)

    assert out.getvalue() == "No changes detected\n"

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from speech.management.commands.check_speech import SAMPLE, SENTENCE
from speech.processes.cores import count_cores
from tests.support.azure.behaviour import Behaviour
from tests.support.azure.server import AzureServer, serving

KEY = "0123456789abcdef" * 2


def check(*options: str) -> str:
    out = StringIO()
    call_command("check_speech", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def server() -> Iterator[AzureServer]:
    with serving() as server:
        yield server


@pytest.fixture
def declare(settings: Settings, server: AzureServer) -> Any:
    def declare(**options: Any) -> None:
        azure = {
            "BACKEND": "speech.backends.azure.AzureBackend",
            "OPTIONS": {"host": server.url, "key": KEY, **options},
        }
        fallback = {"BACKEND": "speech.backends.scripted.ScriptedBackend"}
        settings.SPEECH_BACKENDS = {"default": azure, "fallback": fallback}

    declare()
    return declare


def test_it_tells_what_came_back_and_when(declare: Any) -> None:
    lines = check().splitlines()

    assert re.fullmatch(r"recogniser:  azure-[\d.]+/en-US", lines[0])
    assert lines[1] == f"said:        {SENTENCE}"
    assert re.fullmatch(r"understood:  (\w+ ?){6,8}", lines[2])
    assert re.fullmatch(r"first words: [0-2]\.\d s after the first sound", lines[3])
    assert re.fullmatch(r"last words:  [-+]\d\.\d s from the end of the sound", lines[4])


def test_the_offline_recogniser_understands_the_sentence_and_says_how_fast_it_is() -> None:
    lines = check().splitlines()

    assert re.fullmatch(r"recogniser:  moonshine-[\d.]+/tiny-en", lines[0])
    assert lines[2] == f"understood:  {SENTENCE.capitalize()}."
    assert lines[5] == f"cores:       {count_cores()}"
    assert re.fullmatch(r"speed:       \d+\.\d × real time on one of them", lines[6])
    assert re.fullmatch(
        r"at once:     about \d+ live answers, if nothing else runs here; \d+ are allowed", lines[7]
    )


def test_the_last_resort_understands_the_sentence() -> None:
    assert f"understood:  {SENTENCE}\n" in check("--backend=pocketsphinx")


def test_what_takes_the_place_of_one_that_can_not_be_used_is_told(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_BACKENDS = {
        "default": {"BACKEND": "speech.backends.moonshine.MoonshineBackend", "OPTIONS": {"folder": tmp_path}},
        "fallback": {"BACKEND": "speech.backends.pocketsphinx.PocketSphinxBackend"},
    }

    lines = check().splitlines()

    assert lines[0].startswith("not used:    default, since ")
    assert lines[1].startswith("recogniser:  pocketsphinx-")


def test_the_sample_is_small() -> None:
    assert SAMPLE.stat().st_size < 80_000


@pytest.mark.parametrize(
    ("behaviour", "code", "advice"),
    [
        ("refuse=401", "AuthenticationFailure", "a key works in its own region alone"),
        ("refuse=400", "BadRequest", "doesn't know the language"),
        ("refuse=429", "TooManyRequests", "F0 has one"),
        ("refuse=503", "ServiceUnavailable", "use another region"),
        ("never_answer", "Mute", "a firewall that drops packets"),
    ],
)
def test_a_failure_comes_with_advice_and_without_the_key(
    declare: Any, server: AzureServer, behaviour: str, code: str, advice: str
) -> None:
    declare(mute_seconds=3)
    server.plan.extend([Behaviour.parse(behaviour)] * 10)

    with pytest.raises(CommandError) as failure:
        check()

    assert f"Azure Speech: {code}: " in str(failure.value)
    assert advice in str(failure.value) and "What to do: " in str(failure.value)
    assert KEY not in str(failure.value)


def test_the_fallback_does_not_hide_a_failure(declare: Any) -> None:
    declare(host="ws://127.0.0.1:1")

    with pytest.raises(CommandError, match="ConnectionFailure"):
        check()


def test_settings_that_can_not_be_used_are_told(declare: Any) -> None:
    declare(region="westeurope")

    with pytest.raises(CommandError, match="give one of region, endpoint and host"):
        check()


def test_an_unknown_backend_is_told() -> None:
    with pytest.raises(CommandError, match="SPEECH_BACKENDS has no 'nobody'"):
        check("--backend=nobody")

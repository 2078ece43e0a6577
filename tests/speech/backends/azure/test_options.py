from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from pytest_django import Settings

from speech.backends.azure import AzureBackend
from speech.checks import check_backends
from tests.support.servers import ROOT

PATH = "speech.backends.azure.AzureBackend"
KEY = "0123456789abcdef" * 2
PLACE: dict[str, Any] = {"region": "westeurope", "key": KEY}


def problems(settings: Settings, **options: Any) -> list[tuple[str | None, str]]:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": PATH, "OPTIONS": options}}
    return [(error.id, error.msg) for error in check_backends()]


@pytest.mark.parametrize(
    "options",
    [
        PLACE,
        {"endpoint": "https://speech-of-ours.cognitiveservices.azure.com/", "key": KEY},
        {"host": "ws://127.0.0.1:5000"},
        {"host": "wss://speech.example.org", "key": KEY},
        {"region": "westeurope", "token_provider": f"{__name__}.token"},
        {**PLACE, "detect_languages": ["de-DE", "fr-FR", "it-IT", "en-GB"]},
        {**PLACE, "phrases": ["Kubernetes"], "phrase_weight": 2, "profanity": "raw", "stable_partials": 3},
        {**PLACE, "segmentation_silence_ms": 5000, "endpoint_id": "a-model", "properties": {"any": "thing"}},
    ],
    ids=str,
)
def test_good_options_pass(settings: Settings, options: dict[str, Any]) -> None:
    assert problems(settings, **options) == []


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"key": KEY},
        {"region": "westeurope"},
        {**PLACE, "host": "ws://127.0.0.1:5000"},
        {**PLACE, "region": "West Europe"},
        {**PLACE, "key": f"{KEY}\n"},
        {**PLACE, "token_provider": f"{__name__}.token"},
        {"region": "westeurope", "token_provider": f"{__name__}.nobody"},
        {"region": "westeurope", "token_provider": f"{__name__}.KEY"},
        {"host": "127.0.0.1:5000"},
        {"host": "ws://127.0.0.1:5000/speech"},
        {"endpoint": "ftp://speech.example.org", "key": KEY},
        {**PLACE, "detect_languages": ["de-DE"] * 5},
        {**PLACE, "detect_languages": ["german"]},
        {**PLACE, "detect_languages": ["de-DE"], "endpoint_id": "a-model"},
        {**PLACE, "phrases": "Kubernetes"},
        {**PLACE, "phrases": [" "]},
        {**PLACE, "phrase_weight": 2.1},
        {**PLACE, "profanity": "loud"},
        {**PLACE, "segmentation_silence_ms": 99},
        {**PLACE, "segmentation_silence_ms": "long"},
        {**PLACE, "stable_partials": 0},
        {**PLACE, "capacity": 0},
        {**PLACE, "max_behind_seconds": 66},
        {**PLACE, "mute_seconds": 0},
        {**PLACE, "token_seconds": 601},
        {**PLACE, "properties": ["any"]},
    ],
    ids=lambda options: str(options).replace(KEY, "KEY"),
)
def test_a_bad_one_is_reported_at_the_start_without_the_key(
    settings: Settings, options: dict[str, Any]
) -> None:
    (problem,) = problems(settings, **options)

    assert problem[0] == "speech.E004"
    assert KEY not in problem[1]


def test_an_unknown_one_is_reported_with_the_known_ones(settings: Settings) -> None:
    ((error_id, message),) = problems(settings, **PLACE, regoin="westeurope")

    assert error_id == "speech.E003"
    assert message == "AzureBackend, of SPEECH_BACKENDS['default'], does not know the OPTIONS regoin."


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(AzureBackend(**PLACE))


def test_the_sdk_is_not_loaded_before_it_is_used() -> None:
    code = (
        "import sys; from speech.backends.azure import AzureBackend;"
        f"AzureBackend(region='westeurope', key='{KEY}');"
        "print('azure.cognitiveservices.speech' in sys.modules)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "interview_project.settings"}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert done.stdout == "False\n"


def token() -> str:
    return "token"

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from speech.backends import declared_preloads, get_backend, usable
from speech.backends.pocketsphinx import PocketSphinxBackend
from speech.backends.scripted import ScriptedBackend
from speech.checks import check_backends

SCRIPTED = "speech.backends.scripted.ScriptedBackend"
POCKETSPHINX = "speech.backends.pocketsphinx.PocketSphinxBackend"
MOONSHINE = "speech.backends.moonshine.MoonshineBackend"


def declare(settings: Settings, backend: str = SCRIPTED, **options: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": backend, "OPTIONS": options}}


def ids() -> list[str | None]:
    return [error.id for error in check_backends()]


def test_good_declarations_pass(settings: Settings) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": POCKETSPHINX}, "scripted": {"BACKEND": SCRIPTED}}

    assert ids() == []


def test_who_takes_the_place_of_one_that_can_not_be_used_is_told(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_BACKENDS = {
        "default": {"BACKEND": MOONSHINE, "OPTIONS": {"folder": tmp_path}},
        "fallback": {"BACKEND": POCKETSPHINX},
    }

    (warning,) = check_backends()

    assert warning.id == "speech.W006"
    assert "encoder_model.ort can't be read" in warning.msg
    assert warning.msg.endswith("'fallback' recognises instead.")
    assert usable("en-US") == ["fallback"]
    assert not [problem for problem in check_backends() if problem.is_serious(40)]


@pytest.mark.parametrize("declared", [None, {}, [], {"scripted": {"BACKEND": SCRIPTED}}])
def test_there_is_a_default(settings: Settings, declared: object) -> None:
    settings.SPEECH_BACKENDS = declared

    assert ids() == ["speech.E001"]
    assert declared_preloads() == []


@pytest.mark.parametrize("declaration", [SCRIPTED, {"BACKEND": SCRIPTED, "OPTIONS": ["capacity"]}])
def test_a_declaration_is_a_dictionary(settings: Settings, declaration: object) -> None:
    settings.SPEECH_BACKENDS = {"default": declaration}

    assert ids() == ["speech.E001"]


@pytest.mark.parametrize("path", ["", "nowhere.at.All", "speech.backends.scripted.Nobody", "json.dumps", 7])
def test_a_backend_that_can_not_be_imported_is_named(settings: Settings, path: Any) -> None:
    declare(settings, path)

    assert ids() == ["speech.E002"]


def test_an_unknown_option_is_named_with_those_that_are_known(settings: Settings) -> None:
    declare(settings, capacty=3)

    (error,) = check_backends()

    assert error.id == "speech.E003"
    assert "capacty" in error.msg
    assert error.hint == "It knows seconds_per_second, fail_after_ms, capacity, recogniser, max_words."


@pytest.mark.parametrize(
    "options",
    [
        {"capacity": 0},
        {"capacity": "many"},
        {"max_behind_seconds": 0},
        {"decoder": {"maxhmmf": 3000}},
        {"endpointing": {"end_silence": 3}},
        {"endpointing": {"vad_mode": 4}},
        {"endpointing": {"speech_frames": 9}},
        {"endpointing": {"end_silence_ms": 0}},
        {"endpointing": {"max_phrase_ms": 900}},
        {"models": {"de-DE": {"hmm": "/nowhere"}}},
        {"models": {"de-DE": {"hmm": "/nowhere", "lm": "/nowhere", "dict": "/nowhere"}}},
    ],
    ids=str,
)
def test_a_bad_value_is_reported(settings: Settings, options: dict[str, Any]) -> None:
    declare(settings, POCKETSPHINX, **options)

    assert ids() == ["speech.E004"]
    with pytest.raises(ImproperlyConfigured):
        get_backend("default")


def test_a_backend_is_made_once_and_anew_for_new_settings(settings: Settings) -> None:
    declare(settings)
    first = get_backend("default")
    again = get_backend()
    declare(settings, POCKETSPHINX)

    assert isinstance(first, ScriptedBackend) and again is first
    assert isinstance(get_backend("default"), PocketSphinxBackend)


def test_an_alias_that_is_not_declared_is_an_error(settings: Settings) -> None:
    declare(settings)

    with pytest.raises(ImproperlyConfigured, match="SPEECH_BACKENDS has no 'other'"):
        get_backend("other")

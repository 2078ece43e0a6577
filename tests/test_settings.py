from __future__ import annotations

import ast
import json
import re
import runpy
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from interview_project.env import env_bool, env_int, env_list, env_str, secret_from_file
from interviews.conf import conf as interviews_conf
from speech.conf import conf as speech_conf
from speech.setting_declarations import Text

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "interview_project" / "settings.py"
NAME = "A_SETTING"


DECLARED = {setting.name: setting for setting in [*interviews_conf, *speech_conf]}


def calls() -> dict[str, ast.Call]:
    """What the site reads from the environment besides what the apps declare, and how."""
    nodes = [node for node in ast.walk(ast.parse(SETTINGS.read_text())) if isinstance(node, ast.Call)]
    readers = {"env_str", "env_bool", "env_int", "env_list"}
    found = [call for call in nodes if isinstance(call.func, ast.Name) and call.func.id in readers]
    return {str(ast.literal_eval(call.args[0])): call for call in found}


def read() -> set[str]:
    """Every setting that is read from the environment. Recognisers are no text."""
    return calls().keys() | DECLARED.keys() - {"SPEECH_BACKENDS"}


def rows() -> dict[str, tuple[str, str]]:
    """Every setting of docs/settings.md with its default and what is said of it."""
    text = (ROOT / "docs" / "settings.md").read_text()
    found = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    told = {name: (default, said) for name, default, said in found}
    assert len(told) == len(found)
    return told


def documented() -> dict[str, str]:
    return {name: default for name, (default, _) in rows().items()}


@pytest.fixture
def settings_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Reads the settings with this environment and nothing else."""

    def load(**environment: str) -> dict[str, Any]:
        for name in read():
            monkeypatch.delenv(name, raising=False)
        for name, value in {"DATA_DIR": str(tmp_path / "data"), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return load


# What docs/settings.md says


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    assert sorted(documented()) == sorted(read() | DECLARED.keys())


def test_the_documentation_begins_with_each_declared_line_of_help() -> None:
    said = {name: text for name, (_, text) in rows().items()}

    assert [
        name for name, setting in DECLARED.items() if not said[name].startswith(setting.help.rstrip("."))
    ] == []


def test_the_documentation_tells_a_larger_site_which_are_settings_of_django() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    sections = dict(section.split("\n", 1) for section in text.split("\n## ")[1:])
    named = re.findall(r"`([A-Z_]+)`", sections["In a site of your own"].split("| --- |")[0])
    own = sections["Interviews"] + sections["Threads"] + sections["Sockets"]
    listed = re.findall(r"^\| `([A-Z_]+)`", own, re.MULTILINE)

    assert sorted([*named, *listed, "SPEECH_BACKENDS"]) == sorted(DECLARED)


def test_no_setting_is_declared_twice_or_read_beside_its_declaration() -> None:
    assert len(DECLARED) == len([*interviews_conf, *speech_conf])
    assert calls().keys() & DECLARED.keys() == set()


def test_documented_defaults_are_the_defaults() -> None:
    defaults = {
        name: f"`{one.default if isinstance(one, Text) else json.dumps(one.default)}`"
        for name, one in DECLARED.items()
    }
    for name, call in calls().items():
        if isinstance(call.func, ast.Name) and call.func.id in {"env_int", "env_bool"}:
            source = ast.unparse(call.args[1])
            if not re.search("[a-z]", source):
                defaults[name] = f"`{eval(source)}`"
            elif source in {"True", "False"}:
                defaults[name] = f"`{source.lower()}`"

    assert len(defaults) > 40
    assert {name: documented()[name] for name in defaults} == defaults


# Starting


def test_it_starts_with_none_of_them_set(settings_with: Callable[..., dict[str, Any]]) -> None:
    settings = settings_with()

    assert settings["DEBUG"] is False
    assert settings["SESSION_COOKIE_SECURE"] is False
    assert settings["ALLOWED_ORIGINS"] == ["http://127.0.0.1:8000", "http://localhost:8000"]
    assert settings["CHANNEL_LAYERS"]["default"]["BACKEND"] == "channels.layers.InMemoryChannelLayer"
    assert settings["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"


def test_an_empty_value_is_as_good_as_none(settings_with: Callable[..., dict[str, Any]]) -> None:
    names = [name for name in read() if name != "DATA_DIR"]
    without, empty = settings_with(), settings_with(**dict.fromkeys(names, ""))

    assert {name: empty[name] for name in names if name in empty} == {
        name: without[name] for name in names if name in without
    }


def test_a_site_on_https_has_secure_cookies_and_one_origin(
    settings_with: Callable[..., dict[str, Any]],
) -> None:
    settings = settings_with(SITE_URL="https://example.org/")

    assert settings["SITE_URL"] == "https://example.org"
    assert settings["ALLOWED_ORIGINS"] == ["https://example.org"]
    assert "example.org" in settings["ALLOWED_HOSTS"]
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is True


def test_redis_is_waited_for_longer_than_its_blocking_read(
    settings_with: Callable[..., dict[str, Any]],
) -> None:
    layer = settings_with(REDIS_URL="redis://127.0.0.1:6379/0")["CHANNEL_LAYERS"]["default"]

    [host] = layer["CONFIG"]["hosts"]
    assert host["address"] == "redis://127.0.0.1:6379/0"
    assert host["socket_timeout"] > 5


def test_what_is_waited_for_elsewhere_has_a_setting(settings_with: Callable[..., dict[str, Any]]) -> None:
    settings = settings_with(
        REDIS_URL="redis://127.0.0.1:6379/0",
        REDIS_TIMEOUT_SECONDS="7",
        REDIS_CONNECT_TIMEOUT_SECONDS="3",
        EMAIL_TIMEOUT="4",
        AZURE_SPEECH_REGION="westeurope",
        AZURE_SPEECH_MUTE_SECONDS="5",
        AZURE_SPEECH_IDLE_SECONDS="31",
    )

    [host] = settings["CHANNEL_LAYERS"]["default"]["CONFIG"]["hosts"]
    azure = settings["SPEECH_BACKENDS"]["default"]["OPTIONS"]
    assert (host["socket_timeout"], host["socket_connect_timeout"]) == (7, 3)
    assert settings["EMAIL_TIMEOUT"] == 4
    assert (azure["mute_seconds"], azure["idle_seconds"]) == (5, 31)


def test_postgresql_gets_a_pool(settings_with: Callable[..., dict[str, Any]]) -> None:
    url = "postgres://user:password@127.0.0.1/interviews"
    database = settings_with(DATABASE_URL=url, DATABASE_POOL_SIZE="7")["DATABASES"]["default"]

    assert database["OPTIONS"]["pool"]["max_size"] == 7
    assert database["CONN_HEALTH_CHECKS"]
    assert not database["CONN_MAX_AGE"]


def test_a_database_that_vanishes_is_given_up_within_the_time_that_is_set(
    settings_with: Callable[..., dict[str, Any]],
) -> None:
    times = {"DATABASE_CONNECT_SECONDS": "5", "DATABASE_SILENCE_SECONDS": "20"}
    database = settings_with(DATABASE_URL="postgres://127.0.0.1/interviews", **times)["DATABASES"]["default"]
    options = database["OPTIONS"]

    assert options["connect_timeout"] == 5
    assert options["tcp_user_timeout"] == 20_000
    probes = options["keepalives_count"] * options["keepalives_interval"]
    assert options["keepalives_idle"] + probes == 20


def test_what_the_address_of_a_database_says_goes_before_our_defaults(
    settings_with: Callable[..., dict[str, Any]],
) -> None:
    url = "postgres://127.0.0.1/interviews?sslmode=verify-full&connect_timeout=30"
    options = settings_with(DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]
    sqlite = settings_with(DATABASE_URL="sqlite:////tmp/db.sqlite3?timeout=90")["DATABASES"]["default"]

    assert options["sslmode"] == "verify-full"
    assert options["connect_timeout"] == 30
    assert options["tcp_user_timeout"] > 0
    assert options["pool"]["max_size"] == 10
    assert sqlite["OPTIONS"]["timeout"] == 90
    assert sqlite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DEBUG", "maybe", "DEBUG must be one of true, false, 1, 0, yes, no; it is 'maybe'."),
        ("INTERVIEW_LINK_DAYS", "ten", "INTERVIEW_LINK_DAYS must be a whole number; it is 'ten'."),
        ("INTERVIEW_LINK_DAYS", "0", "INTERVIEW_LINK_DAYS must be at least 1; it is 0."),
        ("ANSWER_LEASE_SECONDS", "-5", "ANSWER_LEASE_SECONDS must be at least 5; it is -5."),
        (
            "SITE_URL",
            "example.org",
            "SITE_URL must be an address such as https://example.org; it is 'example.org'.",
        ),
        (
            "SITE_URL",
            "ftp://example.org",
            "SITE_URL must be an address such as https://example.org; it is 'ftp://example.org'.",
        ),
        (
            "SITE_URL",
            "http://example.org:99999",
            "SITE_URL is no address: Port out of range 0-65535.",
        ),
    ],
)
def test_a_bad_value_stops_the_start_with_a_sentence(
    settings_with: Callable[..., dict[str, Any]], name: str, value: str, sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_with(**{name: value})

    assert str(caught.value) == sentence


def test_a_recogniser_that_is_none_stops_the_start(settings_with: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SPEECH_BACKEND must be one of .*; it is 'sphinx'\.$"):
        settings_with(SPEECH_BACKEND="sphinx")


# The helpers


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), ("", False), (None, True)],
)
def test_booleans(monkeypatch: pytest.MonkeyPatch, value: str | None, expected: bool) -> None:
    if value is not None:
        monkeypatch.setenv(NAME, value)

    assert env_bool(NAME, True) == expected


def test_numbers_and_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = env_int(NAME, 3), env_str(NAME, "x"), env_list(NAME, ["x"])
    monkeypatch.setenv(NAME, "")
    empty = env_int(NAME, 3), env_str(NAME, "x"), env_list(NAME, ["x"])
    monkeypatch.setenv(NAME, "7")

    assert unset == empty == (3, "x", ["x"])
    assert (env_int(NAME, 3), env_str(NAME, "x"), env_list(NAME, ["x"])) == (7, "7", ["7"])


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " a, b ,,c,")

    assert env_list(NAME, []) == ["a", "b", "c"]


def test_the_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"

    made, read_again = secret_from_file(path), secret_from_file(path)

    assert made == read_again
    assert len(made) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]

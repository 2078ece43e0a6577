from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from interviews import users
from tests.support.rows import a_recruiter

pytestmark = pytest.mark.django_db

ENGINES = ["db", "cached_db", "cache", "file", "signed_cookies"]


class Plain:
    """What has a login and no other name."""

    def get_username(self) -> str:
        return "ada@example.org"


def test_people_are_called_by_their_full_name_else_by_their_login() -> None:
    ada, bea = a_recruiter("ada", first_name="Ada", last_name="Example"), a_recruiter("bea")

    assert [users.name_of(one) for one in (ada, bea)] == ["Ada Example", "bea"]
    assert users.name_of(Plain()) == "ada@example.org"  # type: ignore[arg-type]
    assert users.name_of(AnonymousUser()) == ""


def test_an_address_is_empty_where_there_is_none() -> None:
    assert users.mail_address_of(a_recruiter("ada")) == "ada@example.org"
    assert [users.mail_address_of(one) for one in (User(email=""), Plain(), None)] == ["", "", ""]


def test_people_are_found_by_their_login() -> None:
    ada = a_recruiter("ada")

    assert (users.person_called("ada"), users.person_called("bea")) == (ada, None)


def signed_in(engine: str, settings: Any, folder: Path) -> Any:
    """A session of that engine in which somebody is signed in."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(folder)
    client = Client()
    client.force_login(a_recruiter("ada"))
    return client.session


@pytest.mark.parametrize("engine", ENGINES)
def test_a_session_is_open_whatever_keeps_it(engine: str, settings: Any, tmp_path: Path) -> None:
    session = signed_in(engine, settings, tmp_path)

    assert users.open_sessions({session.session_key, "another"}) == {session.session_key}


# A signed cookie is kept by its browser alone, and holds until its time is over.
@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "signed_cookies"])
def test_who_signs_out_ends_their_session(engine: str, settings: Any, tmp_path: Path) -> None:
    session = signed_in(engine, settings, tmp_path)
    key = session.session_key

    session.flush()

    assert users.open_sessions({key}) == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_session_ends_with_its_time(engine: str, settings: Any, tmp_path: Path) -> None:
    session = signed_in(engine, settings, tmp_path)
    settings.SESSION_COOKIE_AGE = -1
    session.save()

    assert users.open_sessions({session.session_key}) == set()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("engine", ["db", "cached_db"])
def test_sessions_that_are_rows_take_one_query(
    engine: str, count: int, settings: Any, django_assert_num_queries: Any
) -> None:
    store = import_module(f"django.contrib.sessions.backends.{engine}").SessionStore
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    sessions = [store() for _ in range(count)]
    for session in sessions:
        session.create()
    keys = {session.session_key for session in sessions}

    with django_assert_num_queries(1):
        assert users.open_sessions(keys) == keys

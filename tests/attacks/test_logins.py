"""Many who sign in at once cost a core, whoever they are, and not all of them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import (
    PBKDF2PasswordHasher,
    check_password,
    get_hasher,
    identify_hasher,
    make_password,
)
from django.test import override_settings

from interview_project import settings as reference
from interview_project.hashers import PatientHasher

HASHER = "interview_project.hashers.PatientHasher"


@pytest.fixture
def hashers(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [HASHER]


def test_forty_passwords_are_checked_one_after_another(
    hashers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most, changing = 0, 0, threading.Lock()

    def encode(self: PBKDF2PasswordHasher, password: str, salt: str, *more: Any) -> str:
        nonlocal at_once, most
        with changing:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.005)
        with changing:
            at_once -= 1
        return f"pbkdf2_sha256$1${salt}${password}"

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(make_password, [str(number) for number in range(40)]))

    assert most == 1


def test_it_is_what_checks_the_passwords_of_this_site() -> None:
    """Django takes the last of several of one name; `PASSWORD_HASHERS` has one of it."""
    encoded = PBKDF2PasswordHasher().encode("a long password", "salt")

    with override_settings(PASSWORD_HASHERS=reference.PASSWORD_HASHERS):
        assert type(get_hasher()) is type(identify_hasher(encoded)) is PatientHasher


def test_passwords_of_before_are_known_still(hashers: None) -> None:
    before = PBKDF2PasswordHasher().encode("a long password", "salt")

    assert check_password("a long password", before)
    assert PatientHasher().encode("a long password", "salt") == before

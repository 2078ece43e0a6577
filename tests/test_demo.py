from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from interviews import access
from interviews.models import Interview
from interviews.services import interviews
from tests.support.commands import run

pytestmark = pytest.mark.django_db

EVERYBODY = "0.0.0.0"  # noqa: S104  (named, not bound)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def password_in(text: str) -> str:
    return text.split("with the password ")[1].strip()


def test_the_demo_can_be_used_as_it_says(folder: Path) -> None:
    text = run("demo")

    interview = Interview.objects.get()
    link = next(line.split()[1] for line in text.splitlines() if "Candidate" in line)
    assert access.interview_for_token(link.rstrip("/").rsplit("/", 1)[1]) == interview
    assert interview.questions.count() == 3
    user = authenticate(username="demo", password=password_in(text))
    assert user is not None and user.is_superuser and interview.owner == user
    assert f"/interviews/{interview.pk}/live/" in text
    assert text.count("http://127.0.0.1:8000/") == 3


def test_the_demo_of_an_earlier_start_is_shown_again(folder: Path) -> None:
    assert run("demo") == run("demo")
    assert (Interview.objects.count(), User.objects.count()) == (1, 1)


def test_an_interview_that_is_over_is_followed_by_another(folder: Path) -> None:
    first = run("demo")
    interviews.cancel(Interview.objects.get())

    second = run("demo")

    assert Interview.objects.count() == 2
    assert password_in(first) == password_in(second)
    assert first != second


def test_a_demo_whose_file_was_lost_works_again(folder: Path) -> None:
    run("demo")
    (folder / "demo.json").unlink()

    text = run("demo")

    assert authenticate(username="demo", password=password_in(text)) is not None


def test_a_demo_whose_database_was_lost_works_again(folder: Path) -> None:
    run("demo")
    Interview.objects.all().delete()
    User.objects.all().delete()

    text = run("demo")

    assert authenticate(username="demo", password=password_in(text)) is not None


def test_nobody_else_reads_what_the_demo_keeps(folder: Path) -> None:
    run("demo")

    assert stat.S_IMODE((folder / "demo.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("host", "site_url"),
    [(EVERYBODY, "http://127.0.0.1:8000"), ("127.0.0.1", "https://interviews.example.org")],
)
def test_where_others_reach_the_site_there_is_no_demo_login(
    folder: Path, settings: Any, host: str, site_url: str
) -> None:
    private = run("demo")
    settings.SITE_URL = site_url

    public = run("demo", "--host", host)
    opened = authenticate(username="demo", password=password_in(private))
    settings.SITE_URL = "http://127.0.0.1:8000"
    again = run("demo")

    assert opened is None
    assert "password" not in public
    assert "/join/" not in public
    assert "manage.py createsuperuser" in public
    assert authenticate(username="demo", password=password_in(again)) is not None


def test_where_it_never_was_private_none_is_made(folder: Path) -> None:
    run("demo", "--host", EVERYBODY)

    assert not User.objects.exists()
    assert not Interview.objects.exists()


def test_a_demo_login_that_somebody_deleted_stays_deleted(folder: Path) -> None:
    run("demo")
    User.objects.create_superuser("ada")
    Interview.objects.all().delete()
    User.objects.get(username="demo").delete()

    text = run("demo")

    assert not User.objects.filter(username="demo").exists()
    assert "The demo login was deleted" in text

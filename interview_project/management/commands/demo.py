from __future__ import annotations

import json
import os
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.urls import reverse

from interviews import access, links
from interviews.conf import conf
from interviews.models import Interview
from interviews.services import interviews

USERNAME = "demo"
THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
QUESTIONS = [
    "What made you apply for this position?",
    "Tell us about a project that you are proud of. What was your part in it?",
    "Describe a situation in which you had to work under pressure.",
]


class Command(BaseCommand):
    help = (
        "Makes sure that there is a demo recruiter and an interview to try, and prints the three links. Not "
        "where others reach the site: its password is in a file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address that is listened on")

    def handle(self, *, host: str, **options: Any) -> None:
        kept = _Kept(settings.DATA_DIR / "demo.json")
        is_private = {host, urlsplit(conf.SITE_URL).hostname} <= THIS_MACHINE
        if not is_private:
            _retire(kept)
        recruiter = _recruiter(kept) if is_private else None
        self.stdout.write()
        if recruiter is not None:
            interview = _open_interview(kept, recruiter)
            self.stdout.write(f"  Candidate   {links.candidate_url(kept['token'])}")
            self.stdout.write(f"  Dashboard   {links.dashboard_url(interview)}")
        else:
            self.stdout.write(f"  Recruiters  {conf.SITE_URL}{reverse('interviews:lobby')}")
        self.stdout.write(f"  Admin       {conf.SITE_URL}{reverse('admin:index')}\n\n")
        if recruiter is not None:
            told = (
                f"Sign in to the dashboard and the admin as {USERNAME} with the password {kept['password']}"
            )
        elif is_private:
            told = "The demo login was deleted. Make another one: manage.py createsuperuser"
        else:
            told = "Others reach this address, so that there is no demo login: manage.py createsuperuser"
        self.stdout.write(f"  {told}\n")


class _Kept(dict[str, str]):
    """The login's password and the link's token, which no table holds in plain. Only the owner reads it."""

    def __init__(self, path: Path) -> None:
        super().__init__(json.loads(path.read_text()) if path.exists() else {})
        self._path = path

    def save(self, **values: str) -> None:
        self.update(values)
        with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self, file)


def _recruiter(kept: _Kept) -> Any:
    """None where somebody has deleted it, who is another user than itself."""
    users = get_user_model().objects
    recruiter = users.filter(username=USERNAME).first()
    if recruiter is None:
        if "password" in kept and users.exists():
            return None
        recruiter = users.create(username=USERNAME, is_staff=True, is_superuser=True, first_name="Demo")
        kept.pop("password", None)
    if "password" not in kept or kept.pop("retired", ""):
        kept.save(password=secrets.token_urlsafe(9))
        recruiter.set_password(kept["password"])
        recruiter.is_active = True
        recruiter.save()
    return recruiter


def _retire(kept: _Kept) -> None:
    """The login of earlier starts, when nobody else could use it, opens nothing any more."""
    if "password" in kept and get_user_model().objects.filter(username=USERNAME).update(is_active=False):
        kept.save(retired="yes")


def _open_interview(kept: _Kept, recruiter: Any) -> Interview:
    """The demo interview of an earlier start while it can still be answered, else a new one."""
    interview = access.interview_for_token(kept.get("token", ""))
    if interview is None or not interview.is_open:
        interview, token = interviews.create_interview(
            title="Software developer", candidate_name="Alex Example", questions=QUESTIONS, owner=recruiter
        )
        kept.save(token=token)
    return interview

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.urls import reverse

from interviews import access, links
from interviews.conf import conf
from interviews.models import Interview
from interviews.services import interviews

USERNAME = "demo"
QUESTIONS = [
    "What made you apply for this position?",
    "Tell us about a project that you are proud of. What was your part in it?",
    "Describe a situation in which you had to work under pressure.",
]


class Command(BaseCommand):
    help = "Makes sure that there is a demo recruiter and an interview to try, and prints the three links."

    def handle(self, *args: Any, **options: Any) -> None:
        kept = _Kept(settings.DATA_DIR / "demo.json")
        recruiter = _recruiter(kept)
        interview = _open_interview(kept, recruiter)
        self.stdout.write(
            f"\n  Candidate   {links.candidate_url(kept['token'])}\n"
            f"  Dashboard   {links.dashboard_url(interview)}\n"
            f"  Admin       {conf.SITE_URL}{reverse('admin:index')}\n\n"
            f"  Sign in to the dashboard and the admin as {USERNAME} with the password {kept['password']}\n"
        )


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
    recruiter, created = get_user_model().objects.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True, "first_name": "Demo"}
    )
    if created or "password" not in kept:
        kept.save(password=secrets.token_urlsafe(9))
        recruiter.set_password(kept["password"])
        recruiter.save()
    return recruiter


def _open_interview(kept: _Kept, recruiter: Any) -> Interview:
    """The demo interview of an earlier start while it can still be answered, else a new one."""
    interview = access.interview_for_token(kept.get("token", ""))
    if interview is None or not interview.is_open:
        interview, token = interviews.create_interview(
            title="Software developer", candidate_name="Alex Example", questions=QUESTIONS, owner=recruiter
        )
        kept.save(token=token)
    return interview

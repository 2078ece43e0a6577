"""Those who watch interviews."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from interviews.access import Watcher
from interviews.database import in_database
from interviews.models import Interview
from tests.support.live import a_live_interview
from tests.support.rows import a_recruiter


def a_watcher(name: str, **fields: Any) -> Watcher:
    user = a_recruiter(name, first_name=name.title(), **fields)
    session = SessionStore()
    session.create()
    return Watcher(user.pk, name.title(), str(session.session_key), user.get_session_auth_hash())


async def watched(*questions: str) -> tuple[Interview, list[str], Watcher]:
    """A live interview, its questions and its owner."""
    ada = await in_database(a_watcher, "ada")
    owner = await in_database(User.objects.get, pk=ada.user_id)
    interview, ids = await a_live_interview(*questions, owner=owner)
    return interview, ids, ada

"""Addresses under which others reach an interview."""

from __future__ import annotations

from django.urls import reverse

from interviews.conf import conf
from interviews.models import Interview


def candidate_url(token: str) -> str:
    """Absolute. Whoever has it may answer: it is for the candidate, and for no log."""
    return conf.SITE_URL + reverse("interviews:join", args=[token])


def dashboard_url(interview: Interview) -> str:
    """Absolute. It opens nothing to whoever may not see the interview."""
    return conf.SITE_URL + reverse("interviews:dashboard", args=[interview.pk])


def websocket_path(interview: Interview) -> str:
    """Of the candidate's socket, on this site."""
    return f"/ws/interviews/{interview.pk}/"


def watch_path(interview: Interview) -> str:
    """Of an observer's socket, on this site."""
    return f"/ws/interviews/{interview.pk}/watch/"

"""Whether an interview's candidate is there: kept in its row, so that every process can tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from interviews.models import Interview


def record_heard(silent_seconds: Mapping[UUID, float]) -> None:
    """For how long nothing has come from each candidate, by interview, in one query.

    It is no change that raises a revision.
    """
    now = timezone.now()
    heard = [
        Interview(pk=interview_id, candidate_heard_at=now - timedelta(seconds=seconds))
        for interview_id, seconds in silent_seconds.items()
    ]
    Interview.objects.bulk_update(heard, ["candidate_heard_at"])


def silent_ms(heard_at: datetime | None) -> int | None:
    """Since then; None for a candidate who was never here."""
    return None if heard_at is None else max(0, round((timezone.now() - heard_at).total_seconds() * 1000))

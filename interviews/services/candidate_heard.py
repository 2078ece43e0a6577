"""Whether an interview's candidate is there: kept in its row, so that every process can tell."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from interviews.models import Interview, from_now


def record_heard(silent_seconds: Mapping[UUID, float]) -> None:
    """For how long nothing has come from each candidate, by interview, in one query.

    It is no change that raises a revision.
    """
    heard = [
        Interview(pk=interview_id, candidate_heard_at=from_now(-seconds))
        for interview_id, seconds in silent_seconds.items()
    ]
    Interview.objects.bulk_update(heard, ["candidate_heard_at"])

"""Whether an interview's candidate is there: kept in a row, so that every process can tell."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from interviews.models import CandidateHeard, from_now


def record_heard(silent_seconds: Mapping[UUID, float]) -> None:
    """For how long nothing has come from each candidate, by interview, in one query.

    In the order of their keys: two processes that write the same ones wait for each other in no circle.
    """
    heard = [
        CandidateHeard(interview_id=interview_id, at=from_now(-seconds))
        for interview_id, seconds in sorted(silent_seconds.items())
    ]
    CandidateHeard.objects.bulk_create(
        heard, update_conflicts=True, unique_fields=["interview"], update_fields=["at"]
    )

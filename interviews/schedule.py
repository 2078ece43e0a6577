"""Until when an interview may be answered."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from interviews.models import Interview
from interviews.services import next_step_of, raise_revision

Status = Interview.Status
EXTENDABLE = Status.SCHEDULED, Status.IN_PROGRESS, Status.EXPIRED


@transaction.atomic
def extend(interview: Interview, until: datetime) -> bool:
    """Its link is valid until then. One that had expired goes on where it stood.

    False if it was completed, cancelled or deleted: then nothing changes.
    """
    open_ones = Interview.objects.select_for_update().filter(status__in=EXTENDABLE, erased_at=None)
    found = open_ones.filter(pk=interview.pk).first()
    if found is None:
        return False
    had_expired = found.status == Status.EXPIRED
    if had_expired:
        found.status = Status.IN_PROGRESS if found.started_at else Status.SCHEDULED
    found.expires_at = until
    found.save(update_fields=["status", "expires_at"])
    raise_revision(found.pk)
    if had_expired and found.started_at:
        next_step_of(found, None)
    return True

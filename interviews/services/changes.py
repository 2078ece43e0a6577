"""What a durable change is, and how long whoever makes it has its row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from interviews.conf import conf
from interviews.models import Answer, Interview
from interviews.wire.messages import ServerMessage


@dataclass(frozen=True)
class Change:
    """A durable change: the revision it made and the messages that tell of it."""

    interview_id: UUID
    revision: int
    messages: list[ServerMessage] = field(default_factory=list)
    # Whether observers are told its voice metrics too.
    shares_metrics: bool = True
    # The one that has ended.
    answer: Answer | None = None


def raise_revision(interview_id: UUID) -> int:
    Interview.objects.filter(pk=interview_id).update(revision=F("revision") + 1)
    return revision_of(interview_id)


def revision_of(interview_id: UUID) -> int:
    return Interview.objects.values_list("revision", flat=True).get(pk=interview_id)


def lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=conf.ANSWER_LEASE_SECONDS)

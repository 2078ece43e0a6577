"""What a durable change is."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import F

from interviews.models import Answer, Interview
from interviews.wire.messages import ServerMessage, VoiceMetricsMessage


@dataclass(frozen=True)
class Change:
    """A durable change: the revision it made and the messages that tell its candidate of it."""

    interview_id: UUID
    revision: int
    messages: list[ServerMessage] = field(default_factory=list)
    # Whether observers are told its voice metrics too: not unless the interview says so.
    shares_metrics: bool = field(default=False, kw_only=True)
    # The one that has ended.
    answer: Answer | None = field(default=None, kw_only=True)

    @property
    def observed(self) -> list[ServerMessage]:
        """What observers are told of it."""
        if self.shares_metrics:
            return self.messages
        return [message for message in self.messages if not isinstance(message, VoiceMetricsMessage)]


def lock(interview_id: UUID) -> None:
    """Nobody else changes the interview until the end of the transaction.

    The first lock of every verb that needs several: the interview, then its answers in the order of their
    keys, then what belongs to them. Whoever waits for one holds none that another may want.

    A connection may be lost while the server is still committing what came over it. Whoever does it again
    waits here for that commit, and only then looks whether it is done.
    """
    Interview.objects.select_for_update().values_list("pk").get(pk=interview_id)


def raise_revision(interview_id: UUID) -> int:
    """The interview's next revision, in the transaction of the change that it stands for.

    Raises Interview.DoesNotExist.
    """
    Interview.objects.filter(pk=interview_id).update(revision=F("revision") + 1)
    return revision_of(interview_id)


def revision_of(interview_id: UUID) -> int:
    """As it is now, for what changed nothing. Raises Interview.DoesNotExist."""
    return Interview.objects.values_list("revision", flat=True).get(pk=interview_id)

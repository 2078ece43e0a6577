"""Interviews: made, consented to, begun, led on, extended, cancelled, closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from interviews import access
from interviews.conf import conf
from interviews.database import Lane, in_lane
from interviews.models import Answer, Interview, Question
from interviews.orchestration import get_orchestrator
from interviews.services.changes import Change, raise_revision
from interviews.services.owing import owe_hand_overs
from interviews.wire.messages import ServerMessage
from interviews.wire.rows import end_message, question_message, step_messages

Status = Interview.Status


@transaction.atomic
def create_interview(
    *,
    title: str,
    candidate_name: str,
    questions: Iterable[str | dict[str, Any]],
    owner: Any = None,
    candidate_email: str = "",
    language: str = "en-US",
    phrases: Sequence[str] = (),
    metrics_sharing: str = Interview.MetricsSharing.SHARED,
    time_factor: Decimal = Decimal(1),
    takes_allowed: int = 1,
    link_days: int | None = None,
) -> tuple[Interview, str]:
    """The new interview and the token of its candidate's link, which is stored nowhere.

    A question is its text, or the fields of `QuestionFields` by name; they are asked in this order.
    `takes_allowed` is for questions that don't say it themselves. `language` is a BCP 47 tag, `phrases` are
    terms that are likely to be said, and `time_factor`, from 1 to 5, lengthens all times for this candidate.
    Raises ValidationError.
    """
    token = access.new_token()
    days = conf.INTERVIEW_LINK_DAYS if link_days is None else link_days
    interview = Interview(
        title=title,
        candidate_name=candidate_name,
        candidate_email=candidate_email,
        language=language,
        phrases=list(phrases),
        metrics_sharing=metrics_sharing,
        time_factor=time_factor,
        owner=owner,
        token_hash=access.hash_token(token),
        expires_at=timezone.now() + timedelta(days=days),
    )
    interview.full_clean()
    interview.save()
    for position, asked in enumerate(questions, start=1):
        fields = {"text": asked} if isinstance(asked, str) else asked
        named = {"takes_allowed": takes_allowed, **fields}
        question = Question(interview=interview, position=position, **named)
        question.clean_fields()
        question.save()
    return interview, token


def new_link(interview: Interview) -> str:
    """A new token; links and cookies of the old one open nothing any more."""
    token = access.new_token()
    interview.token_hash = access.hash_token(token)
    interview.save(update_fields=["token_hash"])
    return token


@transaction.atomic
def give_consent(interview: Interview, version: str) -> None:
    """Records the first consent; later ones change nothing."""
    given = Interview.objects.filter(pk=interview.pk, consented_at=None).update(
        consented_at=timezone.now(), consent_version=version
    )
    if given:
        raise_revision(interview.pk)
    interview.refresh_from_db()


@transaction.atomic
def cancel(interview: Interview) -> bool:
    """Ends an interview that is not over yet; False if it was over."""
    still = Interview.objects.running().filter(pk=interview.pk)
    if not still.update(status=Status.CANCELLED, current_question=None):
        return False
    raise_revision(interview.pk)
    owe_hand_overs(interview.questions.all())
    interview.refresh_from_db()
    return True


def expired() -> list[UUID]:
    """What is past its time and not closed yet."""
    return list(Interview.objects.expired().values_list("pk", flat=True))


@transaction.atomic
def expire(interview_id: UUID) -> bool:
    """Closes what is past its time. False if it isn't, or as long as somebody has it locked."""
    same = Interview.objects.filter(pk=interview_id)
    if not same.select_for_update(skip_locked=True).exists():
        return False
    # Looked at now that nobody can begin an answer.
    changes = {"status": Status.EXPIRED, "current_question": None, "revision": F("revision") + 1}
    if not same.filter(pk__in=Interview.objects.expired().filter(pk=interview_id)).update(**changes):
        return False
    owe_hand_overs(Question.objects.filter(interview=interview_id))
    return True


@in_lane(Lane.STEPS)
@transaction.atomic
def start(interview_id: UUID, at: datetime | None = None) -> Change | None:
    """The candidate is there. None if the interview was running already.

    Whoever may have to do it again says when it was, `at`: with the same time it is the same start.
    """
    at = at or timezone.now()
    scheduled = Interview.objects.filter(pk=interview_id, status=Status.SCHEDULED)
    if scheduled.update(status=Status.IN_PROGRESS, started_at=at):
        revision = raise_revision(interview_id)
        return Change(interview_id, revision, next_step_of(Interview.objects.get(pk=interview_id), None))
    started = Interview.objects.filter(pk=interview_id, started_at=at).first()
    return None if started is None else Change(started.pk, started.revision, step_messages(started))


def next_step_of(interview: Interview, answer: Answer | None) -> list[ServerMessage]:
    """Asks the orchestrator; the next question, or the end, is recorded and told.

    In the caller's transaction, which is lost with all of its changes where the orchestrator raises.
    """
    question = get_orchestrator().next_question(interview, answer)
    interview.current_question = question
    if question is None:
        interview.status = Status.COMPLETED
        interview.completed_at = timezone.now()
    interview.save(update_fields=["current_question", "status", "completed_at"])
    owe_hand_overs(interview.questions.all())
    if question is None:
        return [end_message(interview)]
    return [question_message(interview, question)]


@transaction.atomic
def extend(interview: Interview, until: datetime) -> bool:
    """Its link is valid until then. One that had expired goes on where it stood.

    False if it was completed, cancelled or deleted: then nothing changes.
    """
    kept = Interview.objects.select_for_update().filter(pk=interview.pk, erased_at=None)
    found = kept.exclude(status__in=[Status.COMPLETED, Status.CANCELLED]).first()
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

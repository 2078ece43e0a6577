"""What answers are owed, and who works on it. Their rows are the queue (`models.owed`)."""

from __future__ import annotations

import enum
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Least

from interviews.conf import conf
from interviews.errors import StaleEpoch
from interviews.models import Answer, Owed, OwedQuerySet, Question, Retranscription, from_now
from interviews.models.statuses import UNDER_WAY
from interviews.services.changes import lock

Status = Answer.Status
# The column holds no more.
MOST_ATTEMPTS = 32_767
# 2 to this power is longer than anybody waits.
LONG_ENOUGH = 30


class Missing(enum.Enum):
    """What an answer lacks, in the order in which it is done."""

    END = "end"
    TRANSCRIPT = "transcript"
    FILE = "file"
    MEASURES = "measures"
    HAND_OVER = "hand-over"
    DELETION = "deletion"


def lease_end() -> Combinable:
    """Until when whoever takes a row now has it, unless they renew."""
    return from_now(conf.ANSWER_LEASE_SECONDS)


def grace_end() -> Combinable:
    """Until when a candidate who says nothing more is waited for."""
    return from_now(conf.ANSWER_GRACE_SECONDS)


def deletion_time() -> Combinable:
    """When the audio of a take that failed now goes."""
    return from_now(conf.FAILED_TAKE_SECONDS)


def owe_hand_overs(questions: QuerySet[Question]) -> None:
    """Call it after whatever may make an answer of theirs count for good, in the same transaction."""
    Answer.objects.to_hand_over().filter(question__in=questions).owe()


# Whoever works on it


def take(answer: Answer) -> bool:
    """Claims an answer that is owed something for the time of a lease; False if somebody else was faster."""
    due = Answer.objects.due().filter(pk=answer.pk, epoch=answer.epoch)
    if not due.update(epoch=answer.epoch + 1, owed_at=lease_end()):
        return False
    _read_again(answer)
    return True


@transaction.atomic
def take_first(due: OwedQuerySet[Answer]) -> Answer | None:
    """Claims the one that has waited longest. What another is just claiming is passed over."""
    answer = due.select_for_update(skip_locked=True).order_by("owed_at").first()
    return answer if answer is not None and take(answer) else None


def renew_lease(answer: Answer) -> None:
    """Goes on working on it for the time of another lease. Raises StaleEpoch if somebody else has it."""
    held = Status.FINISHING, Status.PENDING, Status.COMPLETE
    if not _ours(answer).filter(status__in=held).update(owed_at=lease_end()):
        raise StaleEpoch


def leave(answer: Answer) -> None:
    """What it is still owed is due now; the audio of one that failed goes when its time is over."""
    _ours(answer).filter(owed_at__isnull=False).exclude(status=Status.FAILED).update(owed_at=from_now())


def wait(answer: Answer) -> None:
    """It can't be done now, which is nobody's failure: it is due a lease later."""
    _ours(answer).filter(owed_at__isnull=False).update(owed_at=lease_end())


def put_off(row: Owed, problem: Exception) -> None:
    """Its next step has failed: it is due later, and longer each time. Who has lost it changes nothing."""
    delay = conf.OWED_RETRY_SECONDS * 2 ** min(row.attempts, LONG_ENOUGH)
    changes: dict[str, Any] = {
        "owed_at": from_now(min(delay, conf.OWED_RETRY_MAX_SECONDS)),
        "attempts": Least(F("attempts") + 1, MOST_ATTEMPTS),
        "last_problem": type(problem).__name__[:100],
    }
    ours = _ours(row) if isinstance(row, Answer) else type(row)._default_manager.filter(pk=row.pk)
    ours.filter(owed_at__isnull=False).update(**changes)


def is_anything_owed() -> bool:
    """Now or later: who is answering is owed an end."""
    return any(model.objects.filter(owed_at__isnull=False).exists() for model in (Answer, Retranscription))


def try_again(rows: OwedQuerySet[Any]) -> int:
    """What failed is due now, as if it never had; how many there were."""
    return rows.failing().update(owed_at=from_now(), attempts=0)


@transaction.atomic
def what_is_missing(answer: Answer) -> list[Missing]:
    """What an answer that is ours lacks; it is owed nothing any more where that is nothing.

    Its interview is locked, so that what makes something missing comes before, or finds it owed nothing.
    Raises StaleEpoch if somebody else has it.
    """
    lock(answer.question.interview_id)
    if not _ours(answer).select_for_update().exists():
        raise StaleEpoch
    _read_again(answer)
    missing = list(_missing(answer))
    if not missing:
        _ours(answer).update(owed_at=None, attempts=0, last_problem="")
    return missing


def _missing(answer: Answer) -> list[Missing]:
    # Chunks that no file can be made of are kept; its damage says so.
    has_loose_audio = not answer.audio and not answer.damage and answer.chunks.exists()
    if answer.status in UNDER_WAY:
        return [Missing.END]
    if answer.status == Status.FAILED:
        return [Missing.DELETION] if has_loose_audio else []
    missing = [Missing.TRANSCRIPT] if answer.status == Status.PENDING else []
    if has_loose_audio:
        missing.append(Missing.FILE)
    if _lacks_measures(answer):
        missing.append(Missing.MEASURES)
    if Answer.objects.to_hand_over().filter(pk=answer.pk).exists():
        missing.append(Missing.HAND_OVER)
    return missing


def _lacks_measures(answer: Answer) -> bool:
    """Whether its end did not wait for them."""
    if answer.status != Status.COMPLETE or answer.is_measured or answer.handed_over_at:
        return False
    has_audio = bool(answer.audio) or answer.chunks.exists()
    return has_audio and answer.question.interview.is_measured


def _ours(answer: Answer) -> QuerySet[Answer]:
    return Answer.objects.filter(pk=answer.pk, epoch=answer.epoch)


def _read_again(answer: Answer) -> None:
    answer.refresh_from_db(from_queryset=Answer.objects.select_related("question__interview"))

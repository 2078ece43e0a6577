"""Where an interview stands: what a connection asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from interviews import access
from interviews.models import Answer, Interview
from interviews.wire.messages import OpenUtterance, ServerMessage, Snapshot
from interviews.wire.messages.parts import UnderWay
from interviews.wire.rows import ended_messages, session_ready, snapshot_message, step_messages

SNAPSHOT_TRIES = 5
CUT_SHORT = {Interview.Status.CANCELLED, Interview.Status.EXPIRED}


@dataclass(frozen=True)
class Standing:
    """Where an interview stands, for whoever is attached to it.

    `epochs` are those of all answers that were asked for and that a connection has, or has given up, and
    `allowed` all sights that hold still: of other interviews, too; None where it was not asked.
    """

    revision: int
    is_over: bool
    token_hash: str
    epochs: dict[UUID, int]
    allowed: set[access.Sight] | None
    # Since something last came from the candidate; None before they were here.
    candidate_silent_ms: int | None = None


def standings(
    interview_ids: set[UUID], answer_ids: set[UUID], sights: set[access.Sight] | None
) -> dict[UUID, Standing]:
    """The standing of each; an interview that is no more counts as over. None asks for nobody's rights."""
    epochs = dict(Answer.objects.filter(pk__in=answer_ids).taken().values_list("pk", "epoch"))
    allowed = access.still_allowed(sights) if sights else sights
    found = {pk: Standing(0, True, "", {}, allowed) for pk in interview_ids}
    rows = Interview.objects.filter(pk__in=interview_ids).annotate(now=Now())
    # No whole rows: this is asked every 0.4 s for each that somebody takes part in or watches.
    asked = "pk", "revision", "status", "erased_at", "token_hash", "heard__at", "now"
    for pk, revision, state, erased_at, token_hash, heard_at, now in rows.values_list(*asked):
        is_over = state in CUT_SHORT or erased_at is not None
        found[pk] = Standing(revision, is_over, token_hash, epochs, allowed, _silent_ms(heard_at, now))
    return found


def _silent_ms(heard_at: datetime | None, now: datetime) -> int | None:
    """By one clock, the database's, wherever it was written."""
    return None if heard_at is None else max(0, round((now - heard_at).total_seconds() * 1000))


def is_stored_chunk(answer: Answer, index: int, data: bytes) -> bool:
    """Whether this chunk is durable with this very audio."""
    return answer.chunks.filter(index=index, data=data).exists()


def welcome(interview_id: UUID) -> list[ServerMessage]:
    """What a candidate's connection is told first. Raises Interview.DoesNotExist."""
    interview = Interview.objects.select_related("current_question").get(pk=interview_id)
    return [session_ready(interview, _under_way(interview)), *step_messages(interview)]


def _under_way(interview: Interview) -> UnderWay | None:
    """The current question's answer, where one is being recorded: a candidate who comes back may go on."""
    answers = Answer.objects.filter(question=interview.current_question_id)
    answer = answers.filter(status=Answer.Status.RECORDING).last()
    if answer is None:
        return None
    return UnderWay(
        question_id=answer.question_id, answer_id=answer.pk, next_chunk_index=answer.next_chunk_index()
    )


def current_step(interview_id: UUID) -> list[ServerMessage]:
    """The question that is asked, or the end; nothing before the beginning or after another end."""
    return step_messages(Interview.objects.select_related("current_question").get(pk=interview_id))


def what_became_of(answer: Answer) -> list[ServerMessage] | None:
    """What a candidate is told whose answer a worker has ended for them, with the next step.

    Nothing yet while it is being ended; None where it goes on elsewhere, was given up or is no more.
    """
    found = Answer.objects.filter(pk=answer.pk).select_related("question__interview__current_question")
    row = found.exclude(pk__in=found.taken()).first()
    if row is None:
        return None
    if row.status == Answer.Status.FINISHING:
        return []
    goes_on = row.status != Answer.Status.FAILED
    return ended_messages(row) + (step_messages(row.question.interview) if goes_on else [])


def last_ended(interview_id: UUID) -> list[ServerMessage]:
    """The final and the metrics of the answer that ended last, or where the interview stands."""
    ended = Answer.objects.ended().filter(question__interview=interview_id).order_by("ended_at").last()
    return current_step(interview_id) if ended is None else ended_messages(ended)


def snapshot(interview_id: UUID, interim: OpenUtterance | None, watchers: list[str]) -> Snapshot:
    """All that an observer shows, as of one revision. `interim` and `watchers` are what no row keeps."""
    for _ in range(SNAPSHOT_TRIES):
        shown = snapshot_message(Interview.objects.get(pk=interview_id), interim, watchers)
        # Each change raises it together with its rows: where it is the same still, none came between.
        if Interview.objects.filter(pk=interview_id, revision=shown.revision).exists():
            return shown
    return _undisturbed_snapshot(interview_id, interim, watchers)


@transaction.atomic
def _undisturbed_snapshot(interview_id: UUID, interim: OpenUtterance | None, watchers: list[str]) -> Snapshot:
    """Changes wait for it, so there is an end to the tries."""
    interview = Interview.objects.select_for_update().get(pk=interview_id)
    return snapshot_message(interview, interim, watchers)

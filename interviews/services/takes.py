"""Which of several takes counts: the candidate's choice, on which the interview goes on.

Nobody is made to choose: the last take counts where none is chosen (`AnswerQuerySet.marked`).
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from interviews.database import Lane, in_lane
from interviews.errors import Code, InterviewError
from interviews.models import Answer, Interview
from interviews.services.answers import current_question, give_up_recording
from interviews.services.changes import Change, lock, raise_revision
from interviews.services.interviews import next_step_of
from interviews.wire.messages import ServerMessage, TakeChosen
from interviews.wire.rows import step_messages


@in_lane(Lane.STEPS)
@transaction.atomic
def choose_take(interview_id: UUID, question_id: str, answer_id: UUID) -> Change:
    """This take counts, and the interview goes on; a recording of the same question is given up.

    Chosen again, it changes nothing. Raises InterviewError with TAKE_NOT_FOUND, and as `begin_answer` does.
    """
    lock(interview_id)
    if done := _chosen_before(interview_id, question_id, answer_id):
        return done
    revision = raise_revision(interview_id)
    question = current_question(interview_id, question_id)
    chosen = question.answers.ended().filter(pk=answer_id)
    if not chosen.update(chosen_at=timezone.now()):
        raise InterviewError(Code.TAKE_NOT_FOUND)
    give_up_recording(question)
    return _gone_on(question.interview, chosen.select_related("question__interview").get(), revision)


@in_lane(Lane.STEPS)
@transaction.atomic
def choose_last_take(interview_id: UUID, question_id: UUID) -> Change | None:
    """For who is not asked: the interview goes on after a take of the question. None if there is none.

    Where it has gone on already, nothing changes.
    """
    interview = Interview.objects.select_for_update().get(pk=interview_id)
    takes = Answer.objects.counting().filter(question=question_id, question__interview=interview_id)
    last = takes.select_related("question__interview").first()
    if last is None:
        return None
    if interview.current_question_id != question_id:
        return _went_on(last)
    return _gone_on(interview, last, raise_revision(interview_id))


def _chosen_before(interview_id: UUID, question_id: str, answer_id: UUID) -> Change | None:
    chosen = Answer.objects.filter(pk=answer_id, chosen_at__isnull=False)
    answer = chosen.filter(question__interview=interview_id).select_related("question__interview").first()
    if answer is None or str(answer.question_id) != question_id.lower():
        return None
    return _went_on(answer)


def _gone_on(interview: Interview, answer: Answer, revision: int) -> Change:
    return Change(interview.pk, revision, [_told(answer), *next_step_of(interview, answer)], answer=answer)


def _went_on(answer: Answer) -> Change:
    """The same, after it was done before; the next step is the one that the interview is at by now."""
    interview = answer.question.interview
    messages = [_told(answer), *step_messages(interview)]
    return Change(interview.pk, interview.revision, messages, answer=answer)


def _told(answer: Answer) -> ServerMessage:
    return TakeChosen(question_id=answer.question_id, answer_id=answer.pk)

"""What candidates add to the transcript of an answer: a misheard name, say. The words stay as they are."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from interviews.errors import Code, InterviewError
from interviews.models import Answer, Interview
from interviews.models.statuses import ADDED_TO
from interviews.services.changes import Change, lock, raise_revision, revision_of
from interviews.wire.messages import AnswerNoted


@transaction.atomic
def note_answer(interview_id: UUID, question_id: str, answer_id: str, text: str) -> Change:
    """Keeps the note of an answer that has ended, in place of an earlier one; the same again changes nothing.

    Raises InterviewError with INTERVIEW_ALREADY_COMPLETED or QUESTION_NOT_FOUND.
    """
    lock(interview_id)
    if Interview.objects.get(pk=interview_id).status not in ADDED_TO:
        raise InterviewError(Code.INTERVIEW_ALREADY_COMPLETED)
    answer = _ended_answer(interview_id, question_id, answer_id)
    noted = AnswerNoted(question_id=answer.question_id, answer_id=answer.pk, text=text)
    others = Answer.objects.filter(pk=answer.pk).exclude(candidate_note=text)
    is_new = others.update(candidate_note=text)
    revision = raise_revision(interview_id) if is_new else revision_of(interview_id)
    return Change(interview_id, revision, [noted])


def _ended_answer(interview_id: UUID, question_id: str, answer_id: str) -> Answer:
    try:
        ids = {"pk": UUID(answer_id), "question": UUID(question_id)}
    except ValueError:
        raise InterviewError(Code.QUESTION_NOT_FOUND) from None
    answer = Answer.objects.ended().filter(**ids, question__interview=interview_id).first()
    if answer is None:
        raise InterviewError(Code.QUESTION_NOT_FOUND)
    return answer

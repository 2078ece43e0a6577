"""What was asked and answered, for the pages that show it afterwards."""

from __future__ import annotations

from django.db.models import Count, Prefetch, Q, QuerySet

from interviews.models import Answer, Interview, Question


def transcript(interview: Interview) -> list[Question]:
    """The questions with their answers and segments, in three queries.

    Of several takes the one that counts comes first.
    """
    answers = Answer.objects.marked().prefetch_related("segments")
    return list(interview.questions.prefetch_related(Prefetch("answers", answers)))


def with_counts(interviews: QuerySet[Interview]) -> QuerySet[Interview]:
    """Each with `total` and `answered`, the numbers of its questions."""
    ended = Answer.objects.ended()
    return interviews.annotate(
        total=Count("questions", distinct=True),
        answered=Count("questions", filter=Q(questions__answers__in=ended), distinct=True),
    )

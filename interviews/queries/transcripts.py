"""What was asked and answered, for the pages that show it afterwards."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from interviews.models import Answer, Correction, Interview, Note, Question, Segment


def transcript(interview: Interview) -> list[Question]:
    """The questions with their answers, segments and corrections, in four queries.

    Of several takes the one that counts comes first. Without the words one by one, which pages fetch for
    the answers that somebody looks at.
    """
    corrections = Prefetch("corrections", Correction.objects.select_related("author"))
    segments = Segment.objects.defer("words", "resume").prefetch_related(corrections)
    answers = Answer.objects.marked().defer("peaks").prefetch_related(Prefetch("segments", segments))
    return list(interview.questions.prefetch_related(Prefetch("answers", answers)))


def sounded(interview: Interview) -> list[Answer]:
    """The answers whose sound was measured, as their candidate is shown them; one for each question."""
    if not interview.is_measured:
        return []
    answers = Answer.objects.counting().filter(question__interview=interview, voice_metrics__isnull=False)
    return list(answers.order_by("question__position").select_related("question"))


def with_counts(interviews: QuerySet[Interview]) -> QuerySet[Interview]:
    """Each with `total` and `answered`, the numbers of its questions."""
    # Subqueries are worked out for the rows that are shown; joins would be for all that there are.
    questions = Question.objects.filter(interview=OuterRef("pk")).order_by()
    answered = questions.filter(Exists(Answer.objects.ended().filter(question=OuterRef("pk"))))
    return interviews.annotate(total=_number_of(questions), answered=_number_of(answered))


def with_totals(interviews: QuerySet[Interview]) -> QuerySet[Interview]:
    """Each with `recorded_ms`, the `recogniser` of its last answer, and `notes_count`."""
    answers = Answer.objects.filter(question__interview=OuterRef("pk")).order_by()
    recorded = answers.values("question__interview").annotate(total=Sum("duration_ms")).values("total")
    last = answers.exclude(recogniser="").order_by("-ended_at").values("recogniser")[:1]
    notes = Note.objects.filter(interview=OuterRef("pk")).order_by()
    return interviews.annotate(
        recorded_ms=Subquery(recorded), recogniser=Subquery(last), notes_count=_number_of(notes)
    )


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.values("interview").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)

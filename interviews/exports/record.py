"""What is exported of an interview, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from interviews.access import Viewer
from interviews.models import Answer, Interview, Note, Question, Retranscription, Segment


@dataclass(frozen=True)
class Passage:
    """A segment: the text that counts, beside the recogniser's."""

    index: int
    text: str
    recognised_text: str
    start_ms: int
    end_ms: int
    words: Sequence[dict[str, Any]] = ()
    confidence: float | None = None
    recogniser: str = ""
    corrected_at: datetime | None = None


@dataclass(frozen=True)
class Take:
    answer: Answer
    counts: bool
    passages: list[Passage]
    notes: list[Note]

    @property
    def is_written(self) -> bool:
        return self.answer.kind == Answer.Kind.TEXT

    @property
    def text(self) -> str:
        """As corrected."""
        if not self.passages:
            return self.answer.text
        return " ".join(passage.text for passage in self.passages if passage.text)


@dataclass(frozen=True)
class Asked:
    """A question with all of its takes."""

    question: Question
    takes: list[Take]

    @property
    def counting(self) -> Take | None:
        return next((take for take in self.takes if take.counts), None)


@dataclass(frozen=True)
class Record:
    """`notes` are those about the interview as a whole; None where none were asked for."""

    interview: Interview
    asked: list[Asked]
    notes: list[Note] | None = None

    @property
    def spoken(self) -> list[tuple[Asked, Take]]:
        """The questions whose answer counts and was said aloud."""
        counting = [(asked, asked.counting) for asked in self.asked]
        return [(asked, take) for asked, take in counting if take and not take.is_written]


def load(interview: Interview, notes_of: Viewer | None = None) -> Record:
    """`notes_of` asks for the notes of this recruiter, which nobody else is given."""
    segments = Segment.objects.defer("resume").prefetch_related("corrections")
    others = Retranscription.objects.exclude(done_at=None)
    answers = Answer.objects.marked().defer("peaks").order_by("take")
    found = interview.questions.prefetch_related(
        Prefetch("answers", answers),
        Prefetch("answers__segments", segments),
        Prefetch("answers__retranscriptions", others),
    )
    notes = [] if notes_of is None else list(interview.notes.filter(author_id=notes_of.pk))
    asked = [Asked(question, _takes(question, notes)) for question in found]
    about_all = [note for note in notes if note.answer_id is None]
    return Record(interview, asked, None if notes_of is None else about_all)


def _takes(question: Question, notes: list[Note]) -> list[Take]:
    answers: Iterable[Any] = question.answers.all()
    return [
        Take(
            answer,
            answer.counts,
            [_passage(segment) for segment in answer.segments.all()],
            [note for note in notes if note.answer_id == answer.pk],
        )
        for answer in answers
    ]


def _passage(segment: Segment) -> Passage:
    correction = segment.correction
    return Passage(
        index=segment.index,
        text=segment.shown_text,
        recognised_text=segment.text,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        words=segment.words,
        confidence=segment.confidence,
        recogniser=segment.recogniser,
        corrected_at=None if correction is None else correction.created_at,
    )

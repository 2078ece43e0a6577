"""What comes after an answer: the part of the product that a larger site replaces.

`INTERVIEW_ORCHESTRATOR` names a class with the methods of `Orchestrator`. The transcript is also
announced by the signal `answer_completed`. docs/embedding.md shows how to use both.
"""

from __future__ import annotations

from typing import Any

from django.core.files.base import File
from django.dispatch import Signal
from django.utils.module_loading import import_string

from interviews.conf import conf
from interviews.models import Answer, Interview, Question

answer_completed = Signal()
"""Sent with `answer` (a row) when its transcript is there: at least once, keyed by `answer.pk`."""


interview_erased = Signal()
"""Sent with `interview_id` once the data of an interview is deleted: what a site has kept of it goes too."""


class Orchestrator:
    """Asks the questions in their order and completes the interview after the last."""

    def next_question(self, interview: Interview, answer: Answer | None) -> Question | None:
        """The question to ask now; None completes the interview.

        Called when an answer's audio is safe or, of several takes, when one was chosen (`answer`), and
        with None when the interview starts, in the transaction that records the step: rows made here
        are kept or lost with it. Keep it short.
        """
        open_questions = interview.questions.exclude(answers__in=Answer.objects.ended())
        return open_questions.order_by("position").first()

    def handle_voice_answer(
        self,
        interview: Interview,
        question: Question,
        answer: Answer,
        audio: File[Any] | None,
        transcription: str,
        voice_metrics: dict[str, Any] | None,
    ) -> None:
        """A complete answer with its transcript and metrics; runs in a worker thread.

        Called at least once for each answer that counts, and again if it raises: use `answer.pk` to know
        an answer again. `audio` is its FLAC file, None for a written answer, which has no metrics either.
        Nor has one of an interview that doesn't share them with recruiters.
        """


def get_orchestrator() -> Orchestrator:
    """A new one each time: it keeps nothing from call to call. Raises ImportError."""
    orchestrator: Orchestrator = import_string(conf.INTERVIEW_ORCHESTRATOR)()
    return orchestrator

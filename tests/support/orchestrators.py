"""Orchestrators that a test's settings name."""

from __future__ import annotations

from django.db import OperationalError

from interviews.models import Answer, Interview, Question
from interviews.orchestration import Orchestrator


class FollowUp(Orchestrator):
    """Asks one question more about the first answer."""

    def next_question(self, interview: Interview, answer: Answer | None) -> Question | None:
        if answer is not None and interview.questions.count() == 1:
            Question.objects.create(interview=interview, position=2, text=f"What do you mean: {answer.text}")
        return super().next_question(interview, answer)


class Broken(Orchestrator):
    def next_question(self, interview: Interview, answer: Answer | None) -> Question | None:
        Question.objects.create(interview=interview, position=9, text="Never asked")
        raise ConnectionError


class AwayAfterAnswers(Orchestrator):
    """The database that it would ask is away as soon as there is an answer."""

    asked = 0

    def next_question(self, interview: Interview, answer: Answer | None) -> Question | None:
        if answer is None:
            return super().next_question(interview, answer)
        AwayAfterAnswers.asked += 1
        raise OperationalError


class BrokenAfterAnswers(Orchestrator):
    """Has a fault that shows as soon as there is an answer."""

    def next_question(self, interview: Interview, answer: Answer | None) -> Question | None:
        if answer is None:
            return super().next_question(interview, answer)
        raise ValueError("broken on purpose")

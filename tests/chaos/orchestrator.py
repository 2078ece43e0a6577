"""An orchestrator that notes which answers it was given, so that tests can count the hand-overs."""

from __future__ import annotations

import os
from typing import Any

from interviews.models import Answer, Interview, Question
from interviews.orchestration import Orchestrator


class NotingOrchestrator(Orchestrator):
    def handle_voice_answer(
        self, interview: Interview, question: Question, answer: Answer, *rest: Any
    ) -> None:
        with open(os.environ["NOTED_ANSWERS"], "a") as noted:
            noted.write(f"{answer.pk}\n")

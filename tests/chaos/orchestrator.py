"""An orchestrator that notes which answers it was given, so that tests can count the hand-overs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from interviews.models import Answer, Interview, Question
from interviews.orchestration import Orchestrator

SLOW_SECONDS = 5.0


class NotingOrchestrator(Orchestrator):
    def handle_voice_answer(
        self, interview: Interview, question: Question, answer: Answer, *rest: Any
    ) -> None:
        with open(os.environ["NOTED_ANSWERS"], "a") as noted:
            noted.write(f"{answer.pk}\n")


class SlowOrchestrator(NotingOrchestrator):
    """Takes its time over everything."""

    def next_question(self, interview: Interview, answer: Answer | None) -> Question | None:
        if answer is not None:
            time.sleep(SLOW_SECONDS)
        return super().next_question(interview, answer)

    def handle_voice_answer(self, *args: Any) -> None:
        time.sleep(SLOW_SECONDS)
        super().handle_voice_answer(*args)


class FailingOrchestrator(NotingOrchestrator):
    """Is of no use until there is a file beside its notes."""

    def handle_voice_answer(self, *args: Any) -> None:
        if not Path(os.environ["NOTED_ANSWERS"]).with_name("mended").exists():
            raise ConnectionError
        super().handle_voice_answer(*args)

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db.models import QuerySet

from interviews.models import Answer, Interview
from interviews.settling import remeasure
from speech.exceptions import AudioError
from speech.metrics import VERSION


class Command(BaseCommand):
    help = (
        "Measures the voice in stored answers anew, where that was done by an earlier version (see "
        "docs/metrics.md). What answers were shown with stays; the new numbers are kept beside it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interview", type=UUID, help="only this interview's answers")
        parser.add_argument("--again", action="store_true", help="also those that this version has measured")

    def handle(self, *, interview: UUID | None, again: bool, **options: Any) -> None:
        counts = {"measured": 0, "unreadable": 0}
        for answer in answers(interview, again=again).iterator():
            try:
                asyncio.run(remeasure(answer))
            except (AudioError, OSError) as problem:
                counts["unreadable"] += 1
                self.stderr.write(f"answer {answer.pk}: its audio can't be read ({type(problem).__name__})")
            else:
                counts["measured"] += 1
        self.stdout.write(", ".join(f"{number} {what}" for what, number in counts.items()))


def answers(interview: UUID | None, *, again: bool) -> QuerySet[Answer]:
    """Spoken ones with stored audio, of interviews that measure."""
    found = Answer.objects.filter(status=Answer.Status.COMPLETE, kind=Answer.Kind.VOICE).exclude(audio="")
    found = found.exclude(question__interview__metrics_sharing=Interview.MetricsSharing.OFF)
    if interview is not None:
        found = found.filter(question__interview=interview)
    if not again:
        found = found.exclude(voice_metrics__version=VERSION).exclude(remeasurements__version=VERSION)
    return found.select_related("question__interview")

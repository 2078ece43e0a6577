from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db.models import Q, QuerySet

from interviews.errors import StaleEpoch
from interviews.models import Answer, Interview
from interviews.processing.hearing import remeasure
from speech.exceptions import AudioError
from speech.metrics import VERSION


class Command(BaseCommand):
    help = (
        "Measures the voice in stored answers anew, where that was done by an earlier version (see "
        "docs/metrics.md). What answers were shown with stays; the new numbers are kept beside it. Draws the "
        "waveform of those that have none yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interview", type=UUID, help="only this interview's answers")
        parser.add_argument("--again", action="store_true", help="also those that this version has measured")

    def handle(self, *, interview: UUID | None, again: bool, **options: Any) -> None:
        counts = {"measured": 0, "unreadable": 0}
        for answer in answers(interview, again=again).iterator():
            try:
                asyncio.run(remeasure(answer))
            except StaleEpoch:
                self.stderr.write(f"answer {answer.pk}: it was deleted meanwhile")
            except (AudioError, OSError) as problem:
                counts["unreadable"] += 1
                self.stderr.write(f"answer {answer.pk}: its audio can't be read ({type(problem).__name__})")
            else:
                counts["measured"] += 1
        self.stdout.write(", ".join(f"{number} {what}" for what, number in counts.items()))


def answers(interview: UUID | None, *, again: bool) -> QuerySet[Answer]:
    """Spoken ones with stored audio: those that are to be measured, and those without a waveform."""
    found = Answer.objects.filter(status=Answer.Status.COMPLETE, kind=Answer.Kind.VOICE).exclude(audio="")
    if interview is not None:
        found = found.filter(question__interview=interview)
    wanted = ~Q(question__interview__metrics_sharing=Interview.MetricsSharing.OFF)
    if not again:
        wanted &= ~Q(voice_metrics__version=VERSION) & ~Q(remeasurements__version=VERSION)
    return found.filter(wanted | Q(peaks=None)).select_related("question__interview")

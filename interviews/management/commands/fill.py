from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from interviews.management.filling import Filling
from interviews.management.owners import owner_called
from interviews.models import Interview

# Interviews in one transaction, so that others may write meanwhile.
BATCH = 20


class Command(BaseCommand):
    help = (
        "Fills the database with made-up interviews in all states, with transcripts, measures and, if asked"
        " for, audio, for measuring how fast pages are. Their candidates' links are known to nobody."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interviews", type=_count, default=100)
        parser.add_argument("--answers", type=_count, default=5, help="of each interview that is completed")
        parser.add_argument(
            "--owner", help="the login of their recruiter; without, superusers alone see them"
        )
        parser.add_argument(
            "--audio", action="store_true", help="with an audio file for each answer, 0.4 MB of them"
        )
        parser.add_argument("--yes", action="store_true", help="even where there are interviews already")

    def handle(self, *args: Any, **options: Any) -> None:
        if Interview.objects.exists() and not options["yes"]:
            raise CommandError(
                "There are interviews in this database, and made-up ones can't be told from them later."
                " Say --yes if they may be mixed, or use another database."
            )
        began = time.monotonic()
        filling = Filling(options["answers"], owner_called(options["owner"]), options["audio"])
        for start in range(0, options["interviews"], BATCH):
            filling.add(min(BATCH, options["interviews"] - start))
        took = time.monotonic() - began
        self.stdout.write(f"{options['interviews']} interviews, {filling.answers} answers in {took:.0f} s")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is no number from 1 on")
    return int(text)

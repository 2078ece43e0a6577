from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from interviews.processing.housekeeping import deletions
from interviews.services.retention import due


class Command(BaseCommand):
    help = (
        "Deletes the data of interviews that ended more than DATA_RETENTION_DAYS ago, as the transcriber "
        "does every hour, and whatever earlier deletions had to leave, in files and in SQLite's own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if dry_run:
            self.stdout.write(f"{due().count()} to be deleted")
            return
        chores = deletions(at_once=True)
        erased, *_ = [asyncio.run(chore.run()) for chore in chores]
        self.stdout.write(f"{erased} deleted")
        if failing := sum(len(chore.failing) for chore in chores):
            raise CommandError(f"{failing} could not be done; the log says why. The transcriber tries again.")

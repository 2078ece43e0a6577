from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from interviews.services.retention import due, expire_data


class Command(BaseCommand):
    help = (
        "Deletes the data of interviews that ended more than DATA_RETENTION_DAYS ago, as the transcriber "
        "does every hour, and whatever an earlier deletion had to leave."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        if dry_run:
            self.stdout.write(f"{due().count()} to be deleted")
        else:
            self.stdout.write(f"{expire_data()} deleted")

from __future__ import annotations

import asyncio
import logging
import os
import signal
from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand

from interviews.database import DatabaseAway, persistently
from interviews.processing.retranscription import retranscribe_one
from interviews.processing.settling import work_off_one
from interviews.services import interviews
from interviews.services.retention import expire_data

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
RETENTION_SECONDS = 3600.0
NICENESS = 5


class Command(BaseCommand):
    help = (
        "Works off what answers are owed: transcripts, audio files and hand-overs. Ends what candidates "
        "did not come back to, what has expired, and data whose time is over. Run as many as you like."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when nothing is owed")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["once"]:
            # Live answers come first. Nobody waits for this process, as they do with --once.
            os.nice(NICENESS)
        asyncio.run(_work(once=options["once"]))


async def _work(*, once: bool) -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    working = asyncio.create_task(_work_off(once=once))
    waiting = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    # What is broken off is claimed again when its lease has run out.
    for task in (working, waiting):
        task.cancel()
    await asyncio.gather(working, waiting, return_exceptions=True)
    if working in done:
        working.result()


async def _work_off(*, once: bool) -> None:
    retention_at = monotonic()
    while True:
        await persistently(interviews.expire_interviews)
        if monotonic() >= retention_at:
            await persistently(expire_data)
            retention_at = monotonic() + RETENTION_SECONDS
        try:
            if await work_off_one() or await retranscribe_one():
                continue
        except DatabaseAway:
            logger.warning("the database is away: what is owed is tried again later")
        if once:
            return
        await asyncio.sleep(IDLE_SECONDS)

from __future__ import annotations

import asyncio
import logging
import os
import signal
from argparse import ArgumentParser
from threading import Thread
from typing import Any

from django.core.management.base import BaseCommand

from interviews.database import DatabaseAway, close_threads, in_database
from interviews.processing.housekeeping import keep_house, keep_house_once
from interviews.processing.retranscription import retranscribe_one
from interviews.processing.settling import work_off_one
from interviews.services.owing import is_anything_owed

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
# Where nobody answers, and nothing is owed even later: what is due at once then was brought about by hand.
UNOWED_SECONDS = 4.0
# How long what a thread is at may go on, once the end was asked for.
ENDING_SECONDS = 3.0
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
        # A thread can't be broken off. What it was at is done again by whoever comes next.
        ending = Thread(target=close_threads, daemon=True)
        ending.start()
        ending.join(ENDING_SECONDS)
        if ending.is_alive():
            logger.warning("something could not be ended within %s s, and is broken off", ENDING_SECONDS)
            os._exit(0)


async def _work(*, once: bool) -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    if once:
        await keep_house_once()
    working = asyncio.create_task(_work_off(once=once))
    tasks = {working, asyncio.create_task(stopping.wait())}
    if not once:
        tasks.add(asyncio.create_task(keep_house()))
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    # What is broken off is claimed again when its lease has run out.
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _work_off(*, once: bool) -> None:
    while True:
        try:
            if await work_off_one() or await retranscribe_one():
                continue
        except DatabaseAway:
            if once:
                raise
            logger.warning("the database is away: what is owed is tried again later")
        if once:
            return
        await asyncio.sleep(await _seconds_to_wait())


async def _seconds_to_wait() -> float:
    try:
        return IDLE_SECONDS if await in_database(is_anything_owed) else UNOWED_SECONDS
    except DatabaseAway:
        return IDLE_SECONDS

"""What is done now and then beside the queue: closing what expired, deleting what is kept no longer.

It shares no fate with the queue, nor one piece of it with another. Each is done in a thread and a transaction
of its own; what fails is logged once, with its cause, and tried again with all that is due then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from interviews.database import DatabaseAway, Lane, in_database, in_lane
from interviews.services import erasure, interviews, retention

logger = logging.getLogger(__name__)

HOUR_SECONDS = 3600.0


@dataclass
class Chore:
    """`do` is called with each of what `due` finds."""

    name: str
    every_seconds: float
    due: Callable[[], Iterable[Any]]
    do: Callable[[Any], Any]
    # What has failed, and has not been done since; None stands for finding what is due.
    failing: set[Any] = field(default_factory=set)

    async def run(self) -> int:
        """Does what is due; how many pieces were done."""
        pieces: list[Any] = []
        if await self._is_done(None, lambda: pieces.extend(self.due())):
            self.failing.intersection_update(pieces)
        return sum([await self._is_done(piece, self.do, piece) for piece in pieces])

    async def _is_done(self, piece: Any, function: Callable[..., Any], *args: Any) -> bool:
        told = self.name if piece is None else f"{self.name} ({piece})"
        try:
            await in_database(function, *args)
        except Exception as problem:
            if piece not in self.failing:
                cause = None if isinstance(problem, DatabaseAway) else problem
                logger.error(
                    "%s failed, and is tried again: %s", told, type(problem).__name__, exc_info=cause
                )
            self.failing.add(piece)
            return False
        if piece in self.failing:
            logger.warning("%s is possible again", told)
            self.failing.discard(piece)
        return True


def deletions(*, at_once: bool = False) -> list[Chore]:
    """In the order in which one brings work for the next.

    `at_once` scrubs whoever may be answering just then.
    """
    erase = in_lane(Lane.FILES)(lambda pk: erasure.erase_one(pk))
    sweep = in_lane(Lane.FILES)(lambda pk: erasure.sweep(pk))
    scrub = in_lane(Lane.FILES)(lambda _: erasure.scrub())
    return [
        Chore("deleting what is kept no longer", HOUR_SECONDS, retention.to_erase, erase),
        Chore("deleting what was left", HOUR_SECONDS, erasure.to_sweep, sweep),
        Chore("scrubbing", 60.0, lambda: ["SQLite"] if at_once or erasure.is_to_be_scrubbed() else [], scrub),
    ]


def chores() -> list[Chore]:
    return [Chore("closing what expired", 5.0, interviews.expired, interviews.expire), *deletions()]


async def keep_house() -> None:
    """Until it is cancelled: then nothing new is begun."""
    await asyncio.gather(*(_keep(chore) for chore in chores()))


async def keep_house_once() -> None:
    for chore in chores():
        await chore.run()


async def _keep(chore: Chore) -> None:
    while True:
        await chore.run()
        await asyncio.sleep(chore.every_seconds)

"""The one door from the event loop to the rows."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    close_old_connections,
    connections,
)

from interviews.database.faults import DatabaseAway, is_away, reason_of
from interviews.database.threads import lane_of, run_in

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

BACKOFF_SECONDS = 0.1, 1.0


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs it in a thread of its lane (`threads.in_lane`). Raises DatabaseAway where it may do later."""
    return await run_in(lane_of(function), _call)(function, args, kwargs)


def _call(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    close_old_connections()
    try:
        return function(*args, **kwargs)
    except (IntegrityError, DataError):
        # An answer like any other: what was sent doesn't fit.
        raise
    except (DatabaseError, InterfaceError) as problem:
        # It may have left them in no state to go on with.
        connections.close_all()
        if not is_away(problem):
            raise
        raise DatabaseAway(reason_of(problem)) from problem


async def persistently(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same, again and again for as long as the database is away.

    A connection that is lost while it commits leaves open whether it did: `function` bears being done twice.
    """
    delay, longest = BACKOFF_SECONDS
    is_again = False
    while True:
        try:
            result = await in_database(function, *args, **kwargs)
        except DatabaseAway as problem:
            if not is_again:
                logger.warning("the database is away (%s): waiting", problem)
            is_again = True
        else:
            if is_again:
                logger.warning("the database is back")
            return result
        await asyncio.sleep(delay * random.uniform(0.5, 1))
        delay = min(delay * 2, longest)

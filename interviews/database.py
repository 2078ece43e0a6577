"""The one door from the event loop to the rows."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# What the database raises while it is away, restarts, is locked by somebody else or has a full disk.
AWAY = OperationalError, InterfaceError
BACKOFF_SECONDS = 0.1, 1.0


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs it in a thread.

    Not the thread-sensitive one: there a single slow query would stall every socket of the process.
    """
    result: T = await DatabaseSyncToAsync(function, thread_sensitive=False)(*args, **kwargs)
    return result


async def persistently(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same, again and again for as long as the database is away.

    A connection that is lost while it commits leaves open whether it did: `function` bears being done twice.
    """
    delay, longest = BACKOFF_SECONDS
    is_away = False
    while True:
        try:
            result = await in_database(function, *args, **kwargs)
        except AWAY as problem:
            if not is_away:
                logger.warning("the database is away (%s): waiting", type(problem).__name__)
            is_away = True
        else:
            if is_away:
                logger.warning("the database is back")
            return result
        await asyncio.sleep(delay * random.uniform(0.5, 1))
        delay = min(delay * 2, longest)

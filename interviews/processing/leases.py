"""Whoever works on an answer has it for the time of a lease, and for longer by renewing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from django.db import DatabaseError

from interviews.conf import conf
from interviews.database import in_database
from interviews.models import Answer
from interviews.services import owing

T = TypeVar("T")


@asynccontextmanager
async def holding(answer: Answer) -> AsyncIterator[None]:
    """Holds the answer for as long as it takes, unless somebody else has taken it over."""
    async with renewing(owing.renew_lease, answer):
        yield


@asynccontextmanager
async def renewing(renew: Callable[[T], None], row: T) -> AsyncIterator[None]:
    """Calls `renew(row)` three times a lease, until it raises StaleEpoch.

    Whoever holds the row is not told of that: their next change finds it gone.
    """
    task = asyncio.create_task(_renew(renew, row))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _renew(renew: Callable[[T], None], row: T) -> None:
    while True:
        await asyncio.sleep(conf.ANSWER_LEASE_SECONDS / 3)
        with suppress(DatabaseError):
            await in_database(renew, row)

"""Whoever works on an answer has it for the time of a lease, and for longer by renewing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from django.conf import settings
from django.db import DatabaseError

from interviews import services
from interviews.database import in_database
from interviews.models import Answer


@asynccontextmanager
async def holding(answer: Answer) -> AsyncIterator[None]:
    """Keeps the answer for as long as it takes, unless somebody else has taken it over."""
    renewing = asyncio.create_task(_renew(answer))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _renew(answer: Answer) -> None:
    while True:
        await asyncio.sleep(settings.ANSWER_LEASE_SECONDS / 3)
        with suppress(DatabaseError):
            await in_database(services.keep, answer)

"""What a piece of work has left behind: processes, descriptors, threads."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psutil

DEADLINE_SECONDS = 10


def footprint() -> dict[str, int]:
    return {
        "processes": len(psutil.Process().children(recursive=True)),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
    }


@asynccontextmanager
async def nothing_left_behind() -> AsyncIterator[None]:
    # The thread pool of the loop grows up to its size, and stays.
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.01) for _ in range(40)))
    before = footprint()
    yield
    await until(
        # What was still going when it began may have gone meanwhile.
        lambda: all(now <= before[what] for what, now in footprint().items()),
        lambda: f"{before} became {footprint()}",
    )


async def until(condition: Callable[[], bool], why: Callable[[], str] = lambda: "too late") -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, why()
        await asyncio.sleep(0.01)

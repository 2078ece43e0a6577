"""The threads that do what would hold up the event loop, in lanes: what is slow in one delays no other.

asyncio's own executor has a few threads for everything. A dozen slow hand-overs would occupy them all, and
keep every candidate of the process from their rows.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.utils import load_backend

from interviews.conf import conf

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


class Lane(enum.Enum):
    """What its threads do. How many they are is a setting."""

    ROWS = "rows"
    """Reads and changes rows, for whoever waits for it now."""
    STEPS = "steps"
    """Asks a site's orchestrator what comes next, in the transaction that records it."""
    HAND_OVERS = "hand-overs"
    """Runs what else is a site's own: nobody waits for it."""
    FILES = "files"
    """Reads and writes files, and many rows."""

    @property
    def threads(self) -> int:
        return {
            Lane.ROWS: conf.ROW_THREADS,
            Lane.STEPS: conf.STEP_THREADS,
            Lane.HAND_OVERS: conf.HAND_OVER_THREADS,
            Lane.FILES: conf.FILE_THREADS,
        }[self]


# Made with the first call of each.
_executors: dict[Lane, ThreadPoolExecutor] = {}


def in_lane(lane: Lane) -> Callable[[F], F]:
    """Says of a function where it runs, whoever calls it; of which this isn't said is for `Lane.ROWS`."""

    def mark(function: F) -> F:
        vars(function)["lane"] = lane
        return function

    return mark


def lane_of(function: Callable[..., object]) -> Lane:
    lane: Lane = getattr(function, "lane", Lane.ROWS)
    return lane


def run_in(lane: Lane, function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Of a function, a coroutine function that runs it in a thread of the lane."""
    if lane not in _executors:
        _executors[lane] = ThreadPoolExecutor(
            lane.threads, thread_name_prefix=f"interviews-{lane.value}", initializer=keep_connections
        )
    return SyncToAsync(function, thread_sensitive=False, executor=_executors[lane])


def keep_connections() -> None:
    """The calling thread gets connections of its own that it keeps, beside the pool that pages share.

    They are as many as there are threads, so that nobody waits for one; and on SQLite no call opens a file.
    """
    for alias, settings in connections.settings.items():
        options = {name: value for name, value in settings["OPTIONS"].items() if name != "pool"}
        kept = {**settings, "OPTIONS": options, "CONN_MAX_AGE": None}
        connections[alias] = load_backend(settings["ENGINE"]).DatabaseWrapper(kept, alias)


def connections_per_process() -> int:
    """How many such connections a process holds at most: with the journal's."""
    return sum(lane.threads for lane in Lane) + 1


def close_threads() -> None:
    """Ends them, and with them their connections; the next call makes new ones.

    A test database that is to be dropped wants none on it.
    """
    while _executors:
        _, executor = _executors.popitem()
        executor.shutdown()

"""The rows, from the event loop: in threads of their own, and through the database's being away."""

from interviews.database.door import BACKOFF_SECONDS, in_database, persistently
from interviews.database.faults import DatabaseAway, is_away, reason_of
from interviews.database.threads import (
    Lane,
    close_threads,
    connections_per_process,
    in_lane,
    keep_connections,
    run_in,
)

__all__ = [
    "BACKOFF_SECONDS",
    "DatabaseAway",
    "Lane",
    "close_threads",
    "connections_per_process",
    "in_database",
    "in_lane",
    "is_away",
    "keep_connections",
    "persistently",
    "reason_of",
    "run_in",
]

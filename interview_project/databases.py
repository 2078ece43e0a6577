"""The database of an address. Our defaults stand back behind whatever its address says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url

# What PostgreSQL's client is told by options of these names, in seconds and milliseconds:
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
KEEPALIVES = 2


def sqlite_options() -> dict[str, Any]:
    """Writers of several threads and processes wait for each other instead of failing, and what is
    committed is on the disk.
    """
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }


def postgresql_options(*, pool_size: int, connect_seconds: int, silence_seconds: int) -> dict[str, Any]:
    """A host that vanishes ends no connection: without a bound, whoever waits for it waits for hours.

    It is given up when it has left what was sent to it, or being asked whether it is there, unanswered
    for `silence_seconds`. What takes long is no silence: its host answers for it.
    """
    asked_seconds = max(1, silence_seconds // (KEEPALIVES + 2))
    return {
        "connect_timeout": connect_seconds,
        "tcp_user_timeout": silence_seconds * 1000,
        "keepalives": 1,
        "keepalives_idle": max(1, silence_seconds - KEEPALIVES * asked_seconds),
        "keepalives_interval": asked_seconds,
        "keepalives_count": KEEPALIVES,
        "pool": {
            "min_size": 1,
            "max_size": pool_size,
            # Whoever has no connection after so long tries again, or says so.
            "timeout": 5,
            # The pool itself would try less and less often, and be late when the database is back.
            "reconnect_timeout": 1,
        },
    }


def database(url: str, *, test_file: Path, **postgresql: int) -> dict[str, Any]:
    """The settings of `url`; `postgresql` are the arguments of `postgresql_options`."""
    settings: dict[str, Any] = dict(dj_database_url.parse(url))
    given = settings.get("OPTIONS", {})
    match settings["ENGINE"]:
        case "django.db.backends.sqlite3":
            settings["OPTIONS"] = sqlite_options() | given
            settings["TEST"] = {"NAME": test_file}
        case "django.db.backends.postgresql":
            settings["OPTIONS"] = postgresql_options(**postgresql) | given
            # After a restart of the database the pool is full of connections that are none any more.
            settings["CONN_HEALTH_CHECKS"] = True
    return settings

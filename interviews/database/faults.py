"""What the database says of what went wrong, and whether it will do later."""

from __future__ import annotations

import sqlite3

from django.db import DatabaseError, InterfaceError, OperationalError

# By SQLSTATE, as far as it tells them apart: https://www.postgresql.org/docs/current/errcodes-appendix.html
AWAY_STATES = (
    "08",  # the connection failed
    "25006",  # a primary that was demoted reads, and no more
    "25P03",  # it waited too long for the rest of a transaction
    "40",  # rolled back: a deadlock, or what others changed meanwhile
    "53",  # no room: on the disk, in memory, for another connection
    "55P03",  # a lock was not to be had
    "57",  # somebody intervened: a shutdown, a start, a cancellation
    "58",  # its system failed: reading or writing
)
AWAY_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


class DatabaseAway(OperationalError):
    """It is away, restarts, only reads, is locked by somebody else or has a full disk: later it may do."""


def is_away(problem: DatabaseError | InterfaceError) -> bool:
    """Whether the same may succeed later, though nobody mends the statement or the schema."""
    cause = problem.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lower byte is the kind, the others say more of it.
        code = getattr(cause, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in AWAY_SQLITE
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(AWAY_STATES)
    # The server said nothing: there was no connection, or it broke.
    return isinstance(problem, (OperationalError, InterfaceError))


def reason_of(problem: BaseException) -> str:
    """What the database says of it, for the log: the first line, since others may quote what was sent."""
    diagnosis = getattr(problem.__cause__, "diag", None)
    said = getattr(diagnosis, "message_primary", None) or str(problem)
    return f"{type(problem).__name__}: {said.strip().partition(chr(10))[0]}"

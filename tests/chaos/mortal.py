"""A transcriber that dies at a given step, to be run by `manage.py shell`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created

from interviews.models import Answer, from_now

WRITING = "INSERT", "UPDATE", "DELETE"


def main(answer_id: str, step: int) -> None:
    """Works off that answer alone, and is killed before the statement of that number that writes a row: in
    the middle of a transaction, or between two things that it does. Returns if there are not so many.
    """
    # What earlier ones left waits.
    Answer.objects.exclude(owed_at=None).update(owed_at=from_now(3600))
    Answer.objects.filter(pk=answer_id).update(owed_at=from_now(-1))
    # From the next connection on it is counted.
    connection.close()
    writes = count(1)

    def write_or_die(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if sql.startswith(WRITING) and next(writes) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, *more)

    def count_its(connection: Any, **_: Any) -> None:
        # One that was closed is created again.
        if write_or_die not in connection.execute_wrappers:
            connection.execute_wrappers.append(write_or_die)

    connection_created.connect(count_its)
    call_command("transcriber", "--once")

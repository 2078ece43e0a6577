"""Passwords are checked a few at a time: each takes a core for a third of a second, whoever sends it."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connections

_turns = BoundedSemaphore(settings.PASSWORDS_AT_ONCE)


class PatientHasher(PBKDF2PasswordHasher):
    """Django's own, to the byte. Whoever signs in while many do waits for their turn; nobody else does."""

    def encode(self, *args: Any, **kwargs: Any) -> str:
        if not _turns.acquire(blocking=False):
            _give_connections_back()
            _turns.acquire()
        try:
            return super().encode(*args, **kwargs)
        finally:
            _turns.release()


def _give_connections_back() -> None:
    """To the pool that all pages share."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()

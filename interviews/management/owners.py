from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import CommandError

from interviews.users import person_called


def owner_called(login: str | None) -> AbstractBaseUser | None:
    """Whom a command's --owner names, if it names anybody. Raises CommandError if there is no such user."""
    owner = person_called(login) if login is not None else None
    if login is not None and owner is None:
        raise CommandError(f"There is no user {login!r}.")
    return owner

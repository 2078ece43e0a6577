"""A site's users and their sessions, whichever model it has for the one and engine for the other.

Of a user nothing is asked but what `AbstractBaseUser` promises.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

Person = AbstractBaseUser | AnonymousUser


def name_of(person: Person) -> str:
    """As others are shown them: by their full name, where the site's users have one, else by their login."""
    full_name = getattr(person, "get_full_name", str)
    return full_name() or person.get_username()


def mail_address_of(person: Any) -> str:
    """Empty where there is none, or nobody."""
    field = get_user_model().get_email_field_name()
    return str(getattr(person, field, None) or "")


def person_called(login: str) -> AbstractBaseUser | None:
    users = get_user_model()
    return users._default_manager.filter(**{users.USERNAME_FIELD: login}).first()


def open_sessions(keys: Collection[str]) -> set[str]:
    """Those that nobody has signed out of: found by one query where sessions are rows, else one by one."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if not hasattr(store, "get_model_class"):
        return {key for key in keys if SESSION_KEY in store(key).load()}
    rows = store.get_model_class().objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(rows.values_list("session_key", flat=True))

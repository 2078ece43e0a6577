"""The recognisers that SPEECH_BACKENDS declares, by their alias."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from speech.backends.base import BaseBackend
from speech.conf import conf

# Who goes on where "default" can't, in this order.
STAND_INS = "fallback", "last_resort"


def get_backend(alias: str = "default") -> BaseBackend:
    """The one instance of this process. ImproperlyConfigured says what is wrong with its declaration."""
    return _make(alias)


# Not over a default: a call without it would be remembered apart.
@functools.cache
def _make(alias: str) -> BaseBackend:
    declared: Mapping[str, Any] = conf.SPEECH_BACKENDS
    if alias not in declared:
        raise ImproperlyConfigured(f"SPEECH_BACKENDS has no {alias!r}")
    try:
        return backend_class(declared[alias])(**declared[alias].get("OPTIONS", {}))
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"OPTIONS of SPEECH_BACKENDS[{alias!r}]: {error}") from error


def successors(alias: str) -> list[str]:
    """`alias`, and those that take its place one after the other, as far as they are declared."""
    later = STAND_INS[STAND_INS.index(alias) + 1 :] if alias in STAND_INS else STAND_INS
    return [alias, *(name for name in later if name in conf.SPEECH_BACKENDS)]


def usable(language: str | None, alias: str = "default", *, falls_back: bool = True) -> list[str]:
    """Those of them that recognise `language` on this machine, or `alias` alone where none does.

    Without a language, any will do.
    """
    asked = successors(alias) if falls_back else [alias]
    backends = {name: get_backend(name) for name in asked}
    found = [
        name
        for name, backend in backends.items()
        if not backend.problem and (language is None or backend.supports(language))
    ]
    return found or [alias]


def get_recogniser(language: str | None = None) -> BaseBackend:
    """The backend that a new answer begins with."""
    return get_backend(usable(language)[0])


def is_recognisable(language: str) -> bool:
    """Whether the default recogniser, or one that stands in for it, has a model for the language."""
    return any(get_backend(alias).supports(language) for alias in successors("default"))


def declared_preloads() -> list[str]:
    """The modules `preload` that recognisers of this site may have."""
    declared: Mapping[str, Any] = conf.SPEECH_BACKENDS
    if not isinstance(declared, Mapping):
        # A system check says so.
        return []
    found = [declared[alias] for alias in ("default", *STAND_INS) if alias in declared]
    paths = [declaration.get("BACKEND") for declaration in found if isinstance(declaration, Mapping)]
    return [f"{path.rpartition('.')[0]}.preload" for path in paths if isinstance(path, str)]


def backend_class(declaration: Mapping[str, Any]) -> type[BaseBackend]:
    """The class that one entry of SPEECH_BACKENDS names. ImportError if there is none."""
    path = declaration.get("BACKEND")
    if not isinstance(path, str):
        raise ImportError("BACKEND is missing")
    found = import_string(path)
    if not (isinstance(found, type) and issubclass(found, BaseBackend)):
        raise ImportError(f"{path} is no recogniser")
    return found


@receiver(setting_changed)
def forget_backends(*, setting: str, **_: object) -> None:
    if setting == "SPEECH_BACKENDS":
        _make.cache_clear()

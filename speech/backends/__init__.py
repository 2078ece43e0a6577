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


def is_recognisable(language: str) -> bool:
    """Whether the default recogniser, or its fallback, has a model for the language."""
    aliases = [alias for alias in ("default", "fallback") if alias in conf.SPEECH_BACKENDS]
    return any(get_backend(alias).supports(language) for alias in aliases)


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

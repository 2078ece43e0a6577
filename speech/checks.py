"""System checks: settings can be used and recognisers can be had, so that a mistake stops the start."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from speech.backends import backend_class, get_backend, successors, usable
from speech.backends.base import BaseBackend
from speech.conf import conf
from speech.setting_declarations import Declarations


def errors_of(declarations: Declarations, error_id: str) -> list[CheckMessage]:
    """What the check of an app says of its settings."""
    return [Error(problem, id=error_id) for problem in declarations.problems()]


def check_settings(**_: object) -> list[CheckMessage]:
    return errors_of(conf, "speech.E005")


def check_backends(**_: object) -> list[CheckMessage]:
    declared = conf.SPEECH_BACKENDS
    if not isinstance(declared, Mapping) or "default" not in declared:
        return [
            Error(
                "SPEECH_BACKENDS has no recogniser named 'default'.",
                hint='Declare one: {"default": {"BACKEND": "dotted.path.Class", "OPTIONS": {…}}}.',
                id="speech.E001",
            )
        ]
    errors = [error for alias, declaration in declared.items() for error in check_backend(alias, declaration)]
    return errors or list(check_usable())


def check_usable() -> Iterator[CheckMessage]:
    """Which recogniser can't be had on this machine, why, and who takes its place."""
    instead = usable(None)[0]
    for alias in successors("default"):
        if problem := get_backend(alias).problem:
            goes_on = f"{instead!r} recognises instead" if instead != alias else "nothing takes its place"
            yield Warning(
                f"SPEECH_BACKENDS[{alias!r}] can't be used on this machine: {problem}; {goes_on}.",
                id="speech.W006",
            )


def check_backend(alias: str, declaration: Any) -> Iterator[CheckMessage]:
    place = f"SPEECH_BACKENDS[{alias!r}]"
    if not isinstance(declaration, Mapping) or not isinstance(declaration.get("OPTIONS", {}), Mapping):
        yield Error(f"{place} is no dictionary of BACKEND and OPTIONS.", id="speech.E001")
        return
    try:
        found = backend_class(declaration)
    except ImportError as error:
        yield Error(
            f"{place} has no BACKEND that can be imported: {error}.",
            hint="BACKEND is the dotted path of a class. Is the package that it needs installed?",
            id="speech.E002",
        )
        return
    yield from check_options(place, found, declaration.get("OPTIONS", {}))


def check_options(place: str, found: type[BaseBackend], options: Mapping[str, Any]) -> Iterator[CheckMessage]:
    known = inspect.signature(found).parameters
    unknown = sorted(set(options) - set(known))
    if unknown:
        yield Error(
            f"{found.__name__}, of {place}, does not know the OPTIONS {', '.join(unknown)}.",
            hint=f"It knows {', '.join(known) or 'none'}.",
            id="speech.E003",
        )
        return
    try:
        found(**options)
    except (TypeError, ValueError) as error:
        yield Error(f"The OPTIONS of {place} can't be used: {error}.", id="speech.E004")

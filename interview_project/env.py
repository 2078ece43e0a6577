"""Settings from the environment. A value that can't be read stops the start with a sentence."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, TypeVar, cast

from django.core.exceptions import ImproperlyConfigured

from speech.conf import BackendsSetting
from speech.setting_declarations import Declarations, Setting, Whole

T = TypeVar("T")

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, "") or default


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of true, false, 1, 0, yes, no; it is {value!r}.")


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    return env_setting(Whole(default, minimum=minimum, name=name))


def env_list(name: str, default: list[str]) -> list[str]:
    value = env_str(name)
    return [item.strip() for item in value.split(",") if item.strip()] if value else default


def env_setting(setting: Setting[T]) -> T:
    """A setting that is declared: its default where the environment says nothing."""
    text = env_str(setting.name)
    value: Any = setting.read(text) if text else setting.default
    if problem := setting.problem(value):
        raise ImproperlyConfigured(f"{setting.name} {problem}")
    return cast(T, value)


def env_settings(declarations: Declarations) -> dict[str, Any]:
    """All that an app declares, by name, but for recognisers: no text could say those."""
    return {one.name: env_setting(one) for one in declarations if not isinstance(one, BackendsSetting)}


def secret_from_file(path: Path) -> str:
    """The secret kept at `path`, made at the first start, readable by its owner alone.

    Several processes may start at once: the first to link its file into place wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        candidate = path.with_name(f"{path.name}.{os.getpid()}")
        candidate.touch(mode=0o600)
        candidate.write_text(secrets.token_urlsafe(50))
        try:
            os.link(candidate, path)
        except FileExistsError:
            pass
        finally:
            candidate.unlink()
    return path.read_text().strip()

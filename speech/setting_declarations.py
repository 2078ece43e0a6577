"""How an app declares its settings: each once, with type, default, bounds and a line of help.

    class Settings(Declarations):
        PRACTICE_SECONDS = Whole(30, minimum=5, help="The longest practice before an interview.")

    conf = Settings()

`conf.PRACTICE_SECONDS` is an int: what the site's settings say at this moment, else the default.
`Settings.PRACTICE_SECONDS` is the declaration. A value that can't be used is not looked for when it is
read: a system check of each app tells of it, before anything runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, Self, TypeVar, overload
from urllib.parse import urlsplit

from django.conf import settings

T = TypeVar("T")


class Setting(ABC, Generic[T]):
    def __init__(self, default: T, *, help: str, name: str = "") -> None:
        self.default = default
        self.help = help
        self.name = name

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object, owner: type) -> Self | T:
        if instance is None:
            return self
        # Each time anew, as tests change settings, and not checked: `problems` is asked at the start.
        value: T = getattr(settings, self.name, self.default)
        return value

    @abstractmethod
    def problem(self, value: object) -> str | None:
        """What is wrong with the value, to be read after the setting's name."""

    def read(self, text: str) -> object:
        """The value that an environment variable says; `problem` knows what isn't one."""
        return text


class Whole(Setting[int]):
    def __init__(self, default: int, *, minimum: int = 0, help: str = "", name: str = "") -> None:
        super().__init__(default, help=help, name=name)
        self.minimum = minimum

    def problem(self, value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return f"must be a whole number; it is {value!r}."
        if value < self.minimum:
            return f"must be at least {self.minimum}; it is {value}."
        return None

    def read(self, text: str) -> object:
        try:
            return int(text)
        except ValueError:
            return text


class Text(Setting[str]):
    def problem(self, value: object) -> str | None:
        return None if isinstance(value, str) and value else f"must be a text; it is {value!r}."


class Address(Text):
    """Of a site: scheme and host, to which paths are added."""

    def problem(self, value: object) -> str | None:
        if not isinstance(value, str):
            return super().problem(value)
        try:
            site = urlsplit(value)
            site.port  # noqa: B018  (raises for one that is none)
        except ValueError as problem:
            return f"is no address: {problem}."
        if site.scheme not in {"http", "https"} or not site.hostname:
            return f"must be an address such as https://example.org; it is {value!r}."
        return f"must not end with a slash; it is {value!r}." if value.endswith("/") else None

    def read(self, text: str) -> object:
        return text.rstrip("/")


class Declarations:
    """The settings of one app, in the order of their declaration."""

    def __iter__(self) -> Iterator[Setting[Any]]:
        return (one for one in vars(type(self)).values() if isinstance(one, Setting))

    def problems(self) -> list[str]:
        """A sentence for each value that can't be used, which names the setting."""
        told = [(one.name, one.problem(one.__get__(self, type(self)))) for one in self]
        return [f"{name} {problem}" for name, problem in told if problem]

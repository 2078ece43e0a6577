"""What a socket is to be sent, and how fast it may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Generic, TypeVar

from interviews.errors import Close

T = TypeVar("T")


class Outbox:
    """Sends in order, on the task that runs `drain`. Of messages with the same slot the latest wins."""

    def __init__(self) -> None:
        self._waiting: dict[str | int, str] = {}
        self._numbers = count()
        self._changed = asyncio.Event()
        self._close: Close | None = None

    def put(self, text: str, slot: str | None = None) -> None:
        if self._close is not None:
            return
        if slot is not None:
            self._waiting.pop(slot, None)
        self._waiting[slot if slot is not None else next(self._numbers)] = text
        self._changed.set()

    @property
    def waiting(self) -> list[str]:
        """What is still to be sent."""
        return list(self._waiting.values())

    def close(self, code: Close) -> None:
        """After what waits, nothing more; the first code counts."""
        self._close = self._close or code
        self._changed.set()

    async def drain(self, send: Callable[[str], Awaitable[None]]) -> Close:
        """Until it is closed; returns the close code."""
        while True:
            while self._waiting:
                first = next(iter(self._waiting))
                await send(self._waiting.pop(first))
            if self._close is not None:
                return self._close
            self._changed.clear()
            await self._changed.wait()


class Pace(Generic[T]):
    """Passes on at most `per_second` items; of those that wait the latest wins, and goes in the end."""

    def __init__(self, per_second: int, pass_on: Callable[[T], None]) -> None:
        self._seconds = 1 / per_second
        self._pass_on = pass_on
        self._waiting: T | None = None
        self._pause: asyncio.TimerHandle | None = None

    def put(self, item: T) -> None:
        self._waiting = item
        if self._pause is None:
            self._next()

    def hurry(self) -> None:
        """What waits goes now, since something else is to come after it."""
        item, self._waiting = self._waiting, None
        if item is not None:
            self._pass_on(item)

    def drop(self) -> None:
        """What waits is out of date."""
        self._waiting = None

    def close(self) -> None:
        self.drop()
        if self._pause is not None:
            self._pause.cancel()

    def _next(self) -> None:
        item, self._waiting, self._pause = self._waiting, None, None
        if item is not None:
            self._pause = asyncio.get_running_loop().call_later(self._seconds, self._next)
            self._pass_on(item)


class RateLimit:
    """A bucket of `per_second` tokens that fills at that rate; `clock` counts seconds."""

    def __init__(self, per_second: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._tokens = float(per_second)
        self._filled_at = clock()

    def take(self) -> bool:
        """False over the limit. Who goes on then owes a token for each try, up to `is_ignored`."""
        now = self._clock()
        gained = (now - self._filled_at) * self._per_second
        self._tokens = min(self._per_second, self._tokens + gained) - 1
        self._filled_at = now
        return self._tokens >= 0

    @property
    def is_ignored(self) -> bool:
        return self._tokens < -self._per_second

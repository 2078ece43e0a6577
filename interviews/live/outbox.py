"""What a socket is to be sent, how fast its peer may ask, and that the server waits for who doesn't read."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from itertools import count
from sys import getsizeof
from typing import Any, Generic, TypeVar

from interviews.conf import conf
from interviews.errors import Close

T = TypeVar("T")

# What is left is sent so long after an end was decided.
CLOSING_SECONDS = 5.0

logger = logging.getLogger(__name__)

MARK = "interviews.backpressure"
"""In the scope of what is within."""


class Outbox:
    """Sends in order, on the task that runs `drain`. Of messages with the same slot the latest wins.

    What waits for a peer that doesn't read is bounded: over SOCKET_UNREAD_BYTES the outbox closes at once,
    since nothing it could say would be read. So `send` must return only when there is room for more.
    """

    def __init__(self) -> None:
        self._waiting: dict[str | int, str] = {}
        self._waiting_bytes = 0
        self._numbers = count()
        self._changed = asyncio.Event()
        self._close: Close | None = None
        self._patience: asyncio.Timeout | None = None
        self._is_sending = False

    def put(self, text: str, slot: str | None = None) -> None:
        if self._close is not None:
            return
        if self._is_sending and self._waiting_bytes > conf.SOCKET_UNREAD_BYTES:
            return self._give_up()
        if slot is not None and slot in self._waiting:
            self._take(slot)
        self._waiting[slot if slot is not None else next(self._numbers)] = text
        self._waiting_bytes += getsizeof(text)
        self._changed.set()

    @property
    def is_held_up(self) -> bool:
        """Whether its peer has yet to make room for what was sent last."""
        return self._is_sending

    @property
    def waiting(self) -> list[str]:
        """What is still to be sent."""
        return list(self._waiting.values())

    def close(self, code: Close) -> None:
        """After what waits, nothing more; the first code counts. Nobody is waited for long."""
        if self._close is None:
            self._close = code
            self._wait_for_them(CLOSING_SECONDS)

    async def drain(self, send: Callable[[str], Awaitable[None]]) -> Close:
        """Until it is closed; returns the close code."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS if self._close else None) as self._patience:
                try:
                    await self._drain(send)
                finally:
                    self._patience = None
        assert self._close
        return self._close

    async def _drain(self, send: Callable[[str], Awaitable[None]]) -> None:
        while self._close is None or self._waiting:
            while self._waiting:
                text = self._take(next(iter(self._waiting)))
                self._is_sending = True
                await send(text)
                self._is_sending = False
            self._changed.clear()
            if self._close is None:
                await self._changed.wait()

    def _give_up(self) -> None:
        self._close = Close.IDLE
        self._waiting.clear()
        self._wait_for_them(0)

    def _wait_for_them(self, seconds: float) -> None:
        if self._patience:
            self._patience.reschedule(asyncio.get_running_loop().time() + seconds)
        self._changed.set()

    def _take(self, key: str | int) -> str:
        text = self._waiting.pop(key)
        self._waiting_bytes -= getsizeof(text)
        return text


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


def check_backpressure(scope: Mapping[str, Any]) -> None:
    """Warns where nothing waits for peers that don't read."""
    if MARK not in scope:
        _warn_of_lack()


@cache
def _warn_of_lack() -> None:
    """Once a process. Daphne alone needs it, and loads Twisted's reactor."""
    if "twisted.internet.reactor" in sys.modules:
        logger.warning(
            "what the peers of sockets don't read is kept in memory without bound: "
            "put interviews.live.outbox.Backpressure around the ASGI application"
        )


class Backpressure:
    """An ASGI application around all others: it must be given the server's own `send`.

    Daphne's returns at once, and keeps in memory whatever a peer doesn't read. Within this one it returns
    when there is room for more. Servers that wait by themselves are left alone.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if protocol := _daphne_protocol(send):
            send = _WaitingSend(send, protocol)
        await self._application({**scope, MARK: True}, receive, send)


def _daphne_protocol(send: Any) -> Any:
    """Autobahn's protocol, which Daphne binds to `send`; None where the server is another one."""
    bound = send.args if isinstance(send, partial) else ()
    return next((found for found in bound if hasattr(found, "registerProducer")), None)


class _WaitingSend:
    """Sends, then waits until the transport has room. It is the transport's producer (IPushProducer)."""

    def __init__(self, send: Any, protocol: Any) -> None:
        self._send = send
        self._protocol = protocol
        self._has_room = asyncio.Event()
        self._has_room.set()
        # The handshake's HTTP was the transport's producer until now.
        protocol.unregisterProducer()
        protocol.registerProducer(self, True)

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            # A transport goes nowhere as long as a producer of its own is paused.
            self._protocol.unregisterProducer()
            self._has_room.set()
        # Daphne's bound on a message that comes holds for one that goes, too, and it drops that: whoever had
        # spoken for an hour could not take their answer up again. Nothing is received meanwhile.
        bound, self._protocol.maxMessagePayloadSize = self._protocol.maxMessagePayloadSize, 0
        try:
            await self._send(message)
        finally:
            self._protocol.maxMessagePayloadSize = bound
        await self._has_room.wait()

    def pauseProducing(self) -> None:
        self._has_room.clear()

    def resumeProducing(self) -> None:
        self._has_room.set()

    def stopProducing(self) -> None:
        """The connection is lost."""
        self._has_room.set()

"""Coroutines that stand and fall together, or with a block, or are the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Generic, TypeVar

T = TypeVar("T")


async def together(*coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
    """Their results. They run at the same time; the first failure ends the others and is raised as it is.

    A task group would wrap it in an ExceptionGroup, whose parts each caller had to take apart.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def beside(coroutine: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """Runs it beside the block, with which it ends."""
    task = asyncio.create_task(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class AskedOnce(Generic[T]):
    """What several ask at about the same time, asked once for all of them."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, tuple[float, asyncio.Task[T]]] = {}

    async def ask(self, key: Hashable, fresh_seconds: float, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `ask` says now, or said for the same key so many seconds ago at most."""
        now = monotonic()
        for each, (began, asking) in list(self._asked.items()):
            if asking.done() and now - began >= fresh_seconds:
                del self._asked[each]
        if key not in self._asked:
            self._asked[key] = now, asyncio.create_task(ask())
        # Whoever stops waiting ends nobody else's.
        return await asyncio.shield(self._asked[key][1])

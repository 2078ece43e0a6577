"""What a process does for all of its sockets: one journal, one feed, the tasks that outlive a socket, and
the farewell when the process ends.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from django.apps import apps

from interviews.live.broadcast import Broadcaster
from interviews.live.feed import Feed
from interviews.live.journal import Journal
from interviews.live.tasks import AskedOnce
from interviews.queries.lobby import Lobby

Lobbies = AskedOnce[Lobby | None]
logger = logging.getLogger(__name__)


class Socket(Protocol):
    async def say_farewell(self) -> None: ...


class Worker:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.sockets: set[Socket] = set()
        self.journal = Journal()
        self.broadcaster = Broadcaster()
        self.feed = Feed(self.broadcaster)
        self.lobbies: Lobbies = AskedOnce()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing of any socket is left: no task of its, and nothing in the feed."""
        return not self._tasks and self.feed.is_idle

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs it on behalf of the process. Its failure is logged."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            logger.error("a task of the process failed", exc_info=problem)

    async def say_farewell(self) -> None:
        """Each socket is told that the server ends."""
        farewells = [socket.say_farewell() for socket in list(self.sockets)]
        for problem in await asyncio.gather(*farewells, return_exceptions=True):
            if isinstance(problem, Exception):
                logger.error("a socket could not be told that the server ends", exc_info=problem)

    async def aclose(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.feed.aclose()
        await asyncio.to_thread(self.journal.close)


def get_worker() -> Worker:
    """The process's worker, owned by the app; made anew where tests run another event loop."""
    config: Any = apps.get_app_config("interviews")
    if config.worker is None or config.worker.loop is not asyncio.get_running_loop():
        config.worker = Worker()
        config.worker.feed.start()
        _before_shutdown(config.worker.say_farewell)
    worker: Worker = config.worker
    return worker


def _before_shutdown(farewell: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Daphne cancels what runs when it ends, but not if a socket was opened within its last second, whose
    entry then stops it with a KeyError; nor does it wait for all. Its reactor does wait for this.
    """
    if reactor := sys.modules.get("twisted.internet.reactor"):
        from twisted.internet.defer import Deferred  # noqa: PLC0415  (other servers have no Twisted)

        reactor.addSystemEventTrigger(
            "before", "shutdown", lambda: Deferred.fromFuture(asyncio.ensure_future(farewell()))
        )

"""What a process does for all of its sockets: one journal, one feed, and the tasks that outlive a socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from django.apps import apps

from interviews.feed import Feed
from interviews.journal import Journal

logger = logging.getLogger(__name__)


class Worker:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.journal = Journal()
        self.feed = Feed()
        self._tasks: set[asyncio.Task[Any]] = set()

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
    worker: Worker = config.worker
    return worker

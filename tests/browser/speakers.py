"""Candidates without a page: they speak over the wire, and a test's own page shows what others see of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from tests.support.answers import begin, finish, send_frames
from tests.support.clients import Client, Message, chunks_of, client, give_consent
from tests.support.servers import Created, Site

T = TypeVar("T")


class Speaker:
    """On a thread of its own: a browser's loop runs on the test's."""

    def __init__(self, site: Site, created: Created) -> None:
        self._site, self._created = site, created
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._stack = AsyncExitStack()
        self._client: Client
        self._question_id = ""
        self._count = 0

    def __enter__(self) -> Self:
        self._thread.start()
        cookies = give_consent(self._created["candidate_url"])
        opening = self._stack.enter_async_context(
            client(self._site, self._created["websocket_path"], cookies)
        )
        self._client = self._run(opening)
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def begin(self) -> None:
        """The answer to the question that is asked."""
        self._question_id, self._count = self._run(begin(self._client))

    def say(self, pcm: bytes) -> None:
        chunks = chunks_of(pcm)
        self._run(send_frames(self._client, [b""] * self._count + [*chunks], self._count))
        self._count += len(chunks)

    def stop(self) -> Message:
        """Nothing more is said; what came of it."""
        return self._run(finish(self._client, self._question_id, self._count))

    def _run(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result()


def answer(site: Site, created: Created, *answers: bytes) -> None:
    """To as many questions, one after the other."""
    with Speaker(site, created) as speaker:
        for pcm in answers:
            speaker.begin()
            speaker.say(pcm)
            speaker.stop()

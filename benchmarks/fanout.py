"""From one process to the dashboards of another: through feed and sessions, and through bare consumers."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID, uuid4

from channels.layers import get_channel_layer
from django.test import override_settings

from benchmarks.table import ratio, show
from interviews.live.broadcast import Broadcaster, delivery_of
from interviews.services.changes import Change
from interviews.wire.messages import Transcription
from tests.support.clients import Client, client, sign_in
from tests.support.servers import DEADLINE_SECONDS, Site, free_port, new_site, redis_server

DASHBOARDS = 1, 10, 100
# In turns, so that both sides have the same machine.
ROUNDS = 4
MESSAGES = 10
# Longer than one takes to all of them.
PAUSE_SECONDS = 0.1
IDS: dict[str, Any] = {"question_id": uuid4(), "answer_id": uuid4()}
Publish = Callable[[], Awaitable[None]]


def run() -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    # Each interim is to be sent, as each message of the bare side is.
    settings = {"SPEECH_BACKEND": "scripted", "OBSERVER_INTERIMS_PER_SECOND": "1000", "REDIS_URL": url}
    layer = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [url], "prefix": "interviews"},
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        redis_server(Path(folder), port),
        (site := new_site(Path(folder), **settings)).serve(application="benchmarks.asgi"),
        override_settings(CHANNEL_LAYERS={"default": layer}),
    ):
        rows = [asyncio.run(_row(site, count)) for count in DASHBOARDS]
    head = ["", "published → there, median", "p99", "bare group_send, median", "p99", "ratio", "of p99"]
    show("An interim from one process to dashboards of another, over Redis and real sockets", head, rows)


async def _row(site: Site, count: int) -> list[str]:
    interview = await asyncio.to_thread(site.create_interview)
    cookies = await asyncio.to_thread(sign_in, site)
    async with (
        publisher(UUID(interview["interview_id"])) as product,
        audience(site, interview["watch_path"], cookies, count) as shown,
        audience(site, "/ws/bare/group/", cookies, count) as bare,
    ):
        for _ in range(ROUNDS):
            await shown.measure(product.publish)
            await bare.measure(product.publish_bare)
    (ours, ours_p99), (theirs, theirs_p99) = shown.figures, bare.figures
    cells = [f"{seconds * 1000:.1f} ms" for seconds in (ours, ours_p99, theirs, theirs_p99)]
    name = f"{count} dashboard{'s' if count > 1 else ''}"
    return [name, *cells, ratio(ours, theirs), ratio(ours_p99, theirs_p99)]


class Publisher:
    """The process of a candidate. Both ways send the same message, which carries its time."""

    def __init__(self, interview_id: UUID) -> None:
        self.broadcaster = Broadcaster()
        self._interview_id = interview_id

    def _change(self) -> Change:
        text = str(time.monotonic())
        words = Transcription(
            **IDS, segment=0, text=text, is_final=False, confidence=None, start_ms=0, end_ms=0
        )
        return Change(self._interview_id, 0, [words])

    async def publish(self) -> None:
        self.broadcaster.publish(self._change())

    async def publish_bare(self) -> None:
        (text,) = delivery_of(self._change()).texts
        await get_channel_layer().group_send("bare", {"type": "bare.message", "text": text})


@asynccontextmanager
async def publisher(interview_id: UUID) -> AsyncIterator[Publisher]:
    publisher = Publisher(interview_id)
    sending = asyncio.create_task(publisher.broadcaster.run())
    yield publisher
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


class Audience:
    def __init__(self, size: int) -> None:
        self._size = size
        self._taken: list[float] = []
        self._came = asyncio.Event()

    @property
    def figures(self) -> tuple[float, float]:
        return median(self._taken), quantiles(self._taken, n=100)[98]

    async def listen(self, c: Client) -> None:
        async for text in c.socket:
            message = json.loads(text)
            if message["type"] == "transcription":
                self._taken.append(time.monotonic() - float(message["text"]))
                self._came.set()

    async def has(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(self._taken) < count:
                self._came.clear()
                await self._came.wait()

    async def measure(self, publish: Publish) -> None:
        before = len(self._taken)
        for number in range(1, MESSAGES + 1):
            await publish()
            await asyncio.sleep(PAUSE_SECONDS)
            await self.has(before + number * self._size)


@asynccontextmanager
async def audience(site: Site, path: str, cookies: str, size: int) -> AsyncIterator[Audience]:
    audience = Audience(size)
    async with AsyncExitStack() as stack:
        sockets = (client(site, path, cookies) for _ in range(size))
        clients = await asyncio.gather(*(stack.enter_async_context(socket) for socket in sockets))
        for c in clients:
            # The feed tells who watches once it is in the group.
            await c.until("presence", "bare")
        listening = [asyncio.create_task(audience.listen(c)) for c in clients]
        yield audience
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)

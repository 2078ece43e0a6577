"""The canary for a Redis client that times out its own blocking reads: its sockets die within a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.clients import Client, client, give_consent, sign_in
from tests.support.servers import Site, free_port, new_site, redis_server

SECONDS = 60
SOCKETS = 10


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    site = new_site(tmp_path, SPEECH_BACKEND="scripted", REDIS_URL=url)
    with redis_server(tmp_path, port), site.serve():
        yield site


async def test_none_of_ten_idle_sockets_closes_within_a_minute(site: Site) -> None:
    async with sockets(site) as clients:
        ends = await asyncio.gather(*(stay(c) for c in clients))

    assert ends == [None] * SOCKETS


@asynccontextmanager
async def sockets(site: Site) -> AsyncIterator[list[Client]]:
    """Candidates and observers, half and half."""
    interviews = await asyncio.to_thread(site.create_interviews, SOCKETS // 2)
    recruiter = await asyncio.to_thread(sign_in, site)
    async with AsyncExitStack() as stack:
        clients = []
        for interview in interviews:
            cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
            for path, who in (("websocket_path", cookies), ("watch_path", recruiter)):
                clients.append(await stack.enter_async_context(client(site, interview[path], who)))
        yield clients


async def stay(c: Client) -> int | str | None:
    """Does nothing but what the protocol asks; what closed the socket, None where nothing did."""
    saying = asyncio.create_task(keep_alive(c))
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                message = await c.next()
                if message["type"] == "heartbeat":
                    await c.send("seen", revision=message["revision"])
    except TimeoutError:
        return None
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else "no code"
    finally:
        saying.cancel()


async def keep_alive(c: Client) -> None:
    while True:
        await c.send("keep_alive")
        await asyncio.sleep(20)

"""Ten sockets over Redis that do nothing but what the protocol asks of them, for a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from tests.clients import Client, client, give_consent, sign_in
from tests.servers import Site, free_port, new_site, redis_server

SECONDS = 60
SOCKETS = 10
Ends = list[int | str | None]


def idle(folder: Path) -> Ends:
    """What closed each socket; None where nothing did."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with redis_server(folder, port), new_site(folder, SPEECH_BACKEND="scripted", REDIS_URL=url) as site:
        site.create_recruiter()
        with site.serve():
            return asyncio.run(_idle(site))


async def _idle(site: Site) -> Ends:
    async with _sockets(site) as clients:
        return await asyncio.gather(*(_stay(c) for c in clients))


@asynccontextmanager
async def _sockets(site: Site) -> AsyncIterator[list[Client]]:
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


async def _stay(c: Client) -> int | str | None:
    saying = asyncio.create_task(_keep_alive(c))
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


async def _keep_alive(c: Client) -> None:
    while True:
        await c.send("keep_alive")
        await asyncio.sleep(20)

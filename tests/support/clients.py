"""Clients that know nothing but the wire: a browser's way in, and both dialects."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.support.servers import DEADLINE_SECONDS, PASSWORD, RECRUITER, Site

Message = dict[str, Any]


def _post_form(address: str, **fields: str) -> str:
    """Opens a page, sends its form back filled in, and returns the cookies."""
    jar = CookieJar()
    web = build_opener(HTTPCookieProcessor(jar))
    page = web.open(address).read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, f"no form at {address}"
    data = urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
    web.open(Request(address, data, {"Referer": address}))
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def give_consent(candidate_url: str) -> str:
    """The cookies of a candidate who opened the link and consented."""
    return _post_form(candidate_url, consent="on")


def sign_in(site: Site, name: str = RECRUITER) -> str:
    return _post_form(f"{site.url}/accounts/login/", username=name, password=PASSWORD)


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Message] = []

    async def send(self, type: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type, **fields}))

    async def frame(self, index: int, data: bytes) -> None:
        await self.socket.send(index.to_bytes(4, "big") + data)

    async def chunk(self, question_id: str, index: int, data: bytes, **fields: Any) -> None:
        audio = base64.b64encode(data).decode()
        await self.send("audio_chunk", question_id=question_id, chunk_index=index, audio_data=audio, **fields)

    async def next(self) -> Message:
        async with asyncio.timeout(DEADLINE_SECONDS):
            message: Message = json.loads(await self.socket.recv())
        self.heard.append(message)
        return message

    async def until(self, *types: str, **fields: Any) -> Message:
        """The next message of these types with these fields; `heard` keeps what comes before it."""
        while True:
            message = await self.next()
            if message["type"] in types and fields.items() <= message.items():
                return message

    async def until_closed(self) -> int | None:
        """The code with which the server closed; None where it broke off without one."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    await self.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def drop(self) -> None:
        """The network is gone: no goodbye."""
        self.socket.transport.abort()

    def said(self, type: str) -> list[Message]:
        return [message for message in self.heard if message["type"] == type]

    @property
    def codes(self) -> list[str]:
        """Those of the errors so far."""
        return [message["code"] for message in self.said("error")]


@asynccontextmanager
async def client(
    site: Site, path: str, cookies: str, *, v1: bool = True, port: int | None = None
) -> AsyncIterator[Client]:
    async with connect(
        f"ws://127.0.0.1:{port or site.port}{path}",
        origin=Origin(site.url),
        additional_headers={"Cookie": cookies},
        subprotocols=[Subprotocol("interview.v1")] if v1 else None,
        max_size=None,
    ) as socket:
        yield Client(socket)


def chunks_of(audio: bytes, size: int = 3200) -> list[bytes]:
    return [audio[start : start + size] for start in range(0, len(audio), size)]

"""Sockets of the application itself, in the test's process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any

from channels.testing import WebsocketCommunicator
from django.conf import settings as django_settings
from django.test import Client

from interview_project.asgi import application
from interviews import access
from interviews.models import Interview

DEADLINE_SECONDS = 10


class Browser(WebsocketCommunicator):
    def __init__(self, path: str, cookies: str = "", *, v1: bool = True, origin: str = "") -> None:
        named = {"origin": origin or django_settings.SITE_URL, "cookie": cookies}
        headers = [(name.encode(), value.encode()) for name, value in named.items()]
        super().__init__(application, path, headers, ["interview.v1"] if v1 else None)

    async def next(self) -> dict[str, Any]:
        """The next message, or how the server closed."""
        event = await self.receive_output(DEADLINE_SECONDS)
        if event["type"] == "websocket.close":
            return {"type": "closed", "code": event["code"]}
        message: dict[str, Any] = json.loads(event["text"])
        return message

    async def until(self, type: str) -> dict[str, Any]:
        while (message := await self.next())["type"] != type:
            pass
        return message


@asynccontextmanager
async def connected(path: str, cookies: str = "", **options: Any) -> AsyncIterator[Browser]:
    browser = Browser(path, cookies, **options)
    accepted, _ = await browser.connect(DEADLINE_SECONDS)
    assert accepted
    try:
        yield browser
    finally:
        await browser.disconnect(timeout=DEADLINE_SECONDS)


def candidate_s(interview: Interview) -> str:
    return f"{access.COOKIE_NAME}={access.candidate_cookie(interview)}"


def signed_in(user: Any) -> str:
    client = Client()
    client.force_login(user)
    cookies: SimpleCookie = client.cookies
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())


async def refusal(path: str, cookies: str = "") -> tuple[str, int]:
    async with connected(path, cookies) as browser:
        error, closed = await browser.next(), await browser.next()
    return error["code"], closed["code"]


def answer_path(interview: Interview) -> str:
    return f"/ws/interviews/{interview.pk}/"


def watch_path(interview: Interview) -> str:
    return f"/ws/interviews/{interview.pk}/watch/"

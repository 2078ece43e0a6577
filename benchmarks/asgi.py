"""The product, and beside it on the same server the least that a consumer can do."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interview_project.settings")
get_asgi_application()

# What follows reads settings and models, which are there only now.
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from interview_project.asgi import http, sockets  # noqa: E402


class BareConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Says that a chunk came."""

    next_chunk_index = 0

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self.next_chunk_index += 1
        await self.send(f'{{"type":"ack","next_chunk_index":{self.next_chunk_index}}}')


class BareMember(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Passes on what its group is sent."""

    groups = ["bare"]

    async def connect(self) -> None:
        await self.accept()
        await self.send('{"type":"bare"}')

    async def bare_message(self, event: dict[str, str]) -> None:
        await self.send(event["text"])


bare = [path("ws/bare/", BareConsumer.as_asgi()), path("ws/bare/group/", BareMember.as_asgi())]
routes = URLRouter([*bare, re_path("", sockets)])
application = ProtocolTypeRouter({"http": http, "websocket": routes})

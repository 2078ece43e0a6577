"""HTTP is Django's; sockets are ours, from exact origins alone."""

from __future__ import annotations

import os
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interview_project.settings")
http = get_asgi_application()

# What follows reads settings and models, which are there only now.
from django.conf import settings  # noqa: E402

from interviews.live.outbox import Backpressure  # noqa: E402
from interviews.routing import websocket_urlpatterns  # noqa: E402
from speech.processes.children import warm_up  # noqa: E402

# Now, rather than while the first candidate waits.
warm_up()


class UnderItsOwnPath:
    """The path that the site is under is a setting: Daphne believes whoever sends its header."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if "root_path" in scope:
            scope = {**scope, "root_path": settings.FORCE_SCRIPT_NAME or ""}
        await self._application(scope, receive, send)


sockets = OriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ALLOWED_ORIGINS)
application = UnderItsOwnPath(ProtocolTypeRouter({"http": http, "websocket": Backpressure(sockets)}))

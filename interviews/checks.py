"""System checks of what a deployment can get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, connection

from interviews.conf import conf
from interviews.database import connections_per_process
from interviews.orchestration import Orchestrator, get_orchestrator
from speech.checks import errors_of


@register()
def check_settings(**_: Any) -> list[CheckMessage]:
    """The other checks take it that each value is of its type, and wait until it is."""
    return errors_of(conf, "interviews.E004")


@register()
def check_orchestrator(**_: Any) -> list[CheckMessage]:
    if conf.problems():
        return []
    hint = "Name a class that inherits interviews.orchestration.Orchestrator."
    try:
        orchestrator = get_orchestrator()
    except (ImportError, TypeError) as problem:
        return [Error(f"INTERVIEW_ORCHESTRATOR can't be used: {problem}", hint=hint, id="interviews.E001")]
    if not isinstance(orchestrator, Orchestrator):
        return [Error("INTERVIEW_ORCHESTRATOR is not an Orchestrator.", hint=hint, id="interviews.E002")]
    return []


@register()
def check_bounds(**_: Any) -> list[CheckMessage]:
    if conf.problems() or conf.AUDIO_FRAME_MAX_BYTES <= conf.AUDIO_BACKLOG_BYTES:
        return []
    return [
        Error(
            "A chunk of AUDIO_FRAME_MAX_BYTES would never get through AUDIO_BACKLOG_BYTES.",
            hint="Make the backlog at least as large as a chunk.",
            id="interviews.E003",
        )
    ]


@register()
def check_channel_layer(**_: Any) -> list[CheckMessage]:
    if DEFAULT_CHANNEL_LAYER in channel_layers.configs:
        return []
    return [
        Warning(
            "CHANNEL_LAYERS has no layer 'default': nobody could watch an interview.",
            hint='Of one process, {"BACKEND": "channels.layers.InMemoryChannelLayer"} will do.',
            id="interviews.W002",
        )
    ]


@register(Tags.database)
def check_connections(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether the database has room for two processes: a worker and a transcriber."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or connection.vendor != "postgresql" or conf.problems():
        return []
    pool = connection.settings_dict["OPTIONS"].get("pool") or {}
    ours = connections_per_process() + (pool.get("max_size", 0) if isinstance(pool, dict) else 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        theirs = cursor.fetchone()[0]
    if 2 * ours <= theirs:
        return []
    return [
        Warning(
            f"A process may hold {ours} connections, and PostgreSQL allows {theirs} in all.",
            hint="Raise its max_connections, or lower DATABASE_POOL_SIZE and the numbers of threads.",
            id="interviews.W003",
        )
    ]


@register(Tags.security, deploy=True)
def check_site_url(**_: Any) -> list[CheckMessage]:
    if conf.problems():
        return []
    site = urlsplit(conf.SITE_URL)
    if site.scheme == "https" or site.hostname in {"localhost", "127.0.0.1", "::1"}:
        return []
    return [
        Warning(
            f"Browsers give no microphone to pages of {conf.SITE_URL}.",
            hint="Serve the site over https and set SITE_URL to that address.",
            id="interviews.W001",
        )
    ]

"""System checks of what a deployment can get wrong."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from interviews.conf import conf
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

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.apps import apps

from interviews.live.worker import Worker, get_worker
from tests.support.answers import SCRIPTED
from tests.support.unreliable import UnreliableLayer


@pytest.fixture(autouse=True)
def scripted(settings: Any, tmp_path: Path) -> None:
    """A recogniser whose words follow from the audio alone, files of the test's own, quick passwords."""
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED}}
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    """The process's worker, ended with the test."""
    worker = get_worker()
    yield worker
    await worker.aclose()
    apps.get_app_config("interviews").worker = None  # type: ignore[attr-defined]
    await get_channel_layer().flush()


@pytest.fixture
def layer(settings: Any) -> Iterator[type[UnreliableLayer]]:
    """The channel layer, to be made unreliable; ask for it before the worker."""
    backend = "tests.support.unreliable.UnreliableLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"capacity": 1000}}}
    yield UnreliableLayer
    UnreliableLayer.is_away = UnreliableLayer.hangs = UnreliableLayer.loses = False

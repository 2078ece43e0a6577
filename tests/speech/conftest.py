from __future__ import annotations

import pytest_asyncio

from speech.backends.base import BaseBackend
from speech.events import Event
from tests.speech.contract import recognise


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def events(backend: BaseBackend, audio: bytes) -> list[Event]:
    """What the module's `backend` says to its `audio`, undisturbed."""
    return await recognise(backend, audio)

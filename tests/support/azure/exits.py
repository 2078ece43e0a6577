"""A process that ends in the middle of recognitions.

python -m tests.support.azure.exits ADDRESS return|exit|exception|interrupt AFTER_MS
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from speech.backends.azure import AzureBackend
from speech.events import Resume
from tests.support.voices import SPEECH

RECOGNITIONS = 3


async def main(url: str, how: str, after_ms: str) -> None:
    backend = AzureBackend(host=url, key="none")
    recognising = [asyncio.create_task(recognise(backend)) for _ in range(RECOGNITIONS)]
    await asyncio.sleep(int(after_ms) / 1000)
    print("now", flush=True)
    if how == "exit":
        sys.exit(3)
    if how == "exception":
        raise ValueError("on purpose")
    if how == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.gather(*recognising)


async def recognise(backend: AzureBackend) -> None:
    recognition = await backend.start(language="en-US", resume=Resume())
    while True:
        await recognition.push(SPEECH[:6400])
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

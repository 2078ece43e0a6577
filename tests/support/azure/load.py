"""Many recognitions by Azure's stand-in, in a process that does nothing else, measured.

    python -m tests.support.azure.load ADDRESS at_once 50 20     50 at the pace of speech, 20 s each
    python -m tests.support.azure.load ADDRESS in_turn 200 40    200, one after another, after 40

prints one JSON object.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from speech.backends.azure import VERSION, AzureBackend
from speech.backends.base import BaseBackend, Recognition
from speech.backends.scripted import ScriptedBackend
from speech.events import BYTES_PER_SECOND, SAMPLE_RATE, Event, Final, Interim, Resume
from tests.speech.contract import recognise
from tests.support.voices import SPEECH

PIECE_BYTES = BYTES_PER_SECOND // 10
UNTHROTTLED = {"SPEECH-TransmitLengthBeforeThrottleMs": 600_000}


@dataclass
class Load:
    late_ms: list[float] = field(default_factory=list)
    """From the push of the last sample that an event speaks of to the event."""
    lag_ms: list[float] = field(default_factory=list)
    """By how much the event loop is late."""
    all_heard_the_same: bool = True
    cpu_seconds: float = 0


async def at_once(backend: BaseBackend, count: int, seconds: int) -> dict[str, Any]:
    pcm = (SPEECH * (1 + seconds // 10))[: seconds * BYTES_PER_SECOND]
    script = await recognise(ScriptedBackend(recogniser=f"azure-{VERSION}/en-US"), pcm)
    # The first ones load the SDK, and give the allocator what it keeps.
    await run(backend, count, pcm[: 2 * BYTES_PER_SECOND], None)
    before = await at_rest()
    load = await run(backend, count, pcm, script)
    after = await at_rest()
    return {
        "late_ms": spread(load.late_ms),
        "lag_ms": spread(load.lag_ms),
        "cpu_ms_per_second": round(load.cpu_seconds * 1000 / count / seconds, 1),
        "all_heard_the_same": load.all_heard_the_same,
        "before": before,
        "after": after,
    }


async def in_turn(backend: BaseBackend, count: int, warm_up: int) -> dict[str, Any]:
    for _ in range(warm_up):
        await recognise(backend, SPEECH)
    before = await at_rest()
    series = []
    for number in range(count):
        await recognise(backend, SPEECH)
        if number % max(1, count // 5) == 0:
            series.append((await at_rest())["rss_mb"])
    return {"before": before, "series": series, "after": await at_rest()}


async def run(backend: BaseBackend, count: int, pcm: bytes, script: list[Event] | None) -> Load:
    """People don't speak in step: they begin spread over a second."""
    load = Load()
    began = time.process_time()
    async with measuring_lag(load.lag_ms), asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(recognise_live(backend, pcm, number / count, load, script))
    load.cpu_seconds = time.process_time() - began
    return load


async def recognise_live(
    backend: BaseBackend, pcm: bytes, delay_seconds: float, load: Load, script: list[Event] | None
) -> None:
    await asyncio.sleep(delay_seconds)
    pushed_at: list[float] = []
    events: list[Event] = []
    recognition = await backend.start(language="en-US", resume=Resume())
    async with aclosing(recognition), asyncio.TaskGroup() as tasks:
        tasks.create_task(feed_live(recognition, pcm, pushed_at))
        async for event in recognition:
            events.append(event)
            if isinstance(event, Interim | Final):
                piece = (spoken_samples(event) * 2 - 1) // PIECE_BYTES
                load.late_ms.append((time.monotonic() - pushed_at[piece]) * 1000)
    load.all_heard_the_same &= script is None or events == script


async def feed_live(recognition: Recognition, pcm: bytes, pushed_at: list[float]) -> None:
    began = time.monotonic()
    for start in range(0, len(pcm), PIECE_BYTES):
        await asyncio.sleep(began + start / BYTES_PER_SECOND - time.monotonic())
        pushed_at.append(time.monotonic())
        await recognition.push(pcm[start : start + PIECE_BYTES])
    await recognition.end_input()


def spoken_samples(event: Interim | Final) -> int:
    """Up to where the scripted recogniser must have heard the audio to say this."""
    return event.resume.offset_samples if isinstance(event, Final) else event.end_ms * SAMPLE_RATE // 1000


@asynccontextmanager
async def measuring_lag(lag_ms: list[float]) -> AsyncIterator[None]:
    async def measure() -> None:
        while True:
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            lag_ms.append((time.monotonic() - due) * 1000)

    measuring = asyncio.create_task(measure())
    yield
    measuring.cancel()
    await asyncio.gather(measuring, return_exceptions=True)


async def at_rest() -> dict[str, float]:
    """What the process holds when all has ended: free memory that the allocator keeps is no part of it."""
    process = psutil.Process()
    for _ in range(500):
        if process.num_threads() <= 2:
            break
        await asyncio.sleep(0.01)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return {"rss_mb": round(process.memory_info().rss / 1e6, 1), "threads": process.num_threads()}


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {"p50": 0.5, "p99": 0.99}
    return {name: round(ordered[int(len(ordered) * part)], 1) for name, part in at.items()} | {
        "max": round(ordered[-1], 1)
    }


def main() -> None:
    url, what, count, amount = sys.argv[1:]
    if what == "at_once":
        work = at_once(AzureBackend(host=url, key="none"), int(count), int(amount))
    else:
        work = in_turn(AzureBackend(host=url, key="none", properties=UNTHROTTLED), int(count), int(amount))
    print(json.dumps(asyncio.run(work)))


if __name__ == "__main__":
    main()

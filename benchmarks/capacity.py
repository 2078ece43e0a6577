"""How many live answers this machine bears, and what becomes of what is shown and stored beyond that.

`make capacity`. Each answer is speech without pauses for thinking, at its own pace; each begins at another
moment. What is measured: how long after the last sample of a phrase its final comes, how long after the
first one its first interim, and what the recognisers take.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from statistics import quantiles
from unittest.mock import patch

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interview_project.settings")
django.setup()

from benchmarks.accuracy import cpu_seconds  # noqa: E402
from benchmarks.speech import SPOKEN  # noqa: E402
from benchmarks.table import show  # noqa: E402
from speech.backends.base import Recognition  # noqa: E402
from speech.backends.moonshine import MoonshineBackend  # noqa: E402
from speech.backends.moonshine.recognition import MoonshineRecognition, Phrase  # noqa: E402
from speech.events import BYTES_PER_SECOND, SAMPLE_RATE, Final, Interim, Resume, SpeechStarted  # noqa: E402
from tests.support.voices import read_pcm, speak  # noqa: E402

PIECE_BYTES = BYTES_PER_SECOND // 10
COUNTS = 1, 4, 8, 12, 16, 24, 32


@dataclass
class Measured:
    """Seconds of each phrase, and how many interims there were."""

    first_interims: list[float] = field(default_factory=list)
    finals: list[float] = field(default_factory=list)
    interims: int = 0
    memory_bytes: int = 0


def main() -> None:
    pcm = read_pcm(speak(*SPOKEN, pause_seconds=0.7))
    head = "at once", "first interim p95", "interims a second", "final median", "p95", "CPU", "memory"
    show("Live answers", head, [asyncio.run(_row(count, pcm)) for count in COUNTS])
    with patch.object(MoonshineRecognition, "_show", _wait):
        show("Live answers, finals alone", head, [asyncio.run(_row(count, pcm)) for count in COUNTS])


async def _wait(_: MoonshineRecognition, phrase: Phrase) -> None:
    await phrase.is_over.wait()


async def _row(count: int, pcm: bytes) -> list[str]:
    measured = Measured()
    with tempfile.TemporaryDirectory() as slots:
        backend = MoonshineBackend(capacity=count, slots_directory=slots)
        before, began = cpu_seconds(), time.monotonic()
        weighing = asyncio.create_task(_weigh(measured))
        await asyncio.gather(*(_answer(backend, pcm, number, measured) for number in range(count)))
        weighing.cancel()
        elapsed = time.monotonic() - began
    return [
        str(count),
        _seconds(measured.first_interims, 95),
        f"{measured.interims / elapsed / count:.2f}",
        _seconds(measured.finals, 50),
        _seconds(measured.finals, 95),
        f"{(cpu_seconds() - before) / elapsed:.2f} cores",
        f"{measured.memory_bytes / 2**20:.0f} MB",
    ]


async def _answer(backend: MoonshineBackend, pcm: bytes, number: int, measured: Measured) -> None:
    # No two of them are at the same place of what is said.
    await asyncio.sleep(number * 0.37 % 3)
    recognition = await backend.start(language="en-US", resume=Resume())
    async with aclosing(recognition):
        began = time.monotonic()
        feeding = asyncio.create_task(_feed(recognition, pcm, began))
        start_ms = None
        async for event in recognition:
            if isinstance(event, SpeechStarted):
                start_ms = event.start_ms
            elif isinstance(event, Interim):
                measured.interims += 1
                if start_ms is not None:
                    measured.first_interims.append(time.monotonic() - began - start_ms / 1000)
                start_ms = None
            elif isinstance(event, Final):
                end = event.resume.offset_samples / SAMPLE_RATE
                measured.finals.append(time.monotonic() - began - end)
        await feeding


async def _feed(recognition: Recognition, pcm: bytes, began: float) -> None:
    for start in range(0, len(pcm), PIECE_BYTES):
        await recognition.push(pcm[start : start + PIECE_BYTES])
        await asyncio.sleep(began + (start + PIECE_BYTES) / BYTES_PER_SECOND - time.monotonic())
    await recognition.end_input()


async def _weigh(measured: Measured) -> None:
    """What the recognisers' processes have for themselves: shared pages by their share (PSS)."""
    while True:
        await asyncio.sleep(2)
        children = psutil.Process().children(recursive=True)
        with suppress(psutil.NoSuchProcess):
            taken = sum(child.memory_full_info().pss for child in children)
            measured.memory_bytes = max(measured.memory_bytes, taken)


def _seconds(values: list[float], percentile: int) -> str:
    return f"{quantiles(values, n=100)[percentile - 1]:.2f} s" if len(values) > 1 else "–"


main()

"""An hour-long answer takes no more memory than one of minutes, and its end no longer than a short one's.

The short form is ten minutes of audio, sent as fast as the server takes it.
"""

from __future__ import annotations

import asyncio
import statistics
from functools import partial
from itertools import count

import psutil

from tests.chaos.candidate import CHUNK_SECONDS, Candidate
from tests.chaos.injuries import Stage
from tests.chaos.scene import IS_LONG, LATEST_END_SECONDS, has_acked, new_candidate
from tests.chaos.verdict import judge
from tests.support.answers import babble
from tests.support.clients import Client
from tests.support.tallies import NO_HARM, Tally

MINUTES = 60 if IS_LONG else 10
WARM_UP_MINUTES = 3
LAST_CHUNKS = 10
AHEAD_CHUNKS = 200
SHORT_ANSWERS = 7
GROWTH_MB = 5.0
# The long one is a single throw, and of short ones alone the longest took up to three times the median. What
# grew with the length would be sixty times as much, or more.
LONGER = 1.5


class Live(Candidate):
    """Is never far ahead of the recogniser, and says the last second when all before it is recognised."""

    async def put(self, c: Client, index: int) -> None:
        ahead = 0 if index == self.count - LAST_CHUNKS else AHEAD_CHUNKS
        await self.until(lambda _: self.recognised_ms >= 1000 * CHUNK_SECONDS * (index - ahead))
        await super().put(c, index)


def finished_in_ms(candidate: Candidate) -> float:
    return 1000 * (candidate.ended_at - candidate.said_all_at)


async def test_an_hour(stage: Stage, tally: Tally) -> None:
    short = [await answered(stage, tally, 10) for _ in range(SHORT_ANSWERS)]
    megabytes: list[float] = []
    long = await answered(stage, tally, 60 * MINUTES, megabytes)

    times = [finished_in_ms(candidate) for candidate in short]
    before = statistics.median(times)
    grown = max(megabytes) - megabytes[0]
    tally.note = (
        f"{MINUTES} minutes: {megabytes[0]:.1f} MB after {WARM_UP_MINUTES}, then {grown:+.1f} MB at most;"
        f" the transcript {finished_in_ms(long):.0f} ms after the end,"
        f" of 10 s after {before:.0f} ms ({min(times):.0f} to {max(times):.0f})"
    )
    assert tally.harm == NO_HARM
    assert grown < GROWTH_MB
    assert finished_in_ms(long) < max(LONGER * before, *times)


async def answered(
    stage: Stage, tally: Tally, seconds: int, megabytes: list[float] | None = None
) -> Candidate:
    """Sent as fast as it is taken."""
    candidate = await new_candidate(stage, babble(seconds // 2), make=Live, speed=None)
    weighing = asyncio.create_task(weigh(stage, candidate, megabytes if megabytes is not None else []))
    try:
        async with asyncio.timeout(LATEST_END_SECONDS):
            await candidate.answer()
    finally:
        weighing.cancel()
        await asyncio.gather(weighing, return_exceptions=True)
    await asyncio.to_thread(judge, tally, candidate)
    return candidate


async def weigh(stage: Stage, candidate: Candidate, megabytes: list[float]) -> None:
    """The worker, after each minute of audio from the end of the warm-up on."""
    for minute in count(WARM_UP_MINUTES):
        await candidate.until(partial(has_acked, round(60 * minute / CHUNK_SECONDS)))
        worker = stage.workers[candidate.port].process
        assert worker
        megabytes.append(psutil.Process(worker.pid).memory_info().rss / 1e6)

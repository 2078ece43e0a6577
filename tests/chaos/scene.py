"""Candidates who speak at once while something is done to their site, with dashboards on both workers."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from tests.chaos.candidate import Candidate
from tests.chaos.injuries import Stage
from tests.chaos.screens import Audience
from tests.chaos.verdict import judge
from tests.support.answers import babble
from tests.support.clients import give_consent
from tests.support.tallies import Tally

IS_LONG = "CHAOS_ROUNDS" in os.environ
KILLS = int(os.environ.get("CHAOS_ROUNDS", "6"))
# With the longest outages.
LATEST_END_SECONDS = 300.0 if IS_LONG else 150.0
# Ten minutes: more than anybody says before they are told to hush.
SEGMENTS = 300
Make = Callable[..., Candidate]


def speeches(count: int) -> list[bytes]:
    return [babble(SEGMENTS, seed=number) for number in range(count)]


async def new_candidate(
    stage: Stage, audio: bytes, *, make: Make = Candidate, questions: Sequence[str] = (), **how: Any
) -> Candidate:
    interview = await asyncio.to_thread(stage.new_interview, *questions)
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    return make(stage.site, interview, cookies, audio, **how)


@asynccontextmanager
async def speaking(
    stage: Stage,
    tally: Tally,
    speeches: Sequence[bytes],
    *,
    ports: Sequence[int] = (),
    text: str | None = None,
    **how: Any,
) -> AsyncIterator[list[Candidate]]:
    """Each is recording when this begins, and has come to an end that is judged when it is over."""
    ports = ports or stage.ports
    candidates = []
    for number, audio in enumerate(speeches):
        # Half of them on each worker.
        turned = [*ports[number % len(ports) :], *ports[: number % len(ports)]]
        candidates.append(await new_candidate(stage, audio, ports=turned, **how))
    async with asyncio.timeout(LATEST_END_SECONDS):
        async with Audience(stage, [candidate.interview for candidate in candidates]) as audience:
            async with asyncio.TaskGroup() as answering:
                for candidate in candidates:
                    answering.create_task(candidate.answer())
                await go_on(candidates, 1)
                yield candidates
            for candidate in candidates:
                await asyncio.to_thread(judge, tally, candidate, text=text)
            await audience.converge()
            tally.late += audience.late
            tally.behind = max([tally.behind, *audience.lags])


async def hush(candidates: Sequence[Candidate]) -> None:
    for candidate in candidates:
        await candidate.hush()


async def go_on(candidates: Sequence[Candidate], chunks: int = 20) -> None:
    """Until so many more of each are acknowledged, or as many as there are."""
    goals = [min(candidate.acked + chunks, candidate.count) for candidate in candidates]
    for candidate, goal in zip(candidates, goals, strict=True):
        await candidate.until(partial(has_acked, goal))


def has_acked(count: int, candidate: Candidate) -> bool:
    return candidate.acked >= count


async def some_time(chance: random.Random, seconds: float) -> None:
    """A random moment: what is tested is that none of them matters."""
    await asyncio.sleep(chance.uniform(0, seconds))

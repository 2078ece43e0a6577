"""Workers that are killed at any moment, or told to end."""

from __future__ import annotations

import asyncio
import random
import signal
from time import monotonic
from typing import Any

import pytest

from tests.chaos.candidate import Candidate, Unruly, Wandering
from tests.chaos.injuries import Stage
from tests.chaos.scene import IS_LONG, KILLS, go_on, hush, some_time, speaking, speeches
from tests.chaos.verdict import note_resumed
from tests.support.tallies import NO_HARM, Tally

KILLS_AN_ANSWER = 5
BETWEEN_KILLS_SECONDS = 1.0
BACK_SECONDS = 5.0


async def kill_again_and_again(
    stage: Stage, tally: Tally, chance: random.Random, kills: int, **how: Any
) -> None:
    while tally.injections < kills:
        async with speaking(stage, tally, speeches(3), **how) as candidates:
            for _ in range(min(KILLS_AN_ANSWER, kills - tally.injections)):
                await some_time(chance, BETWEEN_KILLS_SECONDS)
                victim = chance.choice(candidates)
                await asyncio.to_thread(stage.workers[victim.port].restart)
                tally.injections += 1
            await hush(candidates)
        note_resumed(tally, candidates)


@pytest.mark.parametrize("stage", ["sqlite", "postgres"], indirect=True)
async def test_a_killed_worker(stage: Stage, tally: Tally, chance: random.Random) -> None:
    await kill_again_and_again(stage, tally, chance, KILLS // 2)

    assert tally.harm == NO_HARM
    assert tally.resumes


async def test_a_killed_worker_and_chunks_in_disorder(
    stage: Stage, tally: Tally, chance: random.Random
) -> None:
    unruly: list[Candidate] = []

    def make(*args: Any, **how: Any) -> Candidate:
        unruly.append(Unruly(*args, chance=chance, **how))
        return unruly[-1]

    await kill_again_and_again(stage, tally, chance, max(2, KILLS // 10), make=make)

    assert tally.harm == NO_HARM
    assert {"CHUNK_GAP", "CHUNK_CONFLICT"} <= {code for candidate in unruly for code in candidate.codes}


@pytest.mark.parametrize("stage", ["sqlite", "postgres"] if IS_LONG else ["sqlite"], indirect=True)
async def test_a_killed_worker_and_another_recorder_each_time(
    stage: Stage, tally: Tally, chance: random.Random
) -> None:
    """Formats, recorders and devices change with each connection, and now and then within one."""
    wandering: list[Wandering] = []

    def make(*args: Any, **how: Any) -> Candidate:
        wandering.append(Wandering(*args, chance=chance, **how))
        return wandering[-1]

    await kill_again_and_again(stage, tally, chance, max(3, KILLS // 10), make=make)

    assert tally.harm == NO_HARM
    assert sum(candidate.restarts for candidate in wandering) > 0
    assert "AUDIO_PART_LOST" not in {code for candidate in wandering for code in candidate.codes}


async def test_a_worker_that_is_told_to_end(stage: Stage, tally: Tally) -> None:
    async with speaking(stage, tally, speeches(2)) as candidates:
        for port in stage.ports:
            others = [candidate for candidate in candidates if candidate.port == port]
            told = monotonic()
            await asyncio.to_thread(stage.workers[port].kill, signal.SIGTERM)
            tally.injections += 1
            await go_on(others)
            assert monotonic() - told < BACK_SECONDS
            await asyncio.to_thread(stage.workers[port].start)
        await hush(candidates)
    note_resumed(tally, candidates)

    assert tally.harm == NO_HARM
    for candidate in candidates:
        assert set(candidate.closed_with) == {4412}
        assert candidate.codes == ["SERVER_RESTARTING"] * len(candidate.closed_with)
    assert max(tally.resumes) < BACK_SECONDS

"""Machines whose clocks are a minute off: who has an answer, and for how long, goes by the database's."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from tests.chaos.injuries import Stage, wrong_clock
from tests.chaos.scene import KILLS, go_on, hush, speaking, speeches
from tests.chaos.verdict import note_resumed
from tests.support.tallies import NO_HARM, Tally

OFF_SECONDS = 60
GRACE_SECONDS = 30
ROUNDS = max(1, KILLS // 20)


@pytest.fixture
def differing(stage: Stage, tally: Tally) -> Iterator[None]:
    """One worker is a minute late, the transcriber a minute early: longer than anybody is waited for."""
    grace = {"ANSWER_GRACE_SECONDS": str(GRACE_SECONDS)}
    late = stage.workers[stage.ports[1]]
    for process, seconds in ((late, -OFF_SECONDS), (stage.transcriber, OFF_SECONDS)):
        process.kill()
        process.start(**grace, **wrong_clock(seconds))
    tally.note = f"clocks {2 * OFF_SECONDS} s apart, ANSWER_GRACE_SECONDS is {GRACE_SECONDS}"
    yield
    stage.start_anew()


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_clocks_that_differ(stage: Stage, tally: Tally, chance: random.Random, differing: None) -> None:
    # Workers that have just begun load what they run on, and are late for everybody meanwhile.
    async with speaking(stage, Tally("warming up"), speeches(2)) as candidates:
        await hush(candidates)
    for _ in range(ROUNDS):
        async with speaking(stage, tally, speeches(4)) as candidates:
            await go_on(candidates)
            victim = chance.choice(candidates)
            await asyncio.to_thread(stage.workers[victim.port].restart)
            tally.injections += 1
            await go_on(candidates)
            await hush(candidates)
        note_resumed(tally, candidates)
        # Nobody else had anything of theirs in hand.
        assert not any(candidate.is_away for candidate in candidates)

    assert tally.harm == NO_HARM

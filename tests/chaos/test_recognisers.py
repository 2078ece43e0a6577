"""Real speech, a real recogniser: whoever is killed, the words are those of an undisturbed run."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import psutil
import pytest

from tests.chaos.candidate import Candidate
from tests.chaos.injuries import Stage, new_stage, recognisers
from tests.chaos.scene import IS_LONG, go_on, new_candidate, some_time, speaking
from tests.chaos.verdict import note_resumed
from tests.support.servers import wait_until
from tests.support.tallies import NO_HARM, Tally
from tests.support.voices import STABLE_SENTENCES, read_pcm, speak

KILLS = 10 if IS_LONG else 1
SPEED = 1.0 if IS_LONG else 2.0


@pytest.fixture(scope="module")
def speech() -> bytes:
    return read_pcm(speak(*STABLE_SENTENCES[2:] * max(1, KILLS // 2)))


@pytest.fixture(scope="module")
def speaking_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with new_stage(tmp_path_factory.mktemp("moonshine"), SPEECH_BACKEND="moonshine") as stage:
        yield stage


@pytest.fixture(scope="module")
def undisturbed(speaking_stage: Stage, speech: bytes) -> str:
    """What the product makes of the speech when nobody is killed."""

    async def answer() -> Candidate:
        candidate = await new_candidate(speaking_stage, speech, speed=None)
        await candidate.answer()
        return candidate

    candidate = asyncio.run(answer())
    assert candidate.ending
    return str(candidate.ending["text"])


async def test_a_killed_worker_in_real_speech(
    speaking_stage: Stage, speech: bytes, undisturbed: str, tally: Tally, chance: random.Random
) -> None:
    async with speaking(speaking_stage, tally, [speech], text=undisturbed, speed=SPEED) as (candidate,):
        for _ in range(KILLS):
            await some_time(chance, 2)
            await asyncio.to_thread(speaking_stage.workers[candidate.port].restart)
            tally.injections += 1
            await go_on([candidate])
    note_resumed(tally, [candidate])

    assert tally.harm == NO_HARM


async def test_a_killed_recogniser(
    speaking_stage: Stage, speech: bytes, undisturbed: str, tally: Tally, chance: random.Random
) -> None:
    async with speaking(speaking_stage, tally, [speech], text=undisturbed, speed=SPEED) as (candidate,):
        for _ in range(KILLS):
            await some_time(chance, 2)
            recogniser = await asyncio.to_thread(recogniser_of, speaking_stage, candidate)
            recogniser.kill()
            tally.injections += 1

    assert tally.harm == NO_HARM
    assert (candidate.closed_with, candidate.codes) == ([], [])


def recogniser_of(stage: Stage, candidate: Candidate) -> psutil.Process:
    worker = stage.workers[candidate.port]
    (recogniser,) = wait_until(
        lambda: len(found := recognisers(worker)) == 1 and found, "a single recogniser is at work"
    )
    assert isinstance(recogniser, psutil.Process)
    return recogniser

"""Networks that stand still, and candidates who are there twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from time import monotonic

import pytest

from tests.chaos.injuries import IDLE_SECONDS, LEASE_SECONDS, Network, Stage
from tests.chaos.scene import (
    IS_LONG,
    LATEST_END_SECONDS,
    go_on,
    hush,
    new_candidate,
    speaking,
    speeches,
)
from tests.chaos.verdict import judge, note_resumed_since
from tests.support.answers import begin, send_frames
from tests.support.tallies import NO_HARM, Tally

LATEST_CLOSE_SECONDS = 2.0
# After the longer ones the server has closed the socket as idle, and given up the answer's lease.
CUTS_SECONDS = (3, 10, 60) if IS_LONG else (3, 8)
CLOCKS = f"SOCKET_IDLE_SECONDS {IDLE_SECONDS}, not 120; ANSWER_LEASE_SECONDS {LEASE_SECONDS}, not 30"


@pytest.fixture
async def networks(stage: Stage) -> AsyncIterator[list[Network]]:
    """One to each worker."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Network(port)) for port in stage.ports]


@pytest.mark.parametrize("seconds", CUTS_SECONDS)
async def test_a_network_cut(stage: Stage, tally: Tally, networks: list[Network], seconds: int) -> None:
    tally.note = CLOCKS
    ports = [network.port for network in networks]
    async with speaking(stage, tally, speeches(2), ports=ports, speed=1.0) as candidates:
        for network in networks:
            network.cut()
        await asyncio.sleep(seconds)
        for network in networks:
            network.restore()
        back = monotonic()
        tally.injections += 1
        await go_on(candidates)
        await hush(candidates)
    note_resumed_since(tally, back, candidates)

    assert tally.harm == NO_HARM


async def test_a_second_tab_while_the_first_speaks(stage: Stage, tally: Tally) -> None:
    older = await new_candidate(stage, *speeches(1))
    newer = older.in_another_tab(stage.ports[1])
    async with asyncio.timeout(LATEST_END_SECONDS), asyncio.TaskGroup() as tabs:
        tabs.create_task(older.answer())
        await go_on([older])
        tabs.create_task(newer.answer())
        await newer.until(lambda c: c.taken_up)
        opened = monotonic()
        await older.until(lambda c: c.is_away)
        seconds = monotonic() - opened
        tally.injections += 1
        await go_on([newer])
        await newer.hush()
    answer = await asyncio.to_thread(judge, tally, newer)

    assert (older.closed_with, newer.closed_with) == ([4409], [])
    assert seconds < LATEST_CLOSE_SECONDS
    assert older.acked <= newer.taken_up[0]
    assert answer.epoch == 2
    assert tally.harm == NO_HARM


async def test_a_second_tab_while_the_first_is_silent(stage: Stage, tally: Tally) -> None:
    newer = await new_candidate(stage, *speeches(1))
    async with asyncio.timeout(LATEST_END_SECONDS), newer.connection(stage.ports[1]) as older:
        await begin(older)
        await send_frames(older, newer.chunks[:20])
        await older.until("ack", next_chunk_index=20)
        async with asyncio.TaskGroup() as tabs:
            closed = tabs.create_task(older.until_closed())
            tabs.create_task(newer.answer())
            await newer.until(lambda c: c.taken_up)
            opened = monotonic()
            code = await closed
            seconds = monotonic() - opened
            tally.injections += 1
            await go_on([newer])
            await newer.hush()
    await asyncio.to_thread(judge, tally, newer)

    assert (code, newer.taken_up, newer.closed_with) == (4409, [20], [])
    assert seconds < LATEST_CLOSE_SECONDS
    assert tally.harm == NO_HARM

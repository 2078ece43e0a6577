"""What workers rely on goes away and comes back: Redis, the database, the disk."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from time import monotonic

import pytest
from redis import Redis

from tests.chaos.candidate import SPEED, Candidate
from tests.chaos.injuries import Disk, Stage, locked
from tests.chaos.scene import IS_LONG, go_on, hush, speaking, speeches
from tests.chaos.verdict import files_in, note_resumed_since, takes
from tests.support.tallies import NO_HARM, Tally

REDIS_AWAY_SECONDS = 30 if IS_LONG else 3
DATABASE_AWAY_SECONDS = 20 if IS_LONG else 5
# Longer than a connection waits for its turn to write, too.
LOCKED_SECONDS = (5, 30) if IS_LONG else (5,)
# Acknowledgements that were sent before an outage may be read after its beginning.
ON_THEIR_WAY_SECONDS = 0.5


def speed_for(seconds: float) -> float:
    """Nobody is to reach the bound of what may wait unacknowledged."""
    return SPEED if seconds <= 5 else 1.0


def assert_no_acks(candidates: Sequence[Candidate], gone: float, back: float) -> None:
    for candidate in candidates:
        early = [at for at in candidate.advances if gone + ON_THEIR_WAY_SECONDS < at < back]
        assert early == [], "acknowledged what can't have been stored"


@pytest.mark.parametrize("how", ["killed", "stopped", "emptied"])
async def test_redis(stage: Stage, tally: Tally, how: str) -> None:
    async with speaking(stage, tally, speeches(2)) as candidates:
        match how:
            case "killed":
                await asyncio.to_thread(stage.redis.kill)
                await asyncio.sleep(REDIS_AWAY_SECONDS)
                await asyncio.to_thread(stage.redis.start)
            case "stopped":
                stage.redis.signal(signal.SIGSTOP)
                await asyncio.sleep(REDIS_AWAY_SECONDS)
                stage.redis.signal(signal.SIGCONT)
            case "emptied":
                with Redis.from_url(stage.site.settings["REDIS_URL"]) as redis:
                    await asyncio.to_thread(redis.flushall)
        back = monotonic()
        tally.injections += 1
        await go_on(candidates, 80)
        await hush(candidates)
    note_resumed_since(tally, back, candidates)

    assert tally.harm == NO_HARM
    assert [candidate.closed_with for candidate in candidates] == [[], []]


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGKILL, *([signal.SIGQUIT] if IS_LONG else [])], ids=str)
async def test_postgresql_away(stage: Stage, tally: Tally, how: signal.Signals) -> None:
    """SIGQUIT is what `pg_ctl stop -m immediate` sends."""
    assert stage.postgres
    speed = speed_for(DATABASE_AWAY_SECONDS)
    async with speaking(stage, tally, speeches(2), speed=speed) as candidates:
        await asyncio.to_thread(stage.postgres.kill, how)
        gone = monotonic()
        await asyncio.sleep(DATABASE_AWAY_SECONDS)
        back = monotonic()
        await asyncio.to_thread(stage.postgres.start)
        tally.injections += 1
        await go_on(candidates)
        await hush(candidates)
    note_resumed_since(tally, back, candidates)

    assert_no_acks(candidates, gone, back)
    assert tally.harm == NO_HARM


@pytest.mark.parametrize("seconds", LOCKED_SECONDS)
async def test_sqlite_locked(stage: Stage, tally: Tally, seconds: int) -> None:
    async with speaking(stage, tally, speeches(2), speed=speed_for(seconds)) as candidates:
        with locked(stage.site):
            gone = monotonic()
            await asyncio.sleep(seconds)
            back = monotonic()
        tally.injections += 1
        await go_on(candidates)
        await hush(candidates)
    note_resumed_since(tally, back, candidates)

    assert_no_acks(candidates, gone, back)
    assert tally.harm == NO_HARM


async def test_a_full_disk(stage: Stage, tally: Tally) -> None:
    async with speaking(stage, tally, speeches(1)) as (candidate,):
        media = stage.site.folder / "media" / "answers" / str(candidate.interview["interview_id"])
        disk = Disk(media)
        tally.note = disk.kind
        tally.injections += 1
        await go_on([candidate])
        await candidate.hush()
        await candidate.until(lambda c: c.ending)
        (full,) = await asyncio.to_thread(takes, stage.site, candidate.question_id)
        disk.make_room()
    files = files_in(media)
    disk.close()

    assert (full.status, full.audio, full.chunks) == ("complete", "", candidate.count)
    assert len(files) == 1
    assert tally.harm == NO_HARM

"""What is slow, locked, vanished or broken for ever, and what that costs those who have no part in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.chaos.candidate import Candidate
from tests.chaos.injuries import Stage, locked_row, new_stage, on_postgres
from tests.chaos.orchestrator import SLOW_SECONDS
from tests.chaos.scene import IS_LONG, go_on, hush, new_candidate, speaking, speeches
from tests.chaos.vanishing import Host
from tests.chaos.verdict import judge, note_resumed_since, takes
from tests.support.answers import babble
from tests.support.servers import postgres_url
from tests.support.tallies import NO_HARM, Tally

LOCKED_SECONDS = 6.0
VANISHED_SECONDS = 30.0 if IS_LONG else 8.0
READ_ONLY_SECONDS = 10.0 if IS_LONG else 5.0
# What nobody notices.
ACK_SECONDS = 1.0
RESUMED_SECONDS = 5.0
SHORT_ANSWERS = 12 if IS_LONG else 4

LONG = pytest.mark.skipif(
    not IS_LONG, reason="what it comes to in a process is in test_database.py and test_queue.py"
)

pytestmark = pytest.mark.parametrize("stage", ["postgres"], indirect=True)


def note_slowest(tally: Tally, candidates: Sequence[Candidate]) -> float:
    """The slowest acknowledgement of those who are neighbours."""
    slowest = max(candidate.slowest_ack for candidate in candidates)
    tally.note = f"the neighbours' slowest acknowledgement: {slowest:.2f} s"
    return slowest


@pytest.mark.parametrize("table", ["interviews_answer", *(["interviews_interview"] if IS_LONG else [])])
async def test_a_locked_row(stage: Stage, tally: Tally, table: str) -> None:
    # All by one worker, and so by one journal.
    ports = [stage.ports[0]]
    async with speaking(stage, tally, speeches(3), ports=ports, speed=1.0) as (victim, *others):
        (answer,) = await asyncio.to_thread(takes, stage.site, victim.question_id)
        pk = answer.id if table == "interviews_answer" else victim.interview["interview_id"]
        with locked_row(stage.site, table, str(pk)):
            await asyncio.sleep(LOCKED_SECONDS)
        tally.injections += 1
        await go_on([victim, *others])
        await hush([victim, *others])

    assert note_slowest(tally, others) < ACK_SECONDS
    assert tally.harm == NO_HARM


@contextmanager
def orchestrated_by(stage: Stage, name: str) -> Iterator[None]:
    stage.start_anew(INTERVIEW_ORCHESTRATOR=f"tests.chaos.orchestrator.{name}")
    yield
    stage.start_anew()


@asynccontextmanager
async def short_answers(stage: Stage, tally: Tally) -> AsyncIterator[list[Candidate]]:
    """Beside the block many answer in three seconds, and are judged behind it."""
    ports = [stage.ports[0]]
    made = [
        await new_candidate(
            stage, babble(2, seed=100 + number), ports=ports, questions=("Why you?", "Why us?")
        )
        for number in range(SHORT_ANSWERS)
    ]
    answering = asyncio.gather(*(candidate.answer() for candidate in made))
    yield made
    await answering
    for candidate in made:
        await asyncio.to_thread(judge, tally, candidate)


@LONG
async def test_an_orchestrator_that_takes_its_time(stage: Stage, tally: Tally) -> None:
    with orchestrated_by(stage, "SlowOrchestrator"):
        # Whoever has just begun loads what they run on.
        async with speaking(stage, Tally("warming up"), speeches(1)) as candidates:
            await hush(candidates)
        async with speaking(stage, tally, speeches(2), ports=[stage.ports[0]], speed=1.0) as candidates:
            async with short_answers(stage, tally):
                await asyncio.sleep(3 * SLOW_SECONDS)
                tally.injections += 1
                slowest = note_slowest(tally, candidates)
            await hush(candidates)

    assert slowest < ACK_SECONDS
    assert tally.harm == NO_HARM


@LONG
async def test_an_orchestrator_that_fails(stage: Stage, tally: Tally) -> None:
    noted = Path(stage.site.settings["NOTED_ANSWERS"])
    with orchestrated_by(stage, "FailingOrchestrator"):
        async with speaking(stage, tally, speeches(1), ports=[stage.ports[0]], speed=1.0) as candidates:
            async with short_answers(stage, tally) as failing:
                for candidate in failing:
                    await candidate.until(lambda c: c.ending)
                await asyncio.sleep(SLOW_SECONDS)
                tally.injections += 1
                slowest = note_slowest(tally, candidates)
                handed_over = [
                    (await asyncio.to_thread(takes, stage.site, c.question_id))[0].handed_over_at
                    for c in failing
                ]
                noted.with_name("mended").touch()
            await hush(candidates)

    assert set(handed_over) == {None}
    assert slowest < ACK_SECONDS
    assert tally.harm == NO_HARM


async def test_a_primary_that_only_reads(stage: Stage, tally: Tally) -> None:
    async with speaking(stage, tally, speeches(2), speed=1.0) as candidates:
        only_reads = "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"
        sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        await asyncio.to_thread(on_postgres, stage.site, *only_reads, f"{sessions} AND datname IS NOT NULL")
        await asyncio.sleep(READ_ONLY_SECONDS)
        back = monotonic()
        await asyncio.to_thread(
            on_postgres,
            stage.site,
            "SET default_transaction_read_only = off",
            "ALTER SYSTEM RESET default_transaction_read_only",
            "SELECT pg_reload_conf()",
        )
        tally.injections += 1
        await go_on(candidates)
        await hush(candidates)
    note_resumed_since(tally, back, candidates)

    # It is waited for on the same connection.
    assert [candidate.closed_with for candidate in candidates] == [[], []]
    assert max(tally.resumes) < RESUMED_SECONDS
    assert tally.harm == NO_HARM


@pytest.fixture
def vanishing(stage: Stage, tmp_path: Path) -> Iterator[tuple[Stage, Host]]:
    """Another stage, whose database is on a host of its own."""
    hosts: list[Host] = []

    @contextmanager
    def reached(port: int) -> Iterator[str]:
        try:
            host = Host(tmp_path, tmp_path / f".s.PGSQL.{port}").__enter__()
        except OSError as problem:
            pytest.skip(f"no network can be made here: {problem}")
        hosts.append(host)
        try:
            yield postgres_url(host.port, host.address)
        finally:
            host.__exit__()

    with new_stage(tmp_path, database="postgres", reached=reached) as other:
        yield other, hosts[0]


async def test_a_database_that_vanishes(vanishing: tuple[Stage, Host], tally: Tally) -> None:
    stage, host = vanishing
    async with speaking(stage, tally, speeches(2), speed=1.0) as candidates:
        await asyncio.to_thread(host.vanish)
        await asyncio.sleep(VANISHED_SECONDS)
        back = monotonic()
        await asyncio.to_thread(host.take_over)
        tally.injections += 1
        await go_on(candidates)
        await hush(candidates)
    note_resumed_since(tally, back, candidates)

    assert max(tally.resumes) < RESUMED_SECONDS
    assert tally.harm == NO_HARM

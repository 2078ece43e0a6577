"""Dashboards that open at any moment of running answers show what the database holds, within two seconds.

The short form runs with the others; the long one (`make chaos`) opens a hundred.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import babble, begin, finish, text_of
from tests.support.clients import chunks_of, client, give_consent, sign_in
from tests.support.observing import dashboard, segments_of, truth
from tests.support.servers import Site, free_port, new_site, redis_server

MOMENTS = 100 if "CHAOS_ROUNDS" in os.environ else 20
MOMENTS_AN_ANSWER = 5
ANSWERS_AT_ONCE = 2
PACE = 4
LATEST_SECONDS = 2.0
SEED = int(os.environ.get("CHAOS_SEED", "1"))


@dataclass
class Moment:
    """One dashboard: when it was level with the rows, at first and at the end, and what was wrong with it."""

    seconds: float
    seconds_at_the_end: float
    missing: int
    foreign: int
    doubled: int


@dataclass
class Stage:
    site: Site
    ports: tuple[int, int]
    recruiter: str


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    redis, port = free_port(), free_port()
    settings = {"SPEECH_BACKEND": "scripted", "REDIS_URL": f"redis://127.0.0.1:{redis}/0"}
    site = new_site(tmp_path, **settings)
    with redis_server(tmp_path, redis), site.serve(), site.serve(port):
        yield Stage(site, (site.port, port), sign_in(site))


async def test_a_dashboard_opened_at_any_moment_shows_exactly_what_the_database_holds(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    source = random.Random(SEED)
    answers = MOMENTS // MOMENTS_AN_ANSWER
    places = asyncio.Semaphore(ANSWERS_AT_ONCE)

    async def one_answer(interview: dict[str, Any], seed: int) -> list[Moment]:
        async with places:
            return await an_answer(stage, interview, random.Random(seed))

    interviews = await asyncio.to_thread(stage.site.create_interviews, answers)
    results = await asyncio.gather(*(one_answer(each, source.getrandbits(32)) for each in interviews))
    moments = [moment for result in results for moment in result]

    with capsys.disabled():
        print(table(moments))
    assert len(moments) == MOMENTS
    assert [(m.missing, m.foreign, m.doubled) for m in moments] == [(0, 0, 0)] * MOMENTS
    assert max(max(m.seconds, m.seconds_at_the_end) for m in moments) < LATEST_SECONDS


def table(moments: list[Moment]) -> str:
    lines = [f"\n  {len(moments)} dashboards, seed {SEED}"]
    for name, seconds in (
        ("level after opening", [m.seconds for m in moments]),
        ("level after the end", [m.seconds_at_the_end for m in moments]),
    ):
        median, most = statistics.median(seconds), max(seconds)
        lines.append(f"    {name}   median {median * 1000:4.0f} ms   at most {most * 1000:4.0f} ms")
    wrong = {name: sum(getattr(m, name) for m in moments) for name in ("missing", "foreign", "doubled")}
    lines.append("    segments  " + "".join(f"  {count} {name}" for name, count in wrong.items()))
    return "\n".join(lines)


async def an_answer(stage: Stage, interview: dict[str, Any], source: random.Random) -> list[Moment]:
    pcm = b"".join(babble(1, words=source.randint(1, 4), seed=source.getrandbits(32)) for _ in range(12))
    seconds = len(pcm) / 32_000 / PACE
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    has_ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    async with client(stage.site, interview["websocket_path"], cookies, port=source.choice(stage.ports)) as c:
        question_id, _ = await begin(c)
        opening = [
            asyncio.create_task(
                a_moment(stage, interview, source.uniform(0, seconds), source.choice(stage.ports), has_ended)
            )
            for _ in range(MOMENTS_AN_ANSWER)
        ]
        began = time.monotonic()
        for index, chunk in enumerate(chunks_of(pcm)):
            await asyncio.sleep(began + index * 0.1 / PACE - time.monotonic())
            await c.frame(index, chunk)
        answer = await finish(c, question_id, len(chunks_of(pcm)))
        has_ended.set_result(time.monotonic())
    assert answer["text"] == text_of(pcm)
    return await asyncio.gather(*opening)


async def a_moment(
    stage: Stage, interview: dict[str, Any], delay: float, port: int, has_ended: asyncio.Future[float]
) -> Moment:
    site, interview_id = stage.site, interview["interview_id"]
    await asyncio.sleep(delay)
    revision, before = await asyncio.to_thread(segments_of, site, interview_id)
    opened = time.monotonic()
    async with dashboard(site, interview["watch_path"], stage.recruiter, port) as shown:
        seconds = await shown.shows(revision) - opened
        segments, doubled = shown.observed.segments, len(shown.observed.doubled)
        _, after = await asyncio.to_thread(segments_of, site, interview_id)

        ended = await has_ended
        revision, _ = await asyncio.to_thread(segments_of, site, interview_id)
        at_the_end = max(0.0, await shown.shows(revision) - ended)
        # Metrics and the rest as well.
        assert shown.observed.shown == await asyncio.to_thread(truth, site, interview_id)
    return Moment(
        seconds,
        at_the_end,
        missing=len(before.items() - segments.items()),
        foreign=len(segments.items() - after.items()),
        doubled=doubled + len(shown.observed.doubled),
    )

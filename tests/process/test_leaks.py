"""Connections that break off in mid-answer leave nothing behind in the server.

The short form runs with the others; LEAK_ROUNDS=long (`make leaks`) is the one to trust.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.answers import babble, begin, send_frames
from tests.support.clients import Client, chunks_of, client, give_consent
from tests.support.media import encode
from tests.support.reports import Report
from tests.support.servers import Site, new_site, wait_until
from tests.support.voices import STABLE_SENTENCES, read_pcm, speak

IS_LONG = os.environ.get("LEAK_ROUNDS") == "long"
# Backend → connections to warm up with, and to compare.
ROUNDS = {
    "scripted": (100, 2000 if IS_LONG else 100),
    "moonshine": (20, 100 if IS_LONG else 20),
}
AT_ONCE = 4
# Each round takes the answer up again, and so replays it: an interview serves for a few of them.
ROUNDS_AN_INTERVIEW = 5
CHUNKS_A_ROUND = 8
ALLOWED_MB = 12
# SQLite keeps the descriptor of a closed connection while another one has locks, and uses it again
# (howtocorrupt.html, 2.2): there are as many as there ever were connections at once.
SPARE = {"files": 4}


class Footprint:
    """What a server process holds: threads, descriptors and children exactly, memory about."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def now(self) -> dict[str, int]:
        return {
            "threads": self._process.num_threads(),
            "descriptors": self._process.num_fds() - len(self._process.open_files()),
            "files": len(self._process.open_files()),
            "children": len(self._process.children(recursive=True)),
            "sockets": len(self._process.net_connections("tcp")),
        }

    @property
    def megabytes(self) -> float:
        return self._process.memory_info().rss / 1e6

    def back_to(self, before: dict[str, int]) -> float:
        """Seconds until it holds no more than that."""
        began = time.monotonic()
        wait_until(
            lambda: all(count <= before[name] + SPARE.get(name, 0) for name, count in self.now().items()),
            f"back to {before}",
        )
        return time.monotonic() - began


@pytest.fixture(params=list(ROUNDS))
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(tmp_path: Path, backend: str) -> Site:
    # Of several threads another one may begin at any time, up to their number, each with its connection.
    threads = dict.fromkeys(("ROW_THREADS", "STEP_THREADS", "HAND_OVER_THREADS", "FILE_THREADS"), "1")
    return new_site(tmp_path, SPEECH_BACKEND=backend, SPEECH_CAPACITY="64", **threads)


def audio_for(backend: str) -> tuple[str, list[bytes]]:
    """Its encoding and chunks. The real recogniser's is in a container, which takes a second child."""
    if backend == "scripted":
        return "pcm_s16le", list(chunks_of(babble(5)))
    return "webm", list(chunks_of(encode(read_pcm(speak(*STABLE_SENTENCES[2:])), "webm"), 1600))


def test_broken_off_connections_leave_nothing_behind(site: Site, backend: str, report: Report) -> None:
    warm_up, rounds = ROUNDS[backend]
    interviews = iter(site.create_interviews((warm_up + rounds) // ROUNDS_AN_INTERVIEW))
    with site.serve() as server:
        footprint = Footprint(server.pid)
        asyncio.run(break_off(site, interviews, warm_up, *audio_for(backend)))
        before = settled(footprint)
        megabytes = footprint.megabytes

        asyncio.run(break_off(site, interviews, rounds, *audio_for(backend)))
        seconds = footprint.back_to(before)
        grown = footprint.megabytes - megabytes

    report(
        f"{rounds} broken off: {before} again after {seconds:.1f} s;"
        f" memory {megabytes:.1f} MB, then {grown:+.1f} MB"
    )
    assert grown < ALLOWED_MB


def settled(footprint: Footprint) -> dict[str, int]:
    """Once nothing is open any more and the rest has stopped changing."""
    wait_until(lambda: footprint.now()["sockets"] <= 1, "every connection is gone")
    seen: list[dict[str, int]] = []

    def is_steady() -> bool:
        seen.append(footprint.now())
        return len(seen) > 25 and all(now == seen[-1] for now in seen[-25:])

    wait_until(is_steady, "it is steady")
    return seen[-1]


async def break_off(
    site: Site, interviews: Iterator[dict[str, Any]], rounds: int, encoding: str, chunks: list[bytes]
) -> None:
    async def one_after_the_other() -> None:
        for _ in range(rounds // AT_ONCE // ROUNDS_AN_INTERVIEW):
            interview = next(interviews)
            cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
            for round in range(ROUNDS_AN_INTERVIEW):
                async with client(site, interview["websocket_path"], cookies) as c:
                    await break_one_off(c, round, encoding, chunks)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def break_one_off(c: Client, round: int, encoding: str, chunks: list[bytes]) -> None:
    """At another point each time; the last says goodbye."""
    question_id, first = await begin(c, encoding)
    await send_frames(c, chunks[: first + CHUNKS_A_ROUND], first)
    match round:
        case 0:
            await c.until("ack")
        case 1:
            await c.until("transcription", "state")
        case 2:
            await c.send("end_answer", question_id=question_id, chunk_count=first + CHUNKS_A_ROUND + 1)
            await c.until("error")
    if round < ROUNDS_AN_INTERVIEW - 1:
        c.drop()

"""From the last chunk to the final transcript: does it grow with the answer?"""

from __future__ import annotations

import asyncio
import time
from statistics import median

from benchmarks.speech import answer_of
from benchmarks.table import milliseconds, ratio, show
from speech import transcribe
from speech.events import BYTES_PER_SECOND
from tests.support.clients import Client, chunks_of, client, give_consent
from tests.support.servers import Site

LENGTHS = 5, 30, 120
ROUNDS = 3
PCM = {"encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 1}


def run(site: Site, spoken: list[bytes]) -> None:
    speed = _speed(answer_of(30, spoken))
    live: dict[int, list[float]] = {length: [] for length in LENGTHS}
    assembled: dict[int, list[float]] = {length: [] for length in LENGTHS}
    with site.serve():
        # The first answer of a process waits for what is loaded once; it is not counted.
        asyncio.run(_live(site, answer_of(LENGTHS[0], spoken), speed / 2))
        for _ in range(ROUNDS):
            for length in LENGTHS:
                pcm = answer_of(length, spoken)
                live[length].append(asyncio.run(_live(site, pcm, speed / 2)))
                assembled[length].append(_timed(pcm))
    shortest = median(live[LENGTHS[0]])
    rows = [
        [
            f"answer of {length} s",
            milliseconds(median(live[length])),
            ratio(median(live[length]), shortest),
            milliseconds(median(assembled[length])),
            ratio(median(assembled[length]), median(live[length])),
        ]
        for length in LENGTHS
    ]
    head = ["", "last chunk → final", "of the shortest", "assembled, then transcribed", "of live"]
    show(
        f"Time to the final transcript, fed at {speed / 2:.1f} × real time, half the recogniser's", head, rows
    )


def _speed(pcm: bytes) -> float:
    """Seconds of audio that the recogniser takes in a second."""
    # The first time waits for what is loaded once.
    _, *tries = (_timed(pcm) for _ in range(4))
    return len(pcm) / BYTES_PER_SECOND / median(tries)


def _timed(pcm: bytes) -> float:
    began = time.perf_counter()
    asyncio.run(_transcribe(pcm))
    return time.perf_counter() - began


async def _transcribe(pcm: bytes) -> None:
    await transcribe(pcm)


async def _live(site: Site, pcm: bytes, pace: float) -> float:
    """Sends an answer at `pace` times real time; returns how long its end took."""
    interview = await asyncio.to_thread(site.create_interview)
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    async with client(site, interview["websocket_path"], cookies) as candidate:
        question = await candidate.until("question")
        await candidate.send("start_answer", question_id=question["question_id"], format=PCM)
        await candidate.until("answer_started")
        hearing = asyncio.create_task(candidate.until("answer_complete"))
        await _send(candidate, pcm, pace)
        ended = time.perf_counter()
        count = len(chunks_of(pcm))
        await candidate.send("end_answer", question_id=question["question_id"], chunk_count=count)
        complete = await hearing
        assert complete["status"] == "complete", complete
        return time.perf_counter() - ended


async def _send(candidate: Client, pcm: bytes, pace: float) -> None:
    loop = asyncio.get_running_loop()
    began, sent = loop.time(), 0
    for index, chunk in enumerate(chunks_of(pcm)):
        await asyncio.sleep(began + sent / BYTES_PER_SECOND / pace - loop.time())
        await candidate.frame(index, chunk)
        sent += len(chunk)

"""Frames a second through the candidate's socket, stored and recognised, beside a socket that only acks."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from statistics import median

from benchmarks.table import ratio, show
from tests.support.clients import Client, client, give_consent
from tests.support.servers import Site

FRAMES = 2000
# Sent and not acknowledged yet, at most.
WINDOW = 200
ROUNDS = 5
CHUNK = random.Random(1).randbytes(3200)
PCM = {"encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 1}
Send = Callable[[Client, str, int], Awaitable[None]]


async def _binary(candidate: Client, question_id: str, index: int) -> None:
    await candidate.frame(index, CHUNK)


async def _base64(candidate: Client, question_id: str, index: int) -> None:
    await candidate.chunk(question_id, index, CHUNK)


def run(site: Site) -> None:
    rows = []
    with site.serve(application="benchmarks.asgi"):
        for name, send in (("binary", _binary), ("base64", _base64)):
            product, bare = [], []
            for _ in range(ROUNDS):
                product.append(asyncio.run(_product(site, send)))
                bare.append(asyncio.run(_bare(site, send)))
            figures = median(product), median(bare)
            rows.append([name, f"{figures[0]:.0f}", f"{figures[1]:.0f}", ratio(*figures)])
    title = "Frames of 100 ms a second through one socket, scripted recogniser"
    show(title, ["", "candidate's socket", "only acks", "ratio"], rows)


async def _product(site: Site, send: Send) -> float:
    interview = await asyncio.to_thread(site.create_interview)
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    async with client(site, interview["websocket_path"], cookies) as candidate:
        question_id = (await candidate.until("question"))["question_id"]
        await candidate.send("start_answer", question_id=question_id, format=PCM)
        await candidate.until("answer_started")
        return await _frames_a_second(candidate, question_id, send)


async def _bare(site: Site, send: Send) -> float:
    async with client(site, "/ws/bare/", "") as candidate:
        return await _frames_a_second(candidate, "", send)


async def _frames_a_second(candidate: Client, question_id: str, send: Send) -> float:
    began = time.perf_counter()
    acked = 0
    for index in range(FRAMES):
        while index - acked >= WINDOW:
            acked = (await candidate.until("ack"))["next_chunk_index"]
        await send(candidate, question_id, index)
    while acked < FRAMES:
        acked = (await candidate.until("ack"))["next_chunk_index"]
    return FRAMES / (time.perf_counter() - began)

"""A dashboard over a long answer: its memory stays small, and a word costs the same late as early.

LONG_ANSWER_WORDS says of how many words (1500 are a quarter of an hour), LONG_ANSWER_SPEED how many times
faster than in life they are spoken; `make long` has both.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser import people
from tests.support import clients
from tests.support.answers import babble, begin, finish
from tests.support.browsers import Opener
from tests.support.servers import Site

SETTINGS = {"SPEECH_BACKEND": "scripted"}
WORDS = int(os.environ.get("LONG_ANSWER_WORDS", "168"))
SPEED = float(os.environ.get("LONG_ANSWER_SPEED", "10"))
WORDS_TOGETHER = 14
CHUNK_SECONDS = 0.1
MOST_UNACKED = 100
LONGEST_MS = 60_000 + WORDS * 2000 / SPEED
MOST_HEAP_BYTES = 100 << 20
# Each quarter has its own share of words, measures and heartbeats.
MOST_GROWTH = 1.5


async def speak(site: Site, created: dict[str, Any], segments: int) -> None:
    cookies = clients.give_consent(created["candidate_url"])
    async with clients.client(site, f"/ws/interviews/{created['interview_id']}/", cookies) as c:
        question_id, _ = await begin(c)
        chunks = clients.chunks_of(babble(segments, words=WORDS_TOGETHER))
        began, acked = time.monotonic(), 0
        for index, chunk in enumerate(chunks):
            await asyncio.sleep(began + index * CHUNK_SECONDS / SPEED - time.monotonic())
            # No further ahead than the server has room for.
            while index - acked >= MOST_UNACKED:
                acked = (await c.until("ack"))["next_chunk_index"]
            await c.frame(index, chunk)
        await finish(c, question_id, len(chunks))


class Costs:
    """What a page takes, as Chromium counts it."""

    def __init__(self, page: Page) -> None:
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable")
        self._cdp.send("Profiler.enable")
        self._cdp.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": True})

    @property
    def heap_bytes(self) -> float:
        self._cdp.send("HeapProfiler.collectGarbage")
        metrics = self._cdp.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == "JSHeapUsedSize")

    def work_per_message(self) -> float:
        """How often any piece of our scripts has run since the last time, over the messages that came."""
        scripts = self._cdp.send("Profiler.takePreciseCoverage")["result"]
        ours = [
            function
            for script in scripts
            if "/static/interviews/js/" in script["url"]
            for function in script["functions"]
        ]
        runs = sum(piece["count"] for function in ours for piece in function["ranges"])
        messages = sum(f["ranges"][0]["count"] for f in ours if f["functionName"] == "receive")
        return float(runs / messages)


@pytest.mark.alone
def test_a_long_answer_costs_little_memory_and_no_more_with_each_word(
    server: Site, open_desk: Opener
) -> None:
    created = server.create_interview("Why you?")
    page = open_desk().page()
    page.goto(f"{server.url}/interviews/{created['interview_id']}/live/")
    expect(people.liveness(page)).to_have_text("Waiting for the candidate")
    segments = WORDS // WORDS_TOGETHER
    costs, work = Costs(page), []
    before = costs.heap_bytes

    with ThreadPoolExecutor(1) as pool:
        speaking = pool.submit(asyncio.run, speak(server, created, segments))
        # The whole answer is drawn at its end, once: that is no more of the same.
        for quarter in (1, 2, 3):
            count = segments * quarter // 4
            page.wait_for_function(
                "count => document.querySelectorAll('.transcript__finals > *').length >= count",
                arg=count,
                polling=500,
                timeout=LONGEST_MS,
            )
            work.append(costs.work_per_message())
        speaking.result()
    expect(people.card(page, 1).get_by_text("Delivery, whole answer")).to_be_visible()

    after = costs.heap_bytes
    print(
        f"\n{segments * WORDS_TOGETHER} words: heap {before / 1e6:.1f} → {after / 1e6:.1f} MB; "
        f"work for a message in each quarter: {', '.join(f'{each:.0f}' for each in work)}"
    )
    assert after < MOST_HEAP_BYTES
    assert work[2] < MOST_GROWTH * work[1]

"""Who doesn't read costs the server little. Observers catch up if they read again in time."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.support.answers import babble, begin
from tests.support.clients import Client, chunks_of, client, give_consent, sign_in
from tests.support.observing import Dashboard, dashboard, segments_of
from tests.support.reports import Report
from tests.support.servers import DEADLINE_SECONDS, Site, free_port, wait_until

SETTINGS = {"SPEECH_BACKEND": "scripted", "OBSERVER_UNSEEN_SECONDS": "5"}
PEERS = 5
ALLOWED_MB = 5.0
CANDIDATES = 4
# Its default, what the transport holds and one message more, and what the process takes for other things.
ALLOWED_CANDIDATES_MB = CANDIDATES * 1.3 + 4.0
LONG = "Why should it be you, and nobody else? " * 500
# Of the first answer: its snapshot is a few hundred kilobytes.
SEGMENTS = 1500
LARGE = """
from interviews.models import Answer, Segment
answer = Answer.objects.get(question__interview_id="{}", status="complete")
Segment.objects.bulk_create(
    Segment(answer=answer, index=index, revision=0, text="words without end " * 5,
            start_ms=1000 * index, end_ms=1000 * index + 900)
    for index in range({})
)
"""


@pytest.fixture(scope="module")
def recruiter(site: Site, server: subprocess.Popen[bytes]) -> str:
    return sign_in(site)


@pytest.fixture
async def interview(site: Site, server: subprocess.Popen[bytes]) -> AsyncIterator[dict[str, Any]]:
    """One with a long answer, and a candidate who goes on speaking in the second."""
    (interview,) = await asyncio.to_thread(site.create_interviews, 1, "Why you?", "Why us?")
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    async with client(site, interview["websocket_path"], cookies) as c:
        question = await c.until("question")
        await c.send("text_answer", question_id=question["question_id"], answer_text="See below.")
        await c.until("answer_complete")
        code = LARGE.format(interview["interview_id"], SEGMENTS)
        await asyncio.to_thread(site.run_code, code)
        speaking = asyncio.create_task(speak(c))
        yield interview
        await stop(speaking)
        # Its answers were not read either: behind them the server's goodbye would be waited for in vain.
        c.drop()


async def speak(c: Client) -> None:
    await begin(c)
    for index, chunk in enumerate(chunks_of(babble(100, words=1))):
        await c.frame(index, chunk)
        await asyncio.sleep(0.05)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def peer(
    site: Site, path: str, cookies: str, *subprotocols: str, port: int | None = None
) -> AsyncIterator[Client]:
    """A connection for which the kernel holds as little as it can, so that the server must."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", port or site.port))
    narrow.setblocking(False)
    async with connect(
        f"ws://127.0.0.1:{port or site.port}{path}",
        sock=narrow,
        origin=Origin(site.url),
        additional_headers={"Cookie": cookies},
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        compression=None,
        ping_interval=None,
        close_timeout=5,
        max_size=None,
    ) as connection:
        yield Client(connection)


async def ask_without_end(c: Client) -> None:
    with suppress(ConnectionClosed):
        while True:
            await c.send("resync")
            await asyncio.sleep(0.05)


class Server:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = psutil.Process(process.pid)

    @property
    def megabytes(self) -> float:
        return float(self._process.memory_info().rss / 1e6)

    @property
    def sockets(self) -> int:
        return len(self._process.net_connections("tcp"))

    async def has_closed(self, sockets: int) -> bool:
        """Whether no more than these are left, within some time."""
        with suppress(AssertionError):
            await asyncio.to_thread(wait_until, lambda: self.sockets <= sockets, "closed", 15)
            return True
        return False


async def most_while(server: Server, running: asyncio.Future[Any]) -> float:
    most = server.megabytes
    while not running.done():
        most = max(most, server.megabytes)
        await asyncio.sleep(0.02)
    return most


async def test_five_that_never_read_cost_little_and_are_closed(
    site: Site, server: subprocess.Popen[bytes], interview: dict[str, Any], recruiter: str, report: Report
) -> None:
    footprint = Server(server)
    async with AsyncExitStack() as stack:
        # What many snapshots at once take for a moment is no memory of who doesn't read.
        for _ in range(PEERS):
            shown = await stack.enter_async_context(dashboard(site, interview["watch_path"], recruiter))
            stack.push_async_callback(stop, asyncio.create_task(ask_without_end(shown.client)))
        await shown.until(lambda _: shown.kinds.count("snapshot") > 20, "many snapshots")
    sockets, before = footprint.sockets, footprint.megabytes

    async with AsyncExitStack() as stack:
        asking = []
        for _ in range(PEERS):
            c = await stack.enter_async_context(peer(site, interview["watch_path"], recruiter))
            c.socket.transport.pause_reading()
            asking.append(ask_without_end(c))
        gone = asyncio.to_thread(wait_until, lambda: footprint.sockets <= sockets, "the server closes them")
        most = await most_while(footprint, asyncio.gather(gone, *asking))
        after = footprint.megabytes

    report(f"{PEERS} peers: {most - before:+.1f} MB at most, {after - before:+.1f} MB when they are closed")
    assert most - before < ALLOWED_MB


async def test_who_reads_again_in_time_is_shown_everything(
    site: Site, server: subprocess.Popen[bytes], interview: dict[str, Any], recruiter: str, report: Report
) -> None:
    async with peer(site, interview["watch_path"], recruiter) as c:
        c.socket.transport.pause_reading()
        with suppress(TimeoutError):
            async with asyncio.timeout(4):
                await ask_without_end(c)
        revision, segments = await asyncio.to_thread(segments_of, site, interview["interview_id"])

        c.socket.transport.resume_reading()
        shown = Dashboard(c)
        began = time.monotonic()
        reading = asyncio.create_task(shown.read())
        took = await shown.shows(revision) - began
        await stop(reading)

    report(f"{shown.bytes // 1000} kB until it was level, {took:.1f} s after it read again")
    assert segments.items() <= shown.observed.segments.items()
    assert shown.observed.doubled == []


# Candidates


@asynccontextmanager
async def deaf_candidate(site: Site, interview: dict[str, Any], *subprotocols: str) -> AsyncIterator[Client]:
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    async with peer(site, interview["websocket_path"], cookies, *subprotocols) as c:
        c.socket.transport.pause_reading()
        yield c


async def retry_without_end(c: Client) -> None:
    with suppress(ConnectionClosed):
        while True:
            await c.send("request_retry", failed_message_type="question", error_code="")
            await asyncio.sleep(0.03)


async def longest_ack(c: Client) -> float:
    """Seconds from a chunk to its acknowledgement, at most, until it is cancelled."""
    longest = 0.0
    await begin(c)
    with suppress(asyncio.CancelledError):
        for index, chunk in enumerate(chunks_of(babble(100, words=1))):
            sent = time.monotonic()
            await c.frame(index, chunk)
            await c.until("ack", next_chunk_index=index + 1)
            longest = max(longest, time.monotonic() - sent)
            await asyncio.sleep(0.1)
    return longest


@pytest.mark.parametrize("dialect", [[], ["interview.v1"]], ids=["basic", "v1"])
async def test_candidates_that_never_read_cost_little_and_a_neighbour_notices_nothing(
    site: Site, server: subprocess.Popen[bytes], report: Report, dialect: list[str]
) -> None:
    deaf = await asyncio.to_thread(site.create_interviews, CANDIDATES, LONG)
    (honest,) = await asyncio.to_thread(site.create_interviews, 1)
    cookies = await asyncio.to_thread(give_consent, honest["candidate_url"])
    footprint = Server(server)
    async with AsyncExitStack() as stack:
        c = await stack.enter_async_context(client(site, honest["websocket_path"], cookies))
        speaking = asyncio.create_task(longest_ack(c))
        await asyncio.sleep(1)
        sockets, before = footprint.sockets, footprint.megabytes
        for interview in deaf:
            c = await stack.enter_async_context(deaf_candidate(site, interview, *dialect))
            stack.push_async_callback(stop, asyncio.create_task(retry_without_end(c)))
        gone = asyncio.create_task(footprint.has_closed(sockets))
        most = await most_while(footprint, gone)
        speaking.cancel()
        longest = await speaking

    report(
        f"{CANDIDATES} candidates: {most - before:+.1f} MB at most; a neighbour's ack {longest:.2f} s at most"
    )
    assert gone.result(), "the server closes them"
    assert most - before < ALLOWED_CANDIDATES_MB
    assert longest < 1


async def test_who_says_goodbye_before_they_have_read_is_let_go(
    site: Site, server: subprocess.Popen[bytes]
) -> None:
    (interview,) = await asyncio.to_thread(site.create_interviews, 1, LONG * 4)
    footprint = Server(server)
    sockets = footprint.sockets
    async with deaf_candidate(site, interview) as c:
        # More than the kernel takes, less than the bound.
        for _ in range(40):
            await c.send("request_retry", failed_message_type="question", error_code="")
            await asyncio.sleep(0.03)
        # They read all of it before, through a narrow window.
        c.socket.close_timeout = DEADLINE_SECONDS
        leaving = asyncio.create_task(c.socket.close())
        await asyncio.sleep(0)
        c.socket.transport.resume_reading()

        assert await c.until_closed() == 1000
        await leaving
        assert await footprint.has_closed(sockets)


async def test_who_does_not_read_keeps_no_server_from_its_end(site: Site, report: Report) -> None:
    port = free_port()
    (interview,) = await asyncio.to_thread(site.create_interviews, 1, LONG * 4)
    with site.serve(port) as ending:
        cookies = await asyncio.to_thread(give_consent, site.by_port(interview["candidate_url"], port))
        async with peer(site, interview["websocket_path"], cookies, port=port) as c:
            c.socket.transport.pause_reading()
            for _ in range(40):
                await c.send("request_retry", failed_message_type="question", error_code="")
                await asyncio.sleep(0.03)
            began = time.monotonic()
            ending.terminate()
            await asyncio.to_thread(ending.wait, 20)

    report(f"it ended in {time.monotonic() - began:.2f} s")
    # Where nothing waits for room it takes six, too.
    assert time.monotonic() - began < 10

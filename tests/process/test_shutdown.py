"""Processes that end, in order or not: nothing stays behind, and what was owed is done by another."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import psutil
import pytest

from tests.support.answers import babble, begin, finish, send_frames, text_of
from tests.support.clients import Client, chunks_of, client, give_consent
from tests.support.media import encode
from tests.support.observing import rows
from tests.support.reports import Report
from tests.support.servers import Site, wait_until
from tests.support.voices import STABLE_SENTENCES, read_pcm, speak

# A recogniser that is slow enough to be killed in the middle.
SETTINGS = {"SPEECH_BACKEND": "pocketsphinx", "SPEECH_CAPACITY": "64", "ANSWER_LEASE_SECONDS": "5"}
SCRIPTED: dict[str, Any] = {"SPEECH_BACKEND": "scripted"}
STUCK: dict[str, Any] = {"DJANGO_SETTINGS_MODULE": "tests.support.stuck_settings"}
QUICK_SECONDS = 10


@asynccontextmanager
async def candidate(site: Site, interview: dict[str, Any]) -> AsyncIterator[Client]:
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    async with client(site, interview["websocket_path"], cookies) as c:
        yield c


@asynccontextmanager
async def two_speaking(site: Site, interviews: Iterator[dict[str, Any]]) -> AsyncIterator[list[Client]]:
    """Two candidates in mid-answer, each with a decoder and a recogniser."""
    webm = chunks_of(encode(read_pcm(speak(*STABLE_SENTENCES[2:])), "webm"), 4096)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(candidate(site, next(interviews))) for _ in range(2)]
        for c in clients:
            await begin(c, "webm")
            await send_frames(c, webm[:-1])
            await c.until("transcription")
        yield clients


def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def all_end(processes: list[psutil.Process]) -> float:
    """Seconds until none of them is left."""
    began = time.monotonic()
    _, left = psutil.wait_procs(processes, QUICK_SECONDS)
    assert left == []
    return time.monotonic() - began


@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C"])
async def test_the_server_ends_quickly_says_so_and_takes_its_children_along(
    site: Site, interviews: Iterator[dict[str, Any]], how: str, report: Report
) -> None:
    with site.serve() as server:
        async with two_speaking(site, interviews) as clients:
            children = descendants(server)
            began = time.monotonic()

            if how == "SIGTERM":
                server.terminate()
            else:
                # The terminal sends it to all processes of the group.
                os.killpg(server.pid, signal.SIGINT)
            closed_with = [await c.until_closed() for c in clients]
            await asyncio.to_thread(server.wait, QUICK_SECONDS)
            seconds = time.monotonic() - began
            all_end(children)

    # The fork server, its resource tracker, and a decoder, a recogniser and a meter each.
    assert len(children) == 8
    said = [[message["code"] for message in c.said("warning")] for c in clients]
    assert (closed_with, said) == ([4412, 4412], [["SERVER_RESTARTING"]] * 2)
    report(f"ended in {seconds:.2f} s with {len(children)} children")


async def test_a_killed_server_leaves_no_children_behind(
    site: Site, interviews: Iterator[dict[str, Any]], report: Report
) -> None:
    with site.serve() as server:
        async with two_speaking(site, interviews):
            children = descendants(server)

            server.kill()
            seconds = await asyncio.to_thread(all_end, children)

    assert len(children) == 8
    report(f"{len(children)} children were gone after {seconds:.2f} s")


async def test_an_answer_goes_on_after_its_server_was_killed(site: Site, interview: dict[str, Any]) -> None:
    audio = babble(6)
    chunks = chunks_of(audio)
    with site.serve(**SCRIPTED) as server:
        cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
        async with client(site, interview["websocket_path"], cookies) as c:
            await begin(c)
            await send_frames(c, chunks[:60])
            while (await c.until("ack"))["next_chunk_index"] < 50:
                pass
            server.kill()
            durable = c.said("ack")[-1]["next_chunk_index"]

    with site.serve(**SCRIPTED):
        async with client(site, interview["websocket_path"], cookies) as c:
            question_id, next_index = await begin(c)
            await send_frames(c, chunks, next_index)
            answer = await finish(c, question_id, len(chunks))

    assert durable <= next_index
    assert answer["text"] == text_of(audio)


class Row(NamedTuple):
    """What is kept of the answer to a single question."""

    status: str
    text: str
    audio: str
    handed_over_at: str | None
    segments: int
    chunks: int


def answer_of(site: Site, interview: dict[str, Any]) -> Row:
    (found,) = rows(
        site,
        "SELECT a.status, a.text, a.audio, a.handed_over_at,"
        " (SELECT COUNT(*) FROM interviews_segment WHERE answer_id = a.id),"
        " (SELECT COUNT(*) FROM interviews_audiochunk WHERE answer_id = a.id)"
        " FROM interviews_answer a JOIN interviews_question q ON q.id = a.question_id"
        " WHERE q.interview_id = ?",
        UUID(interview["interview_id"]).hex,
    )
    return Row(*found)


async def give_up_on(site: Site, interview: dict[str, Any], pcm: bytes, status: str, **settings: Any) -> None:
    """Leaves an answer in `status`, with nobody working on it."""
    chunks = chunks_of(pcm)
    with site.serve(**STUCK, **settings) as server:
        async with candidate(site, interview) as c:
            question_id, _ = await begin(c)
            await send_frames(c, chunks)
            await c.send("end_answer", question_id=question_id, chunk_count=len(chunks))
            await asyncio.to_thread(
                wait_until, lambda: answer_of(site, interview).status == status, f"the answer is {status}"
            )
            server.kill()


@pytest.mark.parametrize(
    ("status", "settings"), [("finishing", {}), ("pending", {"ANSWER_FINISH_TIMEOUT_SECONDS": "1"})]
)
async def test_the_transcriber_does_what_a_killed_server_owed(
    site: Site,
    interview: dict[str, Any],
    status: str,
    settings: dict[str, str],
    report: Report,
) -> None:
    await give_up_on(site, interview, read_pcm(speak(STABLE_SENTENCES[2])), status, **settings)
    began = time.monotonic()

    with site.transcriber():
        wait_until(lambda: answer_of(site, interview).handed_over_at, "the hand-over")

    answer = answer_of(site, interview)
    assert (answer.status, answer.text, answer.chunks) == ("complete", STABLE_SENTENCES[2], 0)
    assert (site.folder / "media" / answer.audio).read_bytes()[:4] == b"fLaC"
    report(f"complete {time.monotonic() - began:.1f} s after the kill, with a lease of 5 s")


async def test_a_killed_transcriber_is_replaced_by_another(site: Site, interview: dict[str, Any]) -> None:
    sentences = STABLE_SENTENCES[2:] * 3
    await give_up_on(site, interview, read_pcm(speak(*sentences)), "finishing")
    with site.transcriber() as transcriber:
        wait_until(lambda: answer_of(site, interview).segments >= 2, "the first segments")
        children = descendants(transcriber)
        transcriber.kill()
        all_end(children)
        status = answer_of(site, interview).status

    with site.transcriber():
        wait_until(lambda: answer_of(site, interview).handed_over_at, "the hand-over")

    assert (status, len(children) > 2) == ("pending", True)
    assert answer_of(site, interview)[:2] == ("complete", " ".join(sentences))


@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C"])
async def test_the_transcriber_ends_quickly_and_takes_its_children_along(
    site: Site, interview: dict[str, Any], how: str, report: Report
) -> None:
    await give_up_on(site, interview, read_pcm(speak(*STABLE_SENTENCES * 4)), "finishing")
    with site.transcriber() as transcriber:
        wait_until(lambda: answer_of(site, interview).segments >= 1, "the first segment")
        children = descendants(transcriber)
        began = time.monotonic()

        if how == "SIGTERM":
            transcriber.terminate()
        else:
            os.killpg(transcriber.pid, signal.SIGINT)
        code = transcriber.wait(QUICK_SECONDS)
        seconds = time.monotonic() - began
        all_end(children)

    assert (code, len(children) > 2) == (0, True)
    assert "Traceback" not in (site.folder / "transcriber.log").read_text()
    report(f"ended in {seconds:.2f} s with {len(children)} children")

"""Clients that do what they must not: they are told so or closed, the others notice nothing."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from interviews.errors import ERRORS, Code
from tests.support.answers import babble, begin, give_answer, text_of
from tests.support.clients import Client, chunks_of, client, give_consent, sign_in
from tests.support.reports import Report
from tests.support.servers import Site

SETTINGS = {
    "SPEECH_BACKEND": "scripted",
    "OBSERVER_UNSEEN_BYTES": "65536",
    "OBSERVER_UNSEEN_SECONDS": "2",
}
AUDIO = babble(3)
MORE_MB = 60


@pytest.fixture(scope="module")
def seen(site: Site, server: subprocess.Popen[bytes]) -> Iterator[list[Client]]:
    """All clients of this module: what they were told, and what the server logged, is looked at last."""
    clients: list[Client] = []
    yield clients
    log = (site.folder / f"daphne-{site.port}.log").read_text()
    assert "Traceback" not in log, log
    for c in clients:
        for message in c.said("error"):
            assert message["message"] == ERRORS[Code(message["code"])].message


@asynccontextmanager
async def candidate(
    site: Site, interview: dict[str, Any], seen: list[Client], **how: Any
) -> AsyncIterator[Client]:
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    async with client(site, interview["websocket_path"], cookies, **how) as c:
        seen.append(c)
        yield c


async def answers_normally(site: Site, interviews: Iterator[dict[str, Any]], seen: list[Client]) -> None:
    async with candidate(site, next(interviews), seen) as c:
        assert (await give_answer(c, AUDIO))["text"] == text_of(AUDIO)


class Memory:
    def __init__(self, server: subprocess.Popen[bytes]) -> None:
        self._process = psutil.Process(server.pid)
        self._before = self._process.memory_info().rss
        self.most_mb = 0.0

    async def watch(self) -> None:
        while True:
            self.most_mb = max(self.most_mb, (self._process.memory_info().rss - self._before) / 1e6)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def watched(server: subprocess.Popen[bytes]) -> AsyncIterator[Memory]:
    memory = Memory(server)
    watching = asyncio.create_task(memory.watch())
    yield memory
    watching.cancel()


# Who may not come in


async def test_a_page_from_elsewhere_gets_no_socket(site: Site, interview: dict[str, Any], seen: Any) -> None:
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    address = f"ws://127.0.0.1:{site.port}{interview['websocket_path']}"

    others = ("http://evil.example", f"https://127.0.0.1:{site.port}", "http://127.0.0.1")
    for origin in [*map(Origin, others), None]:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address, origin=origin, additional_headers={"Cookie": cookies}):
                pass
        assert refused.value.response.status_code == 403


async def test_without_the_interviews_own_cookie_there_is_no_way_in(
    site: Site, interviews: Iterator[dict[str, Any]], seen: list[Client]
) -> None:
    interview, other = next(interviews), next(interviews)
    theirs = await asyncio.to_thread(give_consent, other["candidate_url"])
    renamed = theirs.replace(name_of(other), name_of(interview))
    forged = f"{name_of(interview)}=WyJ4Il0:1x:{'A' * 43}"

    for cookies in ("", theirs, renamed, forged):
        async with client(site, interview["websocket_path"], cookies) as c:
            seen.append(c)
            assert (await c.until_closed(), c.codes) == (4403, ["CONSENT_REQUIRED"])


def name_of(interview: dict[str, Any]) -> str:
    return "candidate_" + interview["interview_id"].replace("-", "")


async def test_a_candidate_is_no_observer(site: Site, interview: dict[str, Any], seen: list[Client]) -> None:
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])

    for path in (interview["watch_path"], "/ws/interviews/"):
        async with client(site, path, cookies) as c:
            seen.append(c)
            assert (await c.until_closed(), c.codes) == (4401, ["UNAUTHORIZED"])


async def test_an_unknown_path_is_said_to_be_unknown(site: Site, seen: list[Client]) -> None:
    for path in ("/", "/ws/", "/ws/interviews/x/", f"/ws/interviews/{uuid4()}/x/", "/ws/../admin/"):
        async with client(site, path, "") as c:
            seen.append(c)
            assert (await c.until_closed(), c.codes) == (4404, ["INTERVIEW_NOT_FOUND"])


# What is no message


JUNK = {
    "": "INVALID_MESSAGE_FORMAT",
    "{": "INVALID_MESSAGE_FORMAT",
    "null": "INVALID_MESSAGE_FORMAT",
    "[1, 2]": "INVALID_MESSAGE_FORMAT",
    "[" * 50_000: "INVALID_MESSAGE_FORMAT",
    '"start_answer"': "INVALID_MESSAGE_FORMAT",
    "{}": "MISSING_REQUIRED_FIELD",
    '{"type": 1}': "INVALID_MESSAGE_FORMAT",
    '{"type": "become_admin"}': "UNKNOWN_MESSAGE_TYPE",
    '{"type": "start_answer"}': "MISSING_REQUIRED_FIELD",
    '{"type": "start_answer", "question_id": 1, "format": {}}': "INVALID_MESSAGE_FORMAT",
    '{"type": "start_answer", "question_id": "x", "format": {"encoding": "mp3"}}': "AUDIO_FORMAT_UNSUPPORTED",
    '{"type": "start_answer", "question_id": "\\u0000", "format": {"encoding": "wav"}}': "QUESTION_NOT_FOUND",
    '{"type": "text_answer", "question_id": "\\ud800", "answer_text": "a"}': "INVALID_MESSAGE_FORMAT",
    '{"type": "text_answer", "question_id": "x", "answer_text": " "}': "INVALID_MESSAGE_FORMAT",
    '{"type": "text_answer", "question_id": "x", "answer_text": "a"}': "QUESTION_NOT_FOUND",
    '{"type": "end_answer", "question_id": "x", "chunk_count": 1e999}': "INVALID_MESSAGE_FORMAT",
    '{"type": "end_answer", "question_id": "x", "chunk_count": 5}': "INVALID_STATE",
    '{"type": "audio_chunk", "question_id": "x", "chunk_index": -1, "audio_data": ""}': "INVALID_AUDIO_CHUNK",
}


async def test_each_kind_of_junk_has_its_code_and_ends_nothing(
    site: Site, interview: dict[str, Any], seen: list[Client]
) -> None:
    async with candidate(site, interview, seen) as c:
        codes = {}
        for junk in JUNK:
            await c.socket.send(junk)
            codes[junk] = (await c.until("error"))["code"]
        for frame in (b"", b"\0", b"\0\0\0\0"):
            await c.socket.send(frame)
            assert (await c.until("error"))["code"] == "INVALID_AUDIO_CHUNK"
        await c.send("request_retry", failed_message_type="question")
        answer = await give_answer(c, AUDIO)

    assert codes == JUNK
    assert answer["text"] == text_of(AUDIO)


async def test_junk_in_an_answer_does_not_change_it(
    site: Site, interview: dict[str, Any], seen: list[Client]
) -> None:
    chunks = chunks_of(AUDIO)
    async with candidate(site, interview, seen) as c:
        question_id, _ = await begin(c)
        for index, chunk in enumerate(chunks):
            await c.frame(index, chunk)
            await c.frame(index, b"")
            await c.frame(2**32 - 1, chunk)
            if index % 10 == 0:
                await c.send("audio_chunk", question_id=question_id, chunk_index=index + 1, audio_data="%%%")
                await c.send("end_answer", question_id=question_id, chunk_count=2**31)
                await c.send("start_answer", question_id=question_id, format={"encoding": "wav"})
        await c.send("end_answer", question_id=question_id, chunk_count=len(chunks))
        answer = await c.until("answer_complete")

    assert answer["text"] == text_of(AUDIO)
    assert {"INVALID_AUDIO_CHUNK", "CHUNK_GAP", "INVALID_AUDIO_DATA", "INVALID_STATE"} == set(c.codes)


async def test_audio_that_is_none_fails_the_take_and_can_be_recorded_anew(
    site: Site, interview: dict[str, Any], seen: list[Client]
) -> None:
    async with candidate(site, interview, seen) as c:
        _question_id, _ = await begin(c, "webm")
        await c.frame(0, b"<html>" + b"x" * 5000)
        failed = await c.until("error")
        await c.send("request_retry", failed_message_type="audio_chunk", error_code=failed["code"])
        answer = await give_answer(c, AUDIO)

    assert (failed["code"], failed["next_chunk_index"]) == ("AUDIO_DECODING_FAILED", 0)
    assert answer["text"] == text_of(AUDIO)


# Too much of it


async def test_a_frame_over_the_limit_is_refused_and_over_the_servers_own_dropped(
    site: Site, interviews: Iterator[dict[str, Any]], seen: list[Client]
) -> None:
    async with candidate(site, next(interviews), seen) as c:
        await begin(c)
        await c.frame(0, bytes(300_000))
        assert (await c.until("error"))["code"] == "INVALID_AUDIO_CHUNK"
        # Most of it is still on its way when the server drops the connection.
        with suppress(ConnectionClosed):
            await c.socket.send(bytes(2_000_000))
        assert await c.until_closed() in (None, 1009)

    await answers_normally(site, interviews, seen)


async def test_ten_thousand_junk_messages_end_the_connection_alone(
    site: Site,
    server: subprocess.Popen[bytes],
    interviews: Iterator[dict[str, Any]],
    seen: list[Client],
    report: Report,
) -> None:
    async with candidate(site, next(interviews), seen) as c, watched(server) as memory:
        flooding = asyncio.create_task(flood(c, (f'{{"type": "junk{i}"}}' for i in range(10_000))))
        await answers_normally(site, interviews, seen)
        await flooding

        # Who still sends may be reset before they read why.
        assert await c.until_closed() in {4429, None}
    assert set(c.codes) <= {"UNKNOWN_MESSAGE_TYPE", "RATE_LIMIT_EXCEEDED"}
    assert len(c.codes) < 200
    report(f"{memory.most_mb:+.1f} MB")


async def flood(c: Client, messages: Iterator[str | bytes]) -> int:
    """As fast as it goes, without reading; how many were sent."""
    sent = 0
    with suppress(ConnectionClosed):
        for message in messages:
            await c.socket.send(message)
            await asyncio.sleep(0)
            sent += 1
    return sent


def frames(size: int, count: int) -> Iterator[bytes]:
    return (index.to_bytes(4, "big") + bytes(size) for index in range(count))


FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "large frames": lambda: frames(200_000, 500),
    "frames of the usual size": lambda: frames(3200, 8_000),
    "frames of a byte": lambda: frames(1, 150_000),
    "empty frames": lambda: frames(0, 150_000),
    "the same frame again and again": lambda: (bytes(3204) for _ in range(30_000)),
    "frames far ahead": lambda: (b"\xff" * 4 + bytes(100) for _ in range(100_000)),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_is_bounded_and_drowns_nobody(
    site: Site,
    server: subprocess.Popen[bytes],
    interviews: Iterator[dict[str, Any]],
    seen: list[Client],
    kind: str,
    report: Report,
) -> None:
    """Who floods reads nothing meanwhile, and may not learn why it was closed."""
    async with candidate(site, next(interviews), seen) as c, watched(server) as memory:
        await begin(c)
        flooding = asyncio.create_task(flood(c, FLOODS[kind]()))
        await answers_normally(site, interviews, seen)
        sent = await flooding

    report(f"{sent} frames, {memory.most_mb:+.1f} MB")
    assert memory.most_mb < MORE_MB


async def test_who_ignores_that_it_is_too_much_is_closed(
    site: Site, interviews: Iterator[dict[str, Any]], seen: list[Client]
) -> None:
    async with candidate(site, next(interviews), seen) as c:
        await begin(c)
        await flood(c, frames(1, 20_000))
        closed_with = await c.until_closed()

    # Where the peer is still sending when it is closed, TCP may reset before the close frame is read.
    assert closed_with in {4413, None}
    assert set(c.codes) <= {"AUDIO_BACKLOG", "CHUNK_GAP"}
    assert "AUDIO_BACKLOG" in c.codes


async def test_an_observer_that_never_says_it_has_seen_is_closed(
    site: Site, interviews: Iterator[dict[str, Any]], seen: list[Client]
) -> None:
    interview = next(interviews)
    recruiter = await asyncio.to_thread(sign_in, site)
    async with client(site, interview["watch_path"], recruiter) as c:
        seen.append(c)
        async with candidate(site, interview, seen) as speaking:
            await give_answer(speaking, babble(150, words=1))
        closed_with = await c.until_closed()

    assert (closed_with, c.codes) == (4408, ["TIMEOUT"])


# What nobody may read


async def test_logs_hold_no_words_and_no_links(
    site: Site, interviews: Iterator[dict[str, Any]], seen: list[Client]
) -> None:
    spoken, written = next(interviews), next(interviews)
    async with candidate(site, spoken, seen) as c:
        text = (await give_answer(c, AUDIO))["text"]
    async with candidate(site, written, seen) as c:
        question = await c.until("question")
        await c.send("text_answer", question_id=question["question_id"], answer_text="Xylophones, mostly.")
        await c.until("interview_complete")
    async with candidate(site, next(interviews), seen) as c:
        await c.socket.send(json.dumps({"type": "text_answer", "answer_text": "Xylophones"}))
        await c.until("error")

    log = (site.folder / f"daphne-{site.port}.log").read_text()
    tokens = [interview["candidate_url"].split("/")[-2] for interview in (spoken, written)]
    assert [
        secret for secret in [*text.split(), "Xylophones", *tokens, "Alex Example"] if secret in log
    ] == []

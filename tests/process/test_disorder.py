"""Chunks that are lost, doubled and reordered, and connections that are: the text stays the same."""

from __future__ import annotations

import asyncio
import io
import random
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from speech.audio import AudioFormat
from speech.audio.blocking import pcm_from
from tests.support.answers import PCM, babble, begin, finish, give_answer, send_frames, text_of
from tests.support.clients import Client, chunks_of, client, give_consent
from tests.support.media import encode
from tests.support.servers import Site, free_port

# A client that asks after each few chunks asks often.
SETTINGS = {"SPEECH_BACKEND": "scripted", "SOCKET_MESSAGES_PER_SECOND": "1000"}
AUDIO = babble(6)
CHUNKS = chunks_of(AUDIO)

Send = Callable[[int, bytes], Awaitable[None]]


@pytest.fixture(scope="module")
def other_port(site: Site, server: subprocess.Popen[bytes]) -> Iterator[int]:
    """A second process of the same site."""
    port = free_port()
    with site.serve(port):
        yield port


@pytest.fixture
async def cookies(interview: dict[str, Any], server: subprocess.Popen[bytes]) -> str:
    return await asyncio.to_thread(give_consent, interview["candidate_url"])


@pytest.fixture
async def candidate(site: Site, interview: dict[str, Any], cookies: str) -> AsyncIterator[Client]:
    async with client(site, interview["websocket_path"], cookies) as c:
        yield c


def sender(c: Client, question_id: str, wire: str) -> Send:
    async def as_base64(index: int, data: bytes) -> None:
        await c.chunk(question_id, index, data)

    return c.frame if wire == "frames" else as_base64


@asynccontextmanager
async def connected(site: Site, interview: dict[str, Any], cookies: str, **how: Any) -> AsyncIterator[Client]:
    async with client(site, interview["websocket_path"], cookies, **how) as c:
        yield c


async def acked(c: Client, next_index: int) -> None:
    while (await c.until("ack"))["next_chunk_index"] < next_index:
        pass


@pytest.mark.parametrize("wire", ["frames", "base64"])
async def test_a_lost_chunk_is_asked_for(candidate: Client, wire: str) -> None:
    question_id, _ = await begin(candidate)
    send = sender(candidate, question_id, wire)
    for index in (0, 1, 2, 4):
        await send(index, CHUNKS[index])

    gap = await candidate.until("error")
    for index in range(gap["next_chunk_index"], len(CHUNKS)):
        await send(index, CHUNKS[index])
    answer = await finish(candidate, question_id, len(CHUNKS))

    assert (gap["code"], gap["next_chunk_index"], gap["recoverable"]) == ("CHUNK_GAP", 3, True)
    assert candidate.codes == ["CHUNK_GAP"]
    assert answer["text"] == text_of(AUDIO)


@pytest.mark.parametrize("wire", ["frames", "base64"])
async def test_a_doubled_chunk_is_acknowledged_again(candidate: Client, wire: str) -> None:
    question_id, _ = await begin(candidate)
    send = sender(candidate, question_id, wire)
    for index in (0, 1, 1, 2):
        await send(index, CHUNKS[index])
    await acked(candidate, 3)

    await send(1, CHUNKS[1])
    again = await candidate.until("ack", "error")
    for index in range(3, len(CHUNKS)):
        await send(index, CHUNKS[index])
        await send(index, CHUNKS[index])
    answer = await finish(candidate, question_id, len(CHUNKS))

    assert (again["type"], again["next_chunk_index"]) == ("ack", 3)
    assert candidate.codes == []
    assert answer["text"] == text_of(AUDIO)


@pytest.mark.parametrize("wire", ["frames", "base64"])
async def test_other_audio_under_the_same_index_is_refused(candidate: Client, wire: str) -> None:
    question_id, _ = await begin(candidate)
    send = sender(candidate, question_id, wire)
    for index in range(3):
        await send(index, CHUNKS[index])
    await acked(candidate, 3)

    await send(1, CHUNKS[2])
    conflict = await candidate.until("ack", "error")
    for index in range(3, len(CHUNKS)):
        await send(index, CHUNKS[index])
    answer = await finish(candidate, question_id, len(CHUNKS))

    assert (conflict.get("code"), conflict["next_chunk_index"]) == ("CHUNK_CONFLICT", 3)
    assert answer["text"] == text_of(AUDIO)


@pytest.mark.parametrize("wire", ["frames", "base64"])
async def test_whatever_the_order_the_text_is_that_of_the_audio(candidate: Client, wire: str) -> None:
    """Some chunks lost, some doubled, some late; the client goes where `next_chunk_index` sends it."""
    disorder = random.Random(7)
    question_id, _ = await begin(candidate)
    send = sender(candidate, question_id, wire)
    first = 0
    while first < len(CHUNKS):
        window = list(range(first, min(first + 12, len(CHUNKS))))
        window = [index for index in window if disorder.random() < 0.9] + disorder.sample(window, 1)
        window.sort(key=lambda index: index + disorder.uniform(0, 4))
        for index in window:
            await send(index, CHUNKS[index])
        await candidate.send("request_retry", failed_message_type="audio_chunk")
        await candidate.send("ping")
        await candidate.until("pong")
        first = max(
            [first, *(m["next_chunk_index"] for m in candidate.said("error") + candidate.said("ack"))]
        )
    answer = await finish(candidate, question_id, len(CHUNKS))

    assert set(candidate.codes) == {"CHUNK_GAP"}
    assert answer["text"] == text_of(AUDIO)


async def test_an_answer_does_not_end_before_all_of_it_is_here(candidate: Client) -> None:
    question_id, _ = await begin(candidate)
    await send_frames(candidate, CHUNKS[:-2])

    await candidate.send("end_answer", question_id=question_id, chunk_count=len(CHUNKS))
    gap = await candidate.until("error")
    await send_frames(candidate, CHUNKS, gap["next_chunk_index"])
    answer = await finish(candidate, question_id, len(CHUNKS))

    assert (gap["code"], gap["next_chunk_index"]) == ("CHUNK_GAP", len(CHUNKS) - 2)
    assert answer["text"] == text_of(AUDIO)


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_a_dropped_connection_goes_on_where_it_was(
    site: Site, interview: dict[str, Any], cookies: str, other_port: int, where: str
) -> None:
    port = other_port if where == "another process" else site.port
    async with connected(site, interview, cookies) as c:
        await begin(c)
        await send_frames(c, CHUNKS[:60])
        await acked(c, 40)
        durable = c.said("ack")[-1]["next_chunk_index"]
        c.drop()

    async with connected(site, interview, cookies, port=port) as c:
        question_id, next_index = await begin(c)
        await send_frames(c, CHUNKS, next_index)
        answer = await finish(c, question_id, len(CHUNKS))

    assert durable <= next_index <= 60
    assert answer["text"] == text_of(AUDIO)


async def test_dropped_again_and_again_the_text_is_the_same(
    site: Site, interview: dict[str, Any], cookies: str, other_port: int
) -> None:
    for round in range(1, 8):
        async with connected(site, interview, cookies, port=[site.port, other_port][round % 2]) as c:
            question_id, next_index = await begin(c)
            await send_frames(c, CHUNKS[: 15 * round], next_index)
            await acked(c, 15 * round - 3)
            c.drop()

    async with connected(site, interview, cookies) as c:
        question_id, next_index = await begin(c)
        await send_frames(c, CHUNKS, next_index)
        answer = await finish(c, question_id, len(CHUNKS))

    assert answer["text"] == text_of(AUDIO)


@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_a_plain_script_goes_on_by_the_gap_that_it_is_told_of(
    site: Site, interview: dict[str, Any], cookies: str, other_port: int, where: str
) -> None:
    port = other_port if where == "another process" else site.port
    async with connected(site, interview, cookies, v1=False) as c:
        question_id = (await c.until("question"))["question_id"]
        for index in range(60):
            await c.chunk(question_id, index, CHUNKS[index], format=PCM)
        await c.until("transcription")
        c.drop()

    async with connected(site, interview, cookies, v1=False, port=port) as c:
        await c.until("question")
        await c.chunk(question_id, 90, CHUNKS[90], format=PCM)
        gap = await c.until("error", code="CHUNK_GAP")
        for index in range(gap["next_chunk_index"], len(CHUNKS)):
            await c.chunk(question_id, index, CHUNKS[index], is_final=index == len(CHUNKS) - 1)
        final = await c.until("transcription", is_final=True)

    assert final["text"] == text_of(AUDIO)


async def test_a_reload_starts_a_new_container_in_the_same_answer(
    site: Site, interview: dict[str, Any], cookies: str, other_port: int
) -> None:
    before, after = (chunks_of(encode(babble(4, seed=seed), "webm"), 4096) for seed in (1, 2))
    async with connected(site, interview, cookies) as c:
        question_id, _ = await begin(c, "webm")
        await send_frames(c, before)
        await acked(c, len(before) - 2)
        c.drop()

    async with connected(site, interview, cookies, port=other_port) as c:
        question_id, next_index = await begin(c, "webm")
        for index, chunk in enumerate(after, start=next_index):
            await c.frame(index, chunk)
        answer = await finish(c, question_id, next_index + len(after))

    assert answer["text"] == text_of(decoded(before[:next_index]) + decoded(after))


def decoded(webm: list[bytes]) -> bytes:
    return b"".join(pcm_from(AudioFormat("webm"), io.BytesIO(b"".join(webm)).read, []))


async def test_an_older_window_is_told_that_another_goes_on(
    site: Site, interview: dict[str, Any], cookies: str, other_port: int
) -> None:
    async with (
        connected(site, interview, cookies) as older,
        connected(site, interview, cookies, port=other_port) as newer,
    ):
        await begin(older)
        await send_frames(older, CHUNKS[:30])
        await acked(older, 30)

        question_id, next_index = await begin(newer)
        closed_with = await older.until_closed()
        await send_frames(newer, CHUNKS, next_index)
        answer = await finish(newer, question_id, len(CHUNKS))

    assert (older.codes, closed_with) == (["SESSION_REPLACED"], 4409)
    assert answer["text"] == text_of(AUDIO)


async def test_an_older_window_that_goes_on_sending_changes_nothing(
    site: Site, interview: dict[str, Any], cookies: str, other_port: int
) -> None:
    async with (
        connected(site, interview, cookies) as older,
        connected(site, interview, cookies, port=other_port) as newer,
    ):
        await begin(older)
        await send_frames(older, CHUNKS[:30])
        await acked(older, 30)

        question_id, next_index = await begin(newer)
        with suppress(ConnectionClosed):
            await send_frames(older, CHUNKS[:90], 30)
        await send_frames(newer, CHUNKS, next_index)
        # Before the newer one ends: afterwards nobody holds the answer, and the older one is told of its end.
        closed_with = await older.until_closed()
        answer = await finish(newer, question_id, len(CHUNKS))

    assert closed_with == 4409
    assert answer["text"] == text_of(AUDIO)


async def test_an_older_window_that_notices_only_after_the_end_is_told_the_end(
    site: Site, interview: dict[str, Any], cookies: str, other_port: int
) -> None:
    async with (
        connected(site, interview, cookies) as older,
        connected(site, interview, cookies, port=other_port) as newer,
    ):
        await begin(older)
        await send_frames(older, CHUNKS[:30])
        await acked(older, 30)
        question_id, next_index = await begin(newer)
        await send_frames(newer, CHUNKS, next_index)
        answer = await finish(newer, question_id, len(CHUNKS))

        with suppress(ConnectionClosed):
            await older.frame(30, CHUNKS[30])
        with suppress(ConnectionClosed):
            while not older.said("answer_complete"):
                await older.next()

    # Which of the two it is, is a matter of when its server looks; no third is.
    told = [complete["text"] for complete in older.said("answer_complete")]
    assert told == [answer["text"]] or older.codes == ["SESSION_REPLACED"]


async def test_undisturbed(candidate: Client) -> None:
    answer = await give_answer(candidate, AUDIO)

    assert (answer["text"], candidate.codes) == (text_of(AUDIO), [])

"""An answer of very many words is taken up again, although a server receives no message of that size."""

from __future__ import annotations

import json
import subprocess
from typing import Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed

from interviews.models import Answer, Segment
from tests.support.answers import PCM
from tests.support.clients import client, give_consent
from tests.support.rows import some_words
from tests.support.servers import Site

SEGMENTS, WORDS = 400, 40
MIB = 1024 * 1024


def say_much(question_id: str) -> None:
    """Run in a process of the site."""
    answer = Answer.objects.get(question=UUID(question_id))
    for index in range(SEGMENTS):
        words = some_words("however " * WORDS, index * 20_000)
        said = {"text": "however", "start_ms": words[0]["start_ms"], "end_ms": words[-1]["end_ms"]}
        resume = {"offset_samples": 0}
        Segment.objects.create(answer=answer, index=index, revision=index, words=words, resume=resume, **said)


async def test_an_answer_of_very_many_words_is_taken_up_again(
    site: Site, server: subprocess.Popen[bytes], interview: dict[str, Any]
) -> None:
    cookies, path = give_consent(interview["candidate_url"]), interview["websocket_path"]
    (question_id,) = interview["question_ids"]
    async with client(site, path, cookies) as c:
        await c.until("question")
        await c.send("start_answer", question_id=question_id, format=PCM)
        await c.until("answer_started")
    code = "from tests.process.test_large_messages import say_much; say_much({!r})"
    site.run_code(code.format(question_id))

    async with client(site, path, cookies) as c:
        await c.until("question")
        await c.send("start_answer", question_id=question_id, format=PCM)
        started = await c.until("answer_started")

    assert len(started["segments"]) == SEGMENTS
    assert len(json.dumps(started)) > MIB


async def test_what_comes_is_bounded_all_the_same(
    site: Site, server: subprocess.Popen[bytes], interview: dict[str, Any]
) -> None:
    cookies = give_consent(interview["candidate_url"])

    async with client(site, interview["websocket_path"], cookies) as c:
        await c.until("question")
        with pytest.raises(ConnectionClosed):
            await c.send("ping", padding="x" * (MIB + 1))
            await c.until("pong")


async def test_who_is_refused_is_closed_and_who_vanishes_is_let_go(
    site: Site, server: subprocess.Popen[bytes], interview: dict[str, Any]
) -> None:
    path = interview["websocket_path"]
    cookies = give_consent(interview["candidate_url"])

    with pytest.raises(ConnectionClosed) as closed:
        async with client(site, path, "") as c:
            await c.until("question")
    async with client(site, path, cookies) as c:
        await c.until("question")
        c.drop()
    async with client(site, path, cookies) as c:
        await c.until("question")

    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4403

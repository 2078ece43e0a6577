"""A plain script, as somebody writes one with the basic dialect's few messages alone."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from tests.support.clients import give_consent
from tests.support.media import encode
from tests.support.servers import DEADLINE_SECONDS, Site
from tests.support.voices import STABLE_SENTENCES, as_said, read_pcm, speak

SETTINGS = {"SPEECH_CAPACITY": "64"}
CHUNK_BYTES = 8192
SENTENCES = STABLE_SENTENCES[2:4]
FORMATS = ["webm", "wav", "ogg", "mp4"]


class Script:
    """Knows `question`, `transcription`, `voice_metrics`, `interview_complete`, `error`, and nothing else."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_SECONDS):
            message = json.loads(await self.socket.recv())
        self.heard.append(message)
        return message

    async def say(self, **fields: Any) -> None:
        await self.socket.send(json.dumps(fields))

    async def send_chunk(self, question_id: str, index: int, data: bytes, *, is_final: bool) -> None:
        await self.say(
            type="audio_chunk",
            question_id=question_id,
            chunk_index=index,
            audio_data=base64.b64encode(data).decode(),
            is_final=is_final,
        )

    async def answer(self, question_id: str, audio: bytes) -> dict[str, Any]:
        """Sends all but the last chunk, waits for the first words, ends, and returns the next step."""
        chunks = [audio[start : start + CHUNK_BYTES] for start in range(0, len(audio), CHUNK_BYTES)]
        for index, chunk in enumerate(chunks[:-1]):
            await self.send_chunk(question_id, index, chunk, is_final=False)
        while (await self.hear())["type"] != "transcription":
            pass
        await self.send_chunk(question_id, len(chunks) - 1, chunks[-1], is_final=True)
        while (step := await self.hear())["type"] not in {"question", "interview_complete"}:
            pass
        return step


@pytest.fixture
def interview(site: Site) -> dict[str, Any]:
    (created,) = site.create_interviews(1, *(f"Question {number}?" for number in range(len(FORMATS))))
    return created


@pytest.fixture
def audio() -> bytes:
    return read_pcm(speak(*SENTENCES))


async def test_a_plain_script_answers_in_every_container(
    site: Site, server: subprocess.Popen[bytes], interview: dict[str, Any], audio: bytes
) -> None:
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    address = f"ws://127.0.0.1:{site.port}{interview['websocket_path']}"

    async with connect(address, origin=Origin(site.url), additional_headers={"Cookie": cookies}) as socket:
        script = Script(socket)
        step = await script.hear()
        for number, encoding in enumerate(FORMATS, start=1):
            assert (step["type"], step["index"], step["total"]) == ("question", number, len(FORMATS))
            script.heard.clear()
            step = await script.answer(step["question_id"], encode(audio, encoding))
            check_transcript(script.heard, encoding)

    assert step == {
        "type": "interview_complete",
        "interview_id": interview["interview_id"],
        "total_questions": 4,
        "answered": 4,
    }


def check_transcript(heard: list[dict[str, Any]], encoding: str) -> None:
    *before, final, metrics, _ = heard
    # What is measured on the way comes once a second, if the answer takes so long.
    assert {message["type"] for message in before} <= {"transcription", "voice_metrics"}, encoding
    interims = [message for message in before if message["type"] == "transcription"]
    assert {message["is_final"] for message in interims} == {False}, encoding
    assert as_said(interims[-1]["text"]) == " ".join(SENTENCES), encoding
    assert (final["type"], final["is_final"]) == ("transcription", True)
    assert as_said(final["text"]) == " ".join(SENTENCES)
    assert 0 < final["confidence"] <= 1
    assert (metrics["type"], metrics["real_time"]) == ("voice_metrics", False)
    assert 60 < metrics["speaking_rate_wpm"] < 300


async def test_a_written_answer_has_no_transcript(
    site: Site, server: subprocess.Popen[bytes], interviews: Any
) -> None:
    interview = next(interviews)
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    address = f"ws://127.0.0.1:{site.port}{interview['websocket_path']}"

    async with connect(address, origin=Origin(site.url), additional_headers={"Cookie": cookies}) as socket:
        script = Script(socket)
        question = await script.hear()
        await script.say(type="text_answer", question_id=question["question_id"], answer_text="Because.")
        await script.hear()

    assert [message["type"] for message in script.heard] == ["question", "interview_complete"]

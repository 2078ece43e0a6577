"""Answers of made-up sound, and what the scripted recogniser has to say of them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from speech.backends.scripted import BLOCK_BYTES, Script
from speech.events import Final
from tests.support.clients import Client, Message, chunks_of

SCRIPTED = "speech.backends.scripted.ScriptedBackend"
PCM = {"encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 1}
QUIET = bytes(BLOCK_BYTES)
MAX_UNACKED = 300


def babble(segments: int, *, words: int = 3, seed: int = 1) -> bytes:
    """Loud noise: each segment is that many words of half a second, and half a second of silence."""
    source = random.Random(seed)
    return b"".join(source.randbytes(words * BLOCK_BYTES) + QUIET for _ in range(segments))


def segments_in(pcm: bytes) -> list[str]:
    script = Script(0, "scripted")
    return [event.text for event in [*script.hear(pcm), *script.finish()] if isinstance(event, Final)]


def text_of(pcm: bytes) -> str:
    return " ".join(segments_in(pcm))


async def begin(c: Client, encoding: str = "pcm_s16le") -> tuple[str, int]:
    """Starts the question that is asked, or takes its answer up again: its id and the next chunk's index."""
    question_id = (await c.until("question"))["question_id"]
    await c.send("start_answer", question_id=question_id, format={**PCM, "encoding": encoding})
    started = await c.until("answer_started", question_id=question_id)
    return question_id, started["next_chunk_index"]


async def send_frames(c: Client, chunks: Sequence[bytes], first: int = 0) -> None:
    """No further ahead of the acknowledgements than the server has room for."""
    acked = first
    for index in range(first, len(chunks)):
        if index - acked >= MAX_UNACKED:
            acked = (await c.until("ack"))["next_chunk_index"]
        await c.frame(index, chunks[index])


async def finish(c: Client, question_id: str, count: int) -> Message:
    await c.send("end_answer", question_id=question_id, chunk_count=count)
    return await c.until("answer_complete", question_id=question_id)


async def give_answer(c: Client, pcm: bytes) -> Message:
    chunks = chunks_of(pcm)
    question_id, _ = await begin(c)
    await send_frames(c, chunks)
    return await finish(c, question_id, len(chunks))

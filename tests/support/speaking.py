"""What candidates say over their sessions, or write beside them."""

from __future__ import annotations

from typing import Any

from interviews.database import in_database
from interviews.models import Interview
from interviews.services.answers import write_answer
from tests.support.clients import chunks_of
from tests.support.live import PCM, Peer


async def begin(candidate: Peer, question_id: str, **fields: Any) -> dict[str, Any]:
    candidate.say("start_answer", question_id=question_id, format={**PCM, **fields})
    return await candidate.until("answer_started", question_id=question_id)


async def say(candidate: Peer, question_id: str, pcm: bytes, first: int = 0) -> dict[str, Any]:
    """The rest of an answer that has begun, to its end."""
    chunks = chunks_of(pcm)
    candidate.frames(chunks, first)
    candidate.say("end_answer", question_id=question_id, chunk_count=len(chunks))
    return await candidate.until("answer_complete", question_id=question_id)


async def answer(candidate: Peer, question_id: str, pcm: bytes) -> None:
    await begin(candidate, question_id)
    await say(candidate, question_id, pcm)


async def write(interview: Interview, question_id: str) -> None:
    await in_database(write_answer, interview.pk, question_id, "Because.")

"""Recordings without a session: what is stored of an answer, and what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from interviews.database import in_database
from interviews.live.announcing import Outlets
from interviews.live.recording import Recording
from interviews.live.worker import Worker
from interviews.models import Interview
from interviews.services import answers, interviews
from interviews.services.changes import Change
from interviews.wire.events import Part, Store
from interviews.wire.messages import RecognitionState, ServerMessage, Transcription
from speech.audio import AudioFormat
from tests.support.live import eventually

PCM = AudioFormat("pcm_s16le")
WAV = AudioFormat("wav")
BARE = {0: PCM}


@dataclass
class Heard:
    """What a recording says."""

    told: list[ServerMessage] = field(default_factory=list)
    published: list[Change] = field(default_factory=list)
    acked: list[int] = field(default_factory=list)

    @property
    def outlets(self) -> Outlets:
        return Outlets(tell=self.tell, publish=self.published.append, acked=self.acked.append)

    def tell(self, messages: Sequence[ServerMessage]) -> None:
        self.told += messages

    @property
    def finals(self) -> list[str]:
        return [m.text for m in self.told if isinstance(m, Transcription) and m.is_final]

    @property
    def states(self) -> list[str]:
        return [m.state for m in self.told if isinstance(m, RecognitionState)]

    @property
    def recognisers(self) -> list[str]:
        return [m.recogniser for m in self.told if isinstance(m, RecognitionState)]


async def begun(interview: Interview, worker: Worker) -> tuple[Recording, Heard]:
    await in_database(interviews.start, interview.pk)
    await in_database(interview.refresh_from_db)
    question_id = str(interview.current_question_id)
    started = await in_database(answers.begin_answer, interview.pk, question_id)
    heard = Heard()
    return Recording(started, interview, journal=worker.journal, outlets=heard.outlets), heard


async def store(
    recording: Recording, chunks: Sequence[bytes], first: int = 0, parts: Mapping[int, AudioFormat] = BARE
) -> None:
    """`parts` begin at these chunks."""
    for index in range(first, len(chunks)):
        part = Part(parts[index]) if index in parts else None
        await recording.store(Store(index, chunks[index], part))


async def broken_off(
    recording: Recording,
    heard: Heard,
    chunks: Sequence[bytes],
    first: int = 0,
    parts: Mapping[int, AudioFormat] = BARE,
    *,
    finals: int = 0,
) -> None:
    """A connection that is lost when these are durable, and so many finals were said on it."""
    running = asyncio.create_task(recording.run())
    await store(recording, chunks, first, parts)
    await eventually(lambda: heard.acked[-1:] == [len(chunks)], "all is durable")
    await eventually(lambda: len(heard.finals) >= finals, "so much is final")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def ended(
    recording: Recording, chunks: Sequence[bytes], first: int = 0, parts: Mapping[int, AudioFormat] = BARE
) -> Change:
    running = asyncio.create_task(recording.run())
    await store(recording, chunks, first, parts)
    recording.finish(len(chunks))
    async with asyncio.timeout(20):
        return await running

"""One answer in flight: its chunks go to the journal and, beside it, to the recognition.

    store() ─┬→ journal ─→ ack
             └→ PartedAudio ─→ Recognising ─→ words, measures

Its audio is safe before anything else about it matters: what the recogniser can't do now is owed, and
nothing ends before every chunk is committed.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

from interviews.conf import conf
from interviews.database import persistently
from interviews.errors import Code, code_of
from interviews.live.announcing import Announcer, Outlets
from interviews.live.journal import Journal
from interviews.live.recognising import Recognising
from interviews.live.tasks import together
from interviews.models import Answer, Interview
from interviews.processing.chunks import LOAD_BYTES, ChunkReader, HeardPart, PartedAudio
from interviews.processing.leases import holding
from interviews.services import answers
from interviews.services.answers import Begun
from interviews.services.changes import Change
from interviews.wire.events import Store
from interviews.wire.messages import error, warning
from speech.events import SAMPLE_RATE
from speech.exceptions import AudioError

logger = logging.getLogger(__name__)


class Recording:
    """`run` goes on until the answer has ended, one way or another."""

    def __init__(
        self,
        begun: Begun,
        interview: Interview,
        *,
        journal: Journal,
        outlets: Outlets,
    ) -> None:
        self.answer: Answer = begun.answer
        self._failure: Code | None = None
        # From the last chunk on, until the row says how it ended.
        self._holding = AsyncExitStack()
        self._journal = journal
        self._outlets = outlets
        self._announcer = Announcer(begun, interview, outlets)
        # In their order; None is the end. A queue of futures rather than callbacks of theirs: acks go out
        # in order, and what fails ends the recording.
        self._commits: asyncio.Queue[tuple[int, asyncio.Future[None]] | None] = asyncio.Queue()
        self._audio = PartedAudio(_reader(begun, conf.AUDIO_BACKLOG_BYTES), begun.parts, self._lose_part)
        # Words come first: what is heard before the last final is for the meter alone, which reads by itself.
        self._whole = (
            PartedAudio(_reader(begun, 2 * LOAD_BYTES), begun.parts, is_background=True)
            if begun.segments and interview.is_measured
            else None
        )
        self._audios = [audio for audio in (self._audio, self._whole) if audio]
        self._recognising = Recognising(
            begun, interview, audio=self._audio, whole=self._whole, announcer=self._announcer
        )

    @property
    def has_failed(self) -> bool:
        return self._failure is not None

    @property
    def is_finishing(self) -> bool:
        """There is no more to come; the recording ends without its candidate."""
        return self._audio.chunks.has_ended

    @property
    def held_bytes(self) -> int:
        """The audio in memory: what is not heard yet, or not durable."""
        return self._audio.chunks.held_bytes

    @property
    def unacknowledged(self) -> int:
        """Chunks of whose commit nothing is known yet."""
        return self._commits.qsize()

    @property
    def is_too_long(self) -> bool:
        return self._recognising.heard_samples > conf.ANSWER_MAX_SECONDS * SAMPLE_RATE

    # What comes from the candidate

    async def store(self, chunk: Store) -> None:
        if chunk.part is not None:
            # Before the chunk: a chunk whose part is unknown would be read on as what came before it.
            part = await persistently(answers.begin_part, self.answer, chunk.index, chunk.part.audio)
            for audio in self._audios:
                audio.begin_part(part)
        committed = self._journal.append(self.answer.pk, self.answer.epoch, chunk.index, chunk.data)
        self._commits.put_nowait((chunk.index, committed))
        for audio in self._audios:
            audio.chunks.add(chunk.index, chunk.data)

    def _lose_part(self, part: HeardPart) -> None:
        assert part.problem
        logger.warning(
            "answer %s: the part from chunk %s can't be used: %s",
            self.answer.pk,
            part.first_index,
            code_of(part.problem),
        )
        self._announcer.tell([warning(Code.AUDIO_PART_LOST)])

    def finish(self, chunk_count: int) -> None:
        """There is no more; from here on the recording ends without its candidate."""
        for audio in self._audios:
            audio.chunks.end(chunk_count)
        self._commits.put_nowait(None)
        self._journal.hurry()

    # To the end

    async def run(self) -> Change:
        """The change that ended the answer. Raises StaleEpoch or a DatabaseError: then it has not ended."""
        async with self._holding:
            change = await self._run()
        if self._failure:
            question_id = self.answer.question_id
            self._announcer.tell([error(self._failure, question_id=question_id, next_chunk_index=0)])
        return change

    async def _run(self) -> Change:
        try:
            _, heard = await together(self._acknowledge(), self._recognising.run())
        except AudioError as problem:
            return await self._fail(problem)
        if heard.owed is not None:
            return await persistently(answers.owe_transcript, self.answer, heard.owed, heard.duration_ms)
        return await persistently(
            answers.complete_answer, self.answer, heard.duration_ms, heard.confidence, heard.measures
        )

    async def _fail(self, problem: AudioError) -> Change:
        self._failure = code_of(problem)
        logger.info("answer %s: take %s can't be used: %s", self.answer.pk, self.answer.take, self._failure)
        return await persistently(answers.fail_answer, self.answer, self._failure)

    async def _acknowledge(self) -> None:
        while (commit := await self._commits.get()) is not None:
            index, committed = commit
            await committed
            for audio in self._audios:
                audio.chunks.committed(index + 1)
            self._outlets.acked(index + 1)
        await self._announcer.change(answers.finish_recording)
        self._recognising.audio_is_durable()
        # Until now each commit of a chunk was a sign of life.
        await self._holding.enter_async_context(holding(self.answer))


def _reader(begun: Begun, memory_bytes: int) -> ChunkReader:
    durable = begun.started.next_chunk_index
    return ChunkReader(begun.answer.pk, durable=durable, memory_bytes=memory_bytes)

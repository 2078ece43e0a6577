"""One answer's audio: cut into phrases here, recognised phrase by phrase in the pool."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import takewhile

from speech.backends.base import Recognition
from speech.backends.moonshine.child import Draft, Heard
from speech.backends.moonshine.pool import Pool
from speech.backends.phrases import Began, Over, PhraseGate, Quiet, Step, Went
from speech.events import (
    BYTES_PER_SECOND,
    Ended,
    Event,
    Final,
    Interim,
    Progress,
    Resume,
    SpeechEnded,
    SpeechStarted,
    Word,
    ms_from_samples,
)
from speech.exceptions import SpeechError
from speech.metrics import mean_confidence

logger = logging.getLogger(__name__)

PIECE_BYTES = BYTES_PER_SECOND // 4
# So much more must be said before a phrase is tried again.
STEP_BYTES = BYTES_PER_SECOND // 2
MAX_WAITING_EVENTS = 1000


@dataclass
class Phrase:
    """`over` is set once all of it is here."""

    start: int
    pcm: bytearray
    over: Over | None = None
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self, over: Over) -> None:
        self.over = over
        self.is_over.set()


class MoonshineRecognition(Recognition):
    """`stack` gives back what the recognition holds."""

    def __init__(
        self,
        pool: Pool,
        gate: PhraseGate,
        terms: list[str],
        *,
        recogniser: str,
        max_behind_bytes: int,
        stack: AsyncExitStack,
    ) -> None:
        self.recogniser = recogniser
        self._pool = pool
        self._gate = gate
        self._terms = terms
        self._max_behind_bytes = max_behind_bytes
        self._stack = stack
        # What the gate said and nobody has dealt with: phrases, the last of them still open, and silences.
        self._waiting: deque[Phrase | Quiet] = deque()
        self._open: Phrase | None = None
        # Of phrases that are over: one that is still open must come to its end to be dealt with.
        self._behind_bytes = 0
        self._input_is_over = False
        self._events: deque[Event] = deque()
        self._is_over = False
        self._is_closed = False
        self._failure: SpeechError | None = None
        self._changed = asyncio.Condition()
        self._working = asyncio.create_task(self._work())
        self._closing: asyncio.Future[None] | None = None

    # What goes in

    async def push(self, pcm: bytes) -> None:
        assert len(pcm) % 2 == 0
        for start in range(0, len(pcm), PIECE_BYTES):
            async with self._changed:
                await self._changed.wait_for(lambda: self._is_over or not self._is_far_behind)
                self._check_open()
                for step in self._gate.hear(pcm[start : start + PIECE_BYTES]):
                    self._take(step)
                self._changed.notify_all()

    async def end_input(self) -> None:
        async with self._changed:
            if not self._input_is_over and not self._is_over:
                self._input_is_over = True
                for step in self._gate.finish():
                    self._take(step)
                self._changed.notify_all()

    @property
    def _is_far_behind(self) -> bool:
        return self._behind_bytes >= self._max_behind_bytes

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._is_over or self._input_is_over:
            raise SpeechError("the recognition takes no more audio")

    def _take(self, step: Step) -> None:
        match step:
            case Began(start, pcm):
                self._open = Phrase(start, bytearray(pcm))
                self._waiting.append(self._open)
            case Went(pcm):
                assert self._open
                self._open.pcm += pcm
            case Over():
                assert self._open
                self._open.close(step)
                self._behind_bytes += len(self._open.pcm)
            case Quiet():
                self._waiting.append(step)

    # What is made of it

    async def _work(self) -> None:
        try:
            while (waiting := await self._next()) is not None:
                if isinstance(waiting, Quiet):
                    await self._tell(Progress(Resume(waiting.end)))
                else:
                    await self._recognise(waiting)
            await self._tell(Ended(ms_from_samples(self._gate.position)))
        except SpeechError as problem:
            self._failure = problem
        except Exception as problem:
            logger.exception("a recognition broke off")
            self._failure = SpeechError(f"the recognition broke off: {type(problem).__name__}")
        async with self._changed:
            self._is_over = True
            self._changed.notify_all()

    async def _next(self) -> Phrase | Quiet | None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting or self._input_is_over)
            return self._waiting.popleft() if self._waiting else None

    async def _recognise(self, phrase: Phrase) -> None:
        await self._tell(SpeechStarted(ms_from_samples(phrase.start)))
        await self._show(phrase)
        assert phrase.over
        heard = await self._pool.final(bytes(phrase.pcm), self._terms)
        words = tuple(_word(phrase.start, word) for word in heard)
        end_ms = ms_from_samples(phrase.over.speech_end)
        resume = Resume(phrase.over.end)
        if words:
            end_ms = max(end_ms, words[-1].end_ms)
            await self._tell(self._final(words, resume))
        await self._tell(SpeechEnded(end_ms))
        if not words:
            await self._tell(Progress(resume))
        async with self._changed:
            self._behind_bytes -= len(phrase.pcm)
            self._changed.notify_all()

    def _final(self, words: tuple[Word, ...], resume: Resume) -> Final:
        return Final(
            text=" ".join(word.word for word in words),
            start_ms=words[0].start_ms,
            end_ms=words[-1].end_ms,
            confidence=mean_confidence(words),
            words=words,
            resume=resume,
            recogniser=self.recogniser,
        )

    # While it is spoken

    async def _show(self, phrase: Phrase) -> None:
        """Drafts of it until it is over, as often as the machine has time."""
        drafting = Drafting()
        tried_bytes = 0
        while await self._grows(phrase, tried_bytes + STEP_BYTES):
            tried_bytes = len(phrase.pcm)
            draft = await self._draft(phrase, drafting.prefix)
            if draft and drafting.take(draft) and not phrase.is_over.is_set():
                await self._tell(
                    Interim(
                        drafting.text,
                        ms_from_samples(phrase.start),
                        ms_from_samples(phrase.start + tried_bytes // 2),
                        drafting.tail,
                    )
                )

    async def _grows(self, phrase: Phrase, size: int) -> bool:
        """Waits until it is so long; False if it is over before."""
        async with self._changed:
            await self._changed.wait_for(lambda: phrase.over or len(phrase.pcm) >= size)
            return phrase.over is None

    async def _draft(self, phrase: Phrase, prefix: list[int]) -> Draft | None:
        """None where the phrase was over before, or nothing could be had: its final is still to come."""
        drafting = asyncio.create_task(self._pool.draft(bytes(phrase.pcm), self._terms, prefix))
        ending = asyncio.create_task(phrase.is_over.wait())
        try:
            await asyncio.wait({drafting, ending}, return_when=asyncio.FIRST_COMPLETED)
            return drafting.result() if drafting.done() else None
        except SpeechError as problem:
            logger.warning("nothing can be shown of a phrase before its end: %s", problem)
            return None
        finally:
            drafting.cancel()
            ending.cancel()
            await asyncio.gather(drafting, ending, return_exceptions=True)

    # What comes out

    async def _tell(self, event: Event) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._events) < MAX_WAITING_EVENTS)
            self._events.append(event)
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._next_event()) is not None:
            yield event
            if isinstance(event, Ended):
                return

    async def _next_event(self) -> Event | None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_closed or self._events or self._is_over)
            if self._is_closed:
                return None
            self._changed.notify_all()
            if self._events:
                return self._events.popleft()
            if self._failure is not None:
                raise self._failure
            return None

    async def aclose(self) -> None:
        # Whoever is cancelled here leaves nothing half closed.
        self._closing = self._closing or asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)
        async with self._changed:
            self._is_over = self._is_closed = True
            self._changed.notify_all()
        await self._stack.aclose()


class Drafting:
    """What is shown of one phrase: what two drafts in a row agreed on stays, the rest may change."""

    def __init__(self) -> None:
        self.text = ""
        self.tail = ""
        self.prefix: list[int] = []
        self._tokens: list[int] = []

    def take(self, draft: Draft) -> bool:
        """Whether there is anything new to show."""
        pairs = zip(self._tokens, draft.tokens, strict=False)
        agreed = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        self._tokens = draft.tokens
        settled = sum(end <= agreed for end in draft.ends)
        if settled:
            self.prefix = draft.tokens[: draft.ends[settled - 1]]
        # It isn't known yet that a sentence ends here.
        text = " ".join(draft.words).rstrip(".,;:!?…- ")
        before, self.text = self.text, text or self.text
        self.tail = self.text[len(" ".join(draft.words[:settled])) :].lstrip()
        return bool(text) and text != before


def _word(phrase_start: int, heard: Heard) -> Word:
    start, end = (ms_from_samples(phrase_start + samples) for samples in (heard.start, heard.end))
    return Word(heard.word, start, end, heard.confidence)

"""Measuring voices beside the event loop: a child process for each answer does the sums.

    meter = await open_meter(word_source(language="en-US"))
    await meter.push(pcm)
    meter.add_words(final.words)
    live = await meter.live()
    measures = await meter.final()
    await meter.aclose()

A meter never fails: one whose process has ended, or can't keep up, says once in the log that it is
lost and gives measures that are all `unavailable`. An answer that goes on in another process begins
with a new meter, which is fed everything from the start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from speech.backends import get_backend, usable
from speech.conf import conf
from speech.events import BYTES_PER_SECOND, Word
from speech.metrics import LiveMeasures, Measures, WordSource, unavailable
from speech.processes.children import Child
from speech.voice_child import Message, decode, encode, run

logger = logging.getLogger(__name__)

PIECE_BYTES = BYTES_PER_SECOND
IN_FLIGHT_BYTES = 8 * BYTES_PER_SECOND

Answer = TypeVar("Answer", Measures, LiveMeasures)


def word_source(*, language: str, backend: str = "default") -> WordSource:
    """What the words of a recogniser hold."""
    recogniser = get_backend(usable(language, backend)[0])
    return WordSource(
        language=language,
        reports_confidence=recogniser.reports_confidence,
        reports_fillers=recogniser.reports_fillers,
        pronunciations=recogniser.pronunciations(language),
    )


async def open_meter(
    source: WordSource | None = None, *, patience_seconds: float | None = None
) -> VoiceMeter:
    """Always a meter: where no process can be started it is lost from the beginning.

    `source` says what to expect of the words; without one there are none. `patience_seconds` is how long
    the process may take for whatever it is asked, in place of SPEECH_METER_TIMEOUT_SECONDS. Close it.
    """
    try:
        child = await Child.start(run, source, in_flight_bytes=IN_FLIGHT_BYTES)
    except OSError as error:
        logger.warning("no process to measure a voice can be started: %s", error)
        child = None
    return VoiceMeter(child, patience_seconds or conf.SPEECH_METER_TIMEOUT_SECONDS)


class VoiceMeter:
    """One task pushes; any may ask, one at a time."""

    def __init__(self, child: Child | None, patience_seconds: float) -> None:
        self._child = child
        self._patience_seconds = patience_seconds
        self._words: list[Word] = []
        self._is_lost = child is None
        self._asking = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process that measures; None where there never was one."""
        return self._child.pid if self._child else None

    @property
    def is_lost(self) -> bool:
        """Whether its measures will be unavailable from now on."""
        return self._is_lost

    async def push(self, pcm: bytes) -> None:
        """16 kHz mono 16-bit, cut anywhere. Waits while 8 s of audio are still to be measured."""
        for start in range(0, len(pcm), PIECE_BYTES):
            await self._send(Message.PCM, pcm[start : start + PIECE_BYTES])

    def add_words(self, words: Iterable[Word]) -> None:
        """Final ones, in order. They are sent with the next question."""
        if not self._is_lost:
            self._words.extend(words)

    async def live(self) -> LiveMeasures:
        """The last 10 s, and the answer so far."""
        found = await self._ask(Message.LIVE, LiveMeasures)
        return found or LiveMeasures(unavailable(), unavailable())

    async def final(self) -> Measures:
        """Of everything so far. More may be pushed all the same."""
        return await self._ask(Message.FINAL, Measures) or unavailable()

    async def aclose(self) -> None:
        """Ends the process. Call it in any case; more than once does nothing."""
        if self._child:
            await self._child.aclose()

    async def _ask(self, question: Message, kind: type[Answer]) -> Answer | None:
        async with self._asking:
            words, self._words = self._words, []
            for start in range(0, len(words), 1000):
                await self._send(Message.WORDS, msgspec.msgpack.encode(words[start : start + 1000]))
            await self._send(question)
            return None if self._is_lost else await self._answer(kind)

    async def _answer(self, kind: type[Answer]) -> Answer | None:
        assert self._child is not None
        try:
            async with asyncio.timeout(self._patience_seconds):
                answer = await self._child.receive()
        except TimeoutError:
            self._lose("does not answer")
            return None
        if answer is None:
            self._lose("has ended")
            return None
        return decode(answer, kind)

    async def _send(self, message: Message, content: bytes = b"") -> None:
        if self._is_lost:
            return
        assert self._child is not None
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._child.send(encode(message, content))
        except TimeoutError:
            self._lose("takes no more audio")
        except ConnectionError:
            self._lose("has ended")

    def _lose(self, what: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._words = []
            logger.warning(
                "process %s, which measures a voice, %s: its measures are unavailable", self.pid, what
            )

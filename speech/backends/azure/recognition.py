"""One recognition by the service, as seen from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable

from speech.backends.azure.errors import azure_error
from speech.backends.azure.options import AzureOptions
from speech.backends.azure.results import Utterances
from speech.backends.azure.session import Session
from speech.backends.azure.signals import (
    Broken,
    Connected,
    Lost,
    Over,
    Ready,
    Released,
    Result,
    Said,
    Started,
)
from speech.backends.azure.watch import MuteWatch
from speech.backends.base import Recognition
from speech.events import BYTES_PER_SECOND, SAMPLE_RATE, Ended, Event, Resume, ms_from_samples
from speech.exceptions import SpeechError

logger = logging.getLogger(__name__)

PIECE_BYTES = BYTES_PER_SECOND // 10
MAX_WAITING_EVENTS = 1000
# A session that is well takes some 60 ms to end, a lost one up to two seconds, on its own thread.
CLOSE_SECONDS = 0.2


class AzureRecognition(Recognition):
    """`push` waits while `max_behind_seconds` of audio are unacknowledged: the service acknowledges each
    phrase, and silence every 15 to 30 s. The SDK would lose what is over 66 s.
    """

    def __init__(
        self, options: AzureOptions, language: str, resume: Resume, phrases: tuple[str, ...], recogniser: str
    ) -> None:
        self.recogniser = recogniser
        self._loop = asyncio.get_running_loop()
        self._session = Session(options, language, phrases, self._tell)
        self._session_id = "not begun"
        self._utterances = Utterances(resume, recogniser)
        self._watch = MuteWatch(
            mute_seconds=options.mute_seconds, idle_seconds=options.idle_seconds, clock=time.monotonic
        )
        self._watch_seconds = min(options.mute_seconds, options.idle_seconds) / 10
        self._timer: asyncio.TimerHandle | None = None
        self._start_samples = self._written_samples = resume.offset_samples
        self._max_behind_samples = int(options.max_behind_seconds * SAMPLE_RATE)
        self._piece = bytearray()
        self._events: deque[Event] = deque()
        self._failure: SpeechError | None = None
        self._accepts_audio = True
        self._is_ready = self._is_over = self._is_closed = self._is_released = False
        self._changed = asyncio.Event()

    # What the caller does

    async def begin(self) -> None:
        """Until the service has let us in: a wrong key or a missing network is known before any audio."""
        try:
            self._session.start()
        except RuntimeError as error:
            raise SpeechError(f"no thread for a recognition can be started: {error}") from error
        try:
            # A token provider may hang too.
            async with asyncio.timeout(self._watch.mute_seconds):
                await self._wait_until(lambda: self._is_over or (self._is_ready and self._watch.is_connected))
        except TimeoutError:
            self._fail("Mute", "no connection is made")
        if self._failure is not None:
            raise self._failure
        self._keep_watch()

    async def push(self, pcm: bytes) -> None:
        assert len(pcm) % 2 == 0
        self._check_accepts_audio()
        for start in range(0, len(pcm), PIECE_BYTES):
            self._piece += pcm[start : start + PIECE_BYTES]
            if len(self._piece) >= PIECE_BYTES:
                await self._wait_until(self._has_room)
                self._check_accepts_audio()
                self._write(bytes(self._piece[:PIECE_BYTES]))
                del self._piece[:PIECE_BYTES]

    async def end_input(self) -> None:
        if not self._accepts_audio:
            return
        self._accepts_audio = False
        if self._piece:
            self._write(bytes(self._piece))
        if self._written_samples == self._start_samples:
            self._finish()
        else:
            self._watch.ended()
            self._session.end_input()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            await self._wait_until(lambda: self._events or self._is_over)
            if self._is_closed:
                return
            if not self._events:
                break
            event = self._events.popleft()
            self._changed.set()
            yield event
            if isinstance(event, Ended):
                return
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        self._is_closed = True
        self._stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._wait_until(lambda: self._is_released)

    def _write(self, pcm: bytes) -> None:
        self._session.write(pcm)
        self._written_samples += len(pcm) // 2
        self._watch.wrote((self._written_samples - self._start_samples) / SAMPLE_RATE)

    def _has_room(self) -> bool:
        behind = self._written_samples - self._utterances.resume.offset_samples
        has_room = behind < self._max_behind_samples and len(self._events) < MAX_WAITING_EVENTS
        return has_room or not self._accepts_audio

    def _check_accepts_audio(self) -> None:
        if not self._accepts_audio:
            raise self._failure or SpeechError("the recognition takes no more audio")

    async def _wait_until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    # What the session says

    def _tell(self, said: Said) -> None:
        """On any thread."""
        with contextlib.suppress(RuntimeError):
            # The loop is closed, and nobody listens any more.
            self._loop.call_soon_threadsafe(self._hear, said)

    def _hear(self, said: Said) -> None:
        """On the loop. Of a recognition that is over nothing counts but its release."""
        if isinstance(said, Released):
            self._is_released = True
            self._changed.set()
        elif not self._is_over:
            try:
                self._take(said)
            except Exception as problem:
                self._break(problem)

    def _take(self, said: Said) -> None:
        match said:
            case Ready():
                self._is_ready = True
                self._changed.set()
            case Started():
                self._session_id = said.session_id
            case Connected():
                self._watch.connected(said.is_connected)
                self._changed.set()
            case Result():
                self._events.extend(self._utterances.take(said))
                heard_seconds = (said.offset_ticks + said.duration_ticks) / 10_000_000
                self._watch.heard(heard_seconds, is_speaking=self._utterances.is_open)
                self._changed.set()
            case Over() if self._accepts_audio:
                self._fail("ServiceError", "the service ended before the audio did")
            case Over() if self._utterances.is_open:
                # The SDK counts audio as done once it is sent, though the service gave it up.
                self._fail("ServiceError", "the service ended in the middle of an utterance")
            case Over():
                self._finish()
            case Lost():
                self._fail(said.code, said.details)
            case Broken():
                self._break(said.problem)

    def _finish(self) -> None:
        self._events.append(Ended(ms_from_samples(self._written_samples)))
        self._stop()

    def _break(self, problem: Exception) -> None:
        logger.error("Azure session %s: what came can't be read", self._session_id, exc_info=problem)
        self._fail("ServiceError", f"what came can't be read: {type(problem).__name__}")

    def _fail(self, code: str, details: str) -> None:
        # Further lines are an address and what somebody answered there.
        summary = details.partition("\n")[0]
        self._failure = azure_error(code, summary)
        logger.warning("Azure session %s is lost: %s: %s", self._session_id, code, summary)
        self._stop()

    def _stop(self) -> None:
        self._is_over = True
        self._accepts_audio = False
        if self._timer is not None:
            self._timer.cancel()
        self._session.stop()
        self._changed.set()

    def _keep_watch(self) -> None:
        if self._watch.is_mute():
            self._fail("Mute", "the service does not answer")
        else:
            self._timer = self._loop.call_later(self._watch_seconds, self._keep_watch)

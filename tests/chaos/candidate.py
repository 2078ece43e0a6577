"""A candidate who does what the wire asks of a good client, and keeps the books on what was promised.

Each chunk is kept until it is acknowledged. Whatever closes the socket, the candidate comes back, on
the same process or another, unless the server said to stay away, and goes on where it is told.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from itertools import cycle
from time import monotonic
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.support.answers import MAX_UNACKED, PCM
from tests.support.clients import Client, Message, chunks_of, client
from tests.support.media import chunk, riff, wav_format
from tests.support.servers import Site

CHUNK_SECONDS = 0.1
SPEED = 4.0
SAMPLE_RATE = 16_000
UNKNOWN = 0xFFFFFFFF
# Of so many chunks one begins a recorder.
RESTARTS_EACH = 25
STAY_AWAY = {4403, 4404, 4409}
# So long nothing comes before the candidate asks whether anybody is there, and then gives the socket up.
SILENCE_SECONDS = 5.0
BACKOFF_SECONDS = 0.1, 1.0
LOST = OSError, ConnectionClosed, InvalidHandshake


class Candidate:
    """`speed` is a multiple of real time; None sends as fast as the server acknowledges."""

    def __init__(
        self,
        site: Site,
        interview: dict[str, Any],
        cookies: str,
        audio: bytes,
        *,
        ports: Sequence[int] = (),
        speed: float | None = SPEED,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.site, self.interview = site, interview
        self.question_id: str = interview["question_ids"][0]
        self.chunks = chunks_of(audio)
        # All of it, until the candidate is told to `hush`.
        self.count = len(self.chunks)
        self.format: dict[str, Any] = PCM
        self.port = 0
        self.ending: Message | None = None
        # Does not come back from the next lost connection.
        self.leaves = False

        # The books.
        self.acked = 0
        self.forgotten = 0
        self.taken_up: list[int] = []
        self.advances: list[float] = []
        # How long the slowest acknowledgement took, from when its chunk was sent (again).
        self.slowest_ack = 0.0
        self.resumes: list[float] = []
        self.closed_with: list[int | None] = []
        self.codes: list[str] = []
        self.recognised_ms = 0
        self.said_all_at = self.ended_at = 0.0

        self._cookies = cookies
        self._ports = cycle(ports or [site.port])
        self._speed, self._silence_seconds = speed, silence_seconds
        self._began: float | None = None
        self._lost_at: float | None = None
        self._next = self._sent = 0
        self._gap = 0, 0.0
        self._put_at: dict[int, float] = {}
        self._changed = asyncio.Condition()
        self._socket: Client | None = None

    @property
    def audio(self) -> bytes:
        return b"".join(self.chunks[: self.count])

    @property
    def is_away(self) -> bool:
        """The server said to stay away."""
        return bool(self.closed_with) and self.closed_with[-1] in STAY_AWAY

    async def until(self, condition: Callable[[Candidate], Any]) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def hush(self) -> None:
        """Nothing more is said: what the microphone has heard so far is the answer."""
        async with self._changed:
            self.count = min(self.count, max(self._sent, self._heard()))
            self._changed.notify_all()

    def in_another_tab(self, port: int) -> Candidate:
        """The same candidate again: they share what was recorded, and go on recording."""
        tab = Candidate(
            self.site, self.interview, self._cookies, b"".join(self.chunks), ports=[port], speed=self._speed
        )
        tab._began = self._began
        return tab

    def drop(self) -> None:
        """The network is gone: no goodbye."""
        if self._socket is not None:
            self._socket.drop()

    # One connection after another

    async def answer(self) -> None:
        """Until the answer has ended, or the server said to stay away."""
        self._began = self._began or monotonic()
        for delay in _delays():
            try:
                await self._connect(next(self._ports))
            except LOST as problem:
                await self._note_lost(problem)
            if self.ending is not None or self.is_away or self.leaves:
                return
            await asyncio.sleep(delay)

    def connection(self, port: int) -> AbstractAsyncContextManager[Client]:
        return client(self.site, self.interview["websocket_path"], self._cookies, port=port)

    async def _connect(self, port: int) -> None:
        self.port = port
        async with asyncio.timeout(self._silence_seconds) as opening:
            async with self.connection(port) as c:
                self._socket = c
                try:
                    taken = await self._take_up(c)
                    opening.reschedule(None)
                    if taken:
                        await self._go_on(c)
                finally:
                    self._socket = None
                    # Nobody waits for the goodbye of a server that may not be there.
                    c.drop()

    async def _note_lost(self, problem: Exception) -> None:
        async with self._changed:
            if isinstance(problem, ConnectionClosed):
                self.closed_with.append(problem.rcvd.code if problem.rcvd else None)
            if self._lost_at is None:
                self._lost_at = monotonic()
            self._changed.notify_all()

    async def _take_up(self, c: Client) -> bool:
        """Starts the answer, or takes it up again. False if it has ended meanwhile."""
        step = await c.until("question", "interview_complete")
        if step.get("question_id") == self.question_id:
            await c.send("start_answer", question_id=self.question_id, format=self.format)
            step = await c.until("answer_started", "error")
        if step["type"] == "error" and step["code"] != "QUESTION_ALREADY_ANSWERED":
            raise ConnectionRefusedError(step["code"])
        if step["type"] != "answer_started":
            await self._end(step)
            return False
        self._next = step["next_chunk_index"]
        self.taken_up.append(self._next)
        self.forgotten = max(self.forgotten, self.acked - self._next)
        await self._note_acked(self._next)
        return True

    async def _go_on(self, c: Client) -> None:
        speaking = asyncio.create_task(self._speak(c))
        try:
            await self._listen(c)
        finally:
            speaking.cancel()
            # What it failed of is what the listener failed of.
            await asyncio.gather(speaking, return_exceptions=True)

    # What is heard

    async def _listen(self, c: Client) -> None:
        has_asked = False
        while self.ending is None:
            try:
                async with asyncio.timeout(self._silence_seconds / 2):
                    message = json.loads(await c.socket.recv())
            except TimeoutError:
                if has_asked:
                    raise
                await c.send("ping")
                has_asked = True
            else:
                has_asked = False
                await self._hear(message)

    async def _hear(self, message: Message) -> None:
        match message:
            case {"type": "ack", "next_chunk_index": index}:
                await self._note_acked(index)
            case {"type": "transcription", "end_ms": end_ms}:
                async with self._changed:
                    self.recognised_ms = end_ms
                    self._changed.notify_all()
            case {"type": "answer_complete", "question_id": self.question_id}:
                await self._end(message)
            case {"type": "error" | "warning", "code": code}:
                self.codes.append(code)
                if code in {"CHUNK_GAP", "AUDIO_BACKLOG"}:
                    await self._go_back(message["next_chunk_index"])

    async def _note_acked(self, index: int) -> None:
        async with self._changed:
            if index > self.acked:
                waited = [self._put_at.pop(i) for i in range(self.acked, index) if i in self._put_at]
                self.acked = index
                self.advances.append(monotonic())
                if waited:
                    self.slowest_ack = max(self.slowest_ack, monotonic() - min(waited))
                self._note_resumed()
            self._changed.notify_all()

    def _note_resumed(self) -> None:
        """Back is who has something new acknowledged, or is told the end."""
        if self._lost_at is not None:
            self.resumes.append(monotonic() - self._lost_at)
            self._lost_at = None

    async def _end(self, message: Message) -> None:
        async with self._changed:
            self.ending, self.ended_at = message, monotonic()
            self._note_resumed()
            self._changed.notify_all()

    async def _go_back(self, index: int) -> None:
        """Each chunk after a gap is refused, and tells of the same one: it is gone back to once."""
        gap, at = self._gap
        if gap != index or monotonic() - at > 0.5 or self._next >= self.count:
            async with self._changed:
                self._gap = index, monotonic()
                self._next = index
                self._changed.notify_all()

    # What is said

    async def _speak(self, c: Client) -> None:
        while True:
            await self.until(lambda _: self._next >= self.count or self._next - self.acked < MAX_UNACKED)
            if self._next >= self.count:
                self.said_all_at = monotonic()
                await c.send("end_answer", question_id=self.question_id, chunk_count=self.count)
                await self._stay(c)
            elif (ahead := self._next - self._heard()) >= 0:
                await asyncio.sleep((ahead + 1) * CHUNK_SECONDS / (self._speed or 1))
            else:
                index, self._next = self._next, self._next + 1
                self._sent = max(self._sent, self._next)
                self._put_at[index] = monotonic()
                await self.put(c, index)

    async def _stay(self, c: Client) -> None:
        """Until something is asked for again: whoever says nothing for long is taken to be gone."""
        while self._next >= self.count:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._silence_seconds / 2):
                    await self.until(lambda _: self._next < self.count)
                    return
            await c.send("keep_alive")

    def _heard(self) -> int:
        """How many chunks the microphone has recorded, whatever the network does."""
        assert self._began is not None
        if self._speed is None:
            return len(self.chunks)
        return int((monotonic() - self._began) * self._speed / CHUNK_SECONDS)

    async def put(self, c: Client, index: int) -> None:
        await c.frame(index, self.chunks[index])


class Unruly(Candidate):
    """Chunks are also lost, doubled, swapped, and come again with other audio."""

    def __init__(self, *args: Any, chance: random.Random, **how: Any) -> None:
        super().__init__(*args, **how)
        self._chance = chance

    async def put(self, c: Client, index: int) -> None:
        match self._chance.randrange(12):
            case 0:
                return
            case 1:
                await super().put(c, index)
            case 2 if index + 1 < self.count:
                self._sent = max(self._sent, index + 2)
                await super().put(c, index + 1)
            case 3 if self.acked:
                # Only of what is durable is it sure that the server knows better.
                await c.frame(self._chance.randrange(self.acked), bytes(len(self.chunks[0])))
        await super().put(c, index)


@dataclass(frozen=True)
class Recorder:
    """Bytes of another kind for the same sound, to the sample."""

    format: dict[str, Any]
    channels: int = 1

    @property
    def header(self) -> bytes:
        """What begins a recording; nothing in bare PCM. A WAV that is still growing knows no sizes."""
        if self.format["encoding"] != "wav":
            return b""
        fmt = chunk(b"fmt ", wav_format(1, self.channels, SAMPLE_RATE, 16))
        return riff(fmt, chunk(b"data", b"", size=UNKNOWN), size=UNKNOWN)

    def encode(self, pcm: bytes) -> bytes:
        return np.repeat(np.frombuffer(pcm, "<i2"), self.channels).tobytes()


RECORDERS = [
    Recorder(PCM),
    Recorder({**PCM, "channels": 2}, channels=2),
    Recorder({"encoding": "wav"}),
    Recorder({"encoding": "wav"}, channels=2),
]


class Wandering(Candidate):
    """Comes back with another recorder each time, as from another device; and now and then, as after a call
    or with another microphone, a recorder starts anew in the middle of a connection.
    """

    def __init__(self, *args: Any, chance: random.Random, **how: Any) -> None:
        super().__init__(*args, **how)
        self._chance = chance
        # Where the recorders of this connection began.
        self._began_at: dict[int, Recorder] = {}
        # How often one did in the middle of a connection.
        self.restarts = 0

    async def _connect(self, port: int) -> None:
        self._began_at = {-1: self._chance.choice(RECORDERS)}
        self.format = self._began_at[-1].format
        await super()._connect(port)

    async def _take_up(self, c: Client) -> bool:
        is_taken = await super()._take_up(c)
        self._began_at = {self._next: self._began_at[-1]}
        return is_taken

    async def put(self, c: Client, index: int) -> None:
        if index > max(self._began_at) and not self._chance.randrange(RESTARTS_EACH):
            self._began_at[index] = self._chance.choice(RECORDERS)
            self.restarts += 1
        begun = max(start for start in self._began_at if start <= index)
        recorder = self._began_at[begun]
        is_first = index == begun
        if is_first and index > min(self._began_at):
            told = {"question_id": self.question_id, "first_chunk_index": index}
            await c.send("start_part", **told, format=recorder.format)
        data = recorder.encode(self.chunks[index])
        await c.frame(index, recorder.header + data if is_first else data)


def _delays() -> Iterator[float]:
    """From short to long, and never two candidates in step."""
    shortest, longest = BACKOFF_SECONDS
    delay = shortest
    while True:
        yield delay * random.uniform(0.5, 1)
        delay = min(2 * delay, longest)

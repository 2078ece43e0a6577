"""A stand-in for Azure's speech service: speaks its protocol, recognises with a backend of ours, and
misbehaves when told to.

In a test:      with serving(plan=[Behaviour(refuse=503)]) as server: … AzureBackend(host=server.url)
Beside it:      python -m tests.support.azure.server --port 5000 --recogniser pocketsphinx drop_at_ms=4000

Each connection takes the next behaviour of the plan; when it is used up, all is well.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from speech.backends.base import BaseBackend, Recognition
from speech.backends.scripted import ScriptedBackend, is_quiet
from speech.events import SAMPLE_RATE, Ended, Event, Final, Interim, Resume, SpeechStarted
from tests.support.azure.behaviour import Behaviour
from tests.support.azure.wire import RIFF_HEADER_BYTES, Turn, read_binary, read_text

# The real service says in silence every 15 to 30 s that it heard nothing.
SILENCE_SAMPLES = 15 * SAMPLE_RATE
# A recogniser is busy for so long with what it was given; until then nobody can call it silence.
BUSY_SECONDS = 2
BUSY_SAMPLES = BUSY_SECONDS * SAMPLE_RATE
BLOCK_SAMPLES = SAMPLE_RATE // 2


@dataclass
class Heard:
    """One connection, as a test looks at it."""

    path: str
    headers: dict[str, str]
    first_audio_at: float | None = None
    audio: bytearray = field(default_factory=bytearray)
    contexts: list[str] = field(default_factory=list)
    turns: int = 0


class AzureServer:
    def __init__(
        self,
        backend: BaseBackend,
        plan: Iterable[Behaviour] = (),
        *,
        silence_samples: int = SILENCE_SAMPLES,
        keep_audio: bool = True,
    ) -> None:
        self.backend = backend
        self.plan = deque(plan)
        self.silence_samples = silence_samples
        self.keep_audio = keep_audio
        self.requests = 0
        self.heard: list[Heard] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[None]:
        server = await serve(
            self._handle,
            "127.0.0.1",
            port,
            process_request=self._admit,
            compression=None,
            ping_interval=None,
            open_timeout=None,
            close_timeout=0.5,
            max_size=None,
        )
        self.port = next(iter(server.sockets)).getsockname()[1]
        try:
            yield
        finally:
            for connection in server.connections:
                connection.transport.abort()
            server.close()
            await server.wait_closed()

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests += 1
        behaviour = self.plan.popleft() if self.plan else Behaviour()
        if behaviour.never_answer:
            await connection.wait_closed()
        if behaviour.refuse:
            return connection.respond(HTTPStatus(behaviour.refuse), "refused as planned\n")
        connection.behaviour = behaviour  # type: ignore[attr-defined]
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        heard = Heard(
            connection.request.path, {k.lower(): v for k, v in connection.request.headers.raw_items()}
        )
        self.heard.append(heard)
        talk = Talk(self, connection, heard, connection.behaviour)  # type: ignore[attr-defined]
        try:
            await talk.listen()
        except ConnectionClosed:
            pass
        finally:
            await talk.end_turn()


class Talk:
    """One connection: turns of audio, one after another."""

    def __init__(
        self, server: AzureServer, connection: ServerConnection, heard: Heard, behaviour: Behaviour
    ) -> None:
        self._server = server
        self._connection = connection
        self._heard = heard
        self._behaviour = behaviour
        self._received_samples = 0
        self._turn: Turn | None = None
        self._recognition: Recognition | None = None
        self._telling: asyncio.Task[None] | None = None
        self._is_silent = True
        self._loud_at: float | None = None
        self._outbox: asyncio.Queue[tuple[float, str | bytes]] = asyncio.Queue()

    async def listen(self) -> None:
        sending = asyncio.create_task(self._send())
        try:
            async for frame in self._connection:
                if isinstance(frame, bytes):
                    headers, body = read_binary(frame)
                    await self._take_audio(headers, body)
                else:
                    headers, text = read_text(frame)
                    if headers["path"] == "speech.context":
                        self._heard.contexts.append(text)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _take_audio(self, headers: dict[str, str], body: bytes) -> None:
        if self._turn is None or self._turn.request_id != headers["x-requestid"]:
            await self._begin_turn(headers["x-requestid"])
        if self._recognition is None:
            # Of a turn that we have ended.
            return
        if body.startswith(b"RIFF"):
            body = body[RIFF_HEADER_BYTES:]
            if not body:
                return
        if not body:
            await self._recognition.end_input()
            return
        self._note(body)
        if self._loud_at is None and not is_quiet(body):
            self._loud_at = time.monotonic()
        await self._recognition.push(body)
        if (turn := self._turn) is not None:
            turn.received_samples += len(body) // 2
            self._tell_of_silence(turn)
            await self._misbehave(turn)

    def _note(self, pcm: bytes) -> None:
        self._received_samples += len(pcm) // 2
        if self._heard.first_audio_at is None:
            self._heard.first_audio_at = time.monotonic()
        if self._server.keep_audio:
            self._heard.audio += pcm

    async def _begin_turn(self, request_id: str) -> None:
        await self.end_turn()
        self._heard.turns += 1
        self._turn = Turn(request_id)
        self._is_silent = True
        self._recognition = await self._server.backend.start(language="en-US", resume=Resume())
        self._say(self._turn.start())
        self._telling = asyncio.create_task(self._tell(self._turn, self._recognition))

    async def end_turn(self) -> None:
        if self._recognition is not None and self._telling is not None:
            await self._recognition.aclose()
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
            self._recognition = self._telling = None

    async def _tell(self, turn: Turn, recognition: Recognition) -> None:
        async for event in recognition:
            for message in self._messages(turn, event):
                self._say(message)

    def _messages(self, turn: Turn, event: Event) -> list[str]:
        match event:
            case SpeechStarted():
                self._is_silent = False
                return [turn.start_detected(event.start_ms)]
            case Interim():
                return [turn.hypothesis(event)]
            case Final():
                self._is_silent = True
                self._loud_at = self._loud_at and time.monotonic()
                return [turn.phrase(event)]
            case Ended():
                return turn.end()[: 2 if self._behaviour.hang_at_end else 3]
            case _:
                return []

    def _tell_of_silence(self, turn: Turn) -> None:
        is_heard = self._loud_at is None or time.monotonic() - self._loud_at > BUSY_SECONDS
        quiet = turn.received_samples - turn.acknowledged_samples - BUSY_SAMPLES
        if self._is_silent and is_heard and quiet >= self._server.silence_samples:
            quiet -= quiet % BLOCK_SAMPLES
            self._loud_at = self._loud_at and time.monotonic()
            self._say(turn.no_match(turn.acknowledged_samples + quiet))

    async def _misbehave(self, turn: Turn) -> None:
        behaviour = self._behaviour
        if self._has_come(behaviour.drop_at_ms):
            self._connection.transport.abort()
        if self._has_come(behaviour.close_at_ms):
            await self._connection.close(behaviour.close_code)
        if self._has_come(behaviour.stall_at_ms):
            await self._connection.wait_closed()
        if self._has_come(behaviour.rubbish_at_ms):
            for message in turn.rubbish():
                self._say(message)
        if self._has_come(behaviour.broken_phrase_at_ms):
            self._say(turn.broken_phrase())
        if self._has_come(behaviour.end_turn_at_ms):
            await self.end_turn()
            self._say(turn.stop())

    def _has_come(self, at_ms: int | None) -> bool:
        return at_ms is not None and 0 <= self._received_samples - at_ms * SAMPLE_RATE // 1000 < 1600

    def _say(self, message: str | bytes) -> None:
        if not self._behaviour.mute:
            self._outbox.put_nowait((time.monotonic() + self._behaviour.delay_ms / 1000, message))

    async def _send(self) -> None:
        while True:
            due, message = await self._outbox.get()
            await asyncio.sleep(max(0, due - time.monotonic()))
            await self._connection.send(message)


@contextmanager
def serving(
    backend: BaseBackend | None = None, plan: Iterable[Behaviour] = (), *, port: int = 0, **options: Any
) -> Iterator[AzureServer]:
    """The server in this process, on a thread and a loop of its own."""
    server = AzureServer(backend or ScriptedBackend(), plan, **options)
    loop = asyncio.new_event_loop()
    is_up, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with server.running(port):
            is_up.set()
            await stop.wait()

    def main() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=main, name="azure-server")
    thread.start()
    assert is_up.wait(10), "the server did not start"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--recogniser", choices=["scripted", "pocketsphinx"], default="scripted")
    parser.add_argument("plan", nargs="*", type=Behaviour.parse, help="refuse=503 drop_at_ms=4000 … in turn")
    options = parser.parse_args()
    if options.recogniser == "pocketsphinx":
        from speech.backends.pocketsphinx import PocketSphinxBackend  # noqa: PLC0415  (loads a model)

        backend: BaseBackend = PocketSphinxBackend()
    else:
        backend = ScriptedBackend()
    server = AzureServer(backend, options.plan, keep_audio=False)
    async with server.running(options.port):
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

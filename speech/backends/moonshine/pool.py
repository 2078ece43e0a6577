"""The children that recognise for all answers of a process.

Finals and drafts have children apart, each as many as there are cores and no more than are wanted. The
kernel schedules them, over all processes of the machine: drafts run where finals leave time, and each answer
has but one under way, so that they come less often where there is less of it. A request carries its phrase,
so that the death of a child costs one retry. The children end with the last recognition.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from speech.backends.moonshine.child import Draft, Heard, Request, Setup, serve
from speech.conf import conf
from speech.exceptions import SpeechError
from speech.processes.children import Child

logger = logging.getLogger(__name__)

IN_FLIGHT_BYTES = 1 << 20
TRIES = 3

Answer = TypeVar("Answer")


class Pool:
    """Whoever opens it closes it; the last one ends the children. All of it belongs to one event loop."""

    def __init__(self, folder: str, cores: int) -> None:
        self.finals = Lane(Setup(folder=folder, for_finals=True), cores)
        self.drafts = Lane(Setup(folder=folder, for_finals=False), cores)
        self._users = 0

    async def open(self) -> None:
        """Raises SpeechError where no child can be had, permanent if none ever will."""
        self._users += 1
        try:
            await self.finals.warm()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        self._users -= 1
        if not self._users:
            await asyncio.gather(self.finals.aclose(), self.drafts.aclose())

    async def final(self, pcm: bytes, terms: list[str]) -> list[Heard]:
        """The words of a whole phrase."""
        return await self.finals.ask(Request(pcm, terms), list[Heard])

    async def draft(self, pcm: bytes, terms: list[str], prefix: list[int]) -> Draft:
        """What the beginning of one may turn out to be."""
        return await self.drafts.ask(Request(pcm, terms, prefix), Draft)


class Lane:
    """Children of one kind. Who asks waits for one that is free, in the order of asking."""

    def __init__(self, setup: Setup, count: int) -> None:
        self._setup = setup
        self._places = asyncio.Semaphore(count)
        self._idle: list[Child] = []
        self._under_way: set[asyncio.Task[bytes]] = set()

    async def warm(self) -> None:
        """Has one child at least, so that what is wrong with the model is known at the beginning."""
        if not self._idle and not self._under_way:
            # Many answers may begin at once.
            async with self._places, self._child():
                pass

    async def ask(self, request: Request, kind: type[Answer]) -> Answer:
        """Raises SpeechError if child after child is lost over it.

        Who gives up waits no longer; a child that has begun does its work to the end, for nobody.
        """
        await self._places.acquire()
        asking = asyncio.create_task(self._exchange(msgspec.msgpack.encode(request)))
        self._under_way.add(asking)
        asking.add_done_callback(self._over)
        return msgspec.msgpack.decode(await asyncio.shield(asking), type=kind)

    def _over(self, asking: asyncio.Task[bytes]) -> None:
        self._under_way.discard(asking)
        self._places.release()
        if not asking.cancelled():
            # Whoever asked may have gone; they are told of it by their own waiting.
            asking.exception()

    async def _exchange(self, message: bytes) -> bytes:
        for attempt in range(1, TRIES + 1):
            try:
                # A child that takes longer for one phrase hangs, or is on a machine that has no time at all.
                async with self._child() as child, asyncio.timeout(conf.SPEECH_CHILD_TIMEOUT_SECONDS):
                    await child.send(message)
                    answer = await child.receive()
                    if answer is None:
                        raise ConnectionResetError
                    return answer
            except (ConnectionError, TimeoutError) as problem:
                logger.warning(
                    "a recogniser's process was lost (%s), %d of %d", type(problem).__name__, attempt, TRIES
                )
        raise SpeechError(f"{TRIES} processes in a row were lost over one phrase")

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[Child]:
        """One that is free, or a new one. It is given back, unless something went wrong with it."""
        # All may have died at once, for lack of memory, say; no phrase is to blame for that.
        while self._idle and self._idle[-1].has_ended:
            await self._idle.pop().aclose()
        child = self._idle.pop() if self._idle else await self._start()
        try:
            yield child
        except BaseException:
            await child.aclose()
            raise
        self._idle.append(child)

    async def _start(self) -> Child:
        try:
            child = await Child.start(serve, self._setup, in_flight_bytes=IN_FLIGHT_BYTES)
        except OSError as error:
            raise SpeechError(f"no process for a recognition can be started: {error}") from error
        try:
            await _begin(child)
        except BaseException:
            await child.aclose()
            raise
        return child

    async def aclose(self) -> None:
        under_way = list(self._under_way)
        for asking in under_way:
            asking.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        idle, self._idle = self._idle, []
        await asyncio.gather(*(child.aclose() for child in idle))


async def _begin(child: Child) -> None:
    """Waits until its model is loaded."""
    try:
        async with asyncio.timeout(conf.SPEECH_CHILD_TIMEOUT_SECONDS):
            refusal = await child.receive()
            code = await child.exit_code() if refusal is None else None
    except TimeoutError:
        raise SpeechError(f"the recogniser's process {child.pid} does not begin") from None
    if refusal is None:
        # No instruction set for it, as a processor without AVX.
        raise SpeechError(f"a recogniser's process ended with {code}", permanent=code == -signal.SIGILL)
    if refusal:
        raise SpeechError(f"the model can't be loaded: {refusal.decode()}", permanent=True)

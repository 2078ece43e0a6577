"""Live interviews without a network: a session, what is said to it and what it says."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from interviews.access import Watcher
from interviews.database import in_database
from interviews.errors import Close
from interviews.live.broadcast import group_name
from interviews.live.candidate import CandidateSession
from interviews.live.observers import LobbySession, ObserverSession
from interviews.live.practice import PracticeSession
from interviews.live.worker import Worker
from interviews.models import Answer, Interview
from interviews.services import interviews
from interviews.wire.dialects import BasicDialect, V1Dialect
from interviews.wire.messages import candidate_decoder, decode, observer_decoder, practice_decoder
from interviews.wire.protocol import Frame
from tests.support.rows import an_interview

Message = dict[str, Any]
Session = CandidateSession | PracticeSession | ObserverSession | LobbySession
DEADLINE_SECONDS = 20.0
PCM = {"encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 1}


class Peer:
    """The other end of a session's socket."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.heard: list[Message] = []
        self.closed: Close | None = None
        self._unread: asyncio.Queue[Message | None] = asyncio.Queue()
        self.is_reading = asyncio.Event()
        self.is_reading.set()

    async def listen(self) -> None:
        self.closed = await self.session.outbox.drain(self._take)
        self._unread.put_nowait(None)

    async def _take(self, text: str) -> None:
        await self.is_reading.wait()
        self._unread.put_nowait(json.loads(text))

    def say(self, type: str, **fields: Any) -> None:
        text = json.dumps({"type": type, **fields})
        if isinstance(self.session, CandidateSession):
            by_candidate = decode(candidate_decoder, text)
            self.session.receive(by_candidate, len(text))
        elif isinstance(self.session, PracticeSession):
            in_practice = decode(practice_decoder, text)
            self.session.receive(in_practice)
        else:
            by_observer = decode(observer_decoder, text)
            self.session.receive(by_observer)

    def frame(self, index: int, data: bytes) -> None:
        frame = index.to_bytes(4, "big") + data
        if isinstance(self.session, PracticeSession):
            self.session.receive(Frame(frame))
        else:
            assert isinstance(self.session, CandidateSession)
            self.session.receive(Frame(frame), len(frame))

    def chunk(self, question_id: str, index: int, data: bytes, **fields: Any) -> None:
        audio = base64.b64encode(data).decode()
        self.say("audio_chunk", question_id=question_id, chunk_index=index, audio_data=audio, **fields)

    def frames(self, chunks: Sequence[bytes], first: int = 0) -> None:
        for index, data in enumerate(chunks[first:], start=first):
            self.frame(index, data)

    async def next(self) -> Message:
        message = await self._unread.get()
        assert message is not None, f"closed with {self.closed!r} after {self.heard}"
        self.heard.append(message)
        return message

    async def until(self, *types: str, **fields: Any) -> Message:
        """The next message of these types with these fields; `heard` keeps what comes before it."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while True:
                    message = await self.next()
                    if message["type"] in types and fields.items() <= message.items():
                        return message
        except TimeoutError:
            raise AssertionError(f"no {types} {fields} in {self.heard}") from None

    async def until_closed(self) -> Close:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (message := await self._unread.get()) is not None:
                self.heard.append(message)
        assert self.closed is not None
        return self.closed

    def said(self, *types: str) -> list[Message]:
        return [message for message in self.heard if message["type"] in types]

    @property
    def codes(self) -> list[str]:
        """Those of the errors so far."""
        return [message["code"] for message in self.said("error")]


@asynccontextmanager
async def connected(session: Session) -> AsyncIterator[Peer]:
    """What a consumer does with a session, from accepting to the end of the connection."""
    peer = Peer(session)
    tasks = asyncio.create_task(session.run()), asyncio.create_task(peer.listen())
    try:
        yield peer
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await session.aclose()
    assert not [end for end in ends if isinstance(end, Exception)]


def candidate_of(interview: Interview, worker: Worker, *, v1: bool = True) -> CandidateSession:
    return CandidateSession(interview, V1Dialect() if v1 else BasicDialect(), worker)


def observer_of(interview: Interview, watcher: Watcher, worker: Worker) -> ObserverSession:
    return ObserverSession(interview.pk, watcher, worker)


async def joined(observer: Peer) -> Message:
    """The first snapshot of an observer whose feed hears of changes by now."""
    group = group_name(observer.session.interview_id)  # type: ignore[union-attr]
    snapshot = await observer.until("snapshot")
    await eventually(lambda: group in get_channel_layer().groups, "the feed has joined the group")
    return snapshot


async def a_live_interview(*questions: str, **fields: Any) -> tuple[Interview, list[str]]:
    """An interview with consent, and the ids of its questions."""
    interview = await in_database(an_interview, questions=questions or ("Why you?", "Why us?"), **fields)
    await in_database(interviews.give_consent, interview, "2026-11")
    ids = await in_database(lambda: [str(pk) for pk in interview.questions.values_list("pk", flat=True)])
    return interview, ids


async def eventually(condition: Callable[[], Awaitable[Any] | Any], what: str) -> Any:
    """The condition's first true value; polls, and fails with `what` when the time is over."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                value = condition()
                if asyncio.iscoroutine(value):
                    value = await value
                if value:
                    return value
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {DEADLINE_SECONDS:.0f} s: {what}") from None


async def the_answer(**where: Any) -> Answer:
    return await sync_to_async(Answer.objects.select_related("question").get, thread_sensitive=False)(**where)

"""The sockets: a candidate's, an observer's and the lobby's. They accept, decode and pass on."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from interviews import access
from interviews.database import in_database
from interviews.errors import Close, Code
from interviews.live.candidate import CandidateSession
from interviews.live.observers import LobbySession, ObserverSession
from interviews.live.outbox import Outbox, check_backpressure
from interviews.live.practice import PracticeSession
from interviews.live.worker import get_worker
from interviews.models import Interview
from interviews.wire.dialects import SUBPROTOCOL, dialect_for
from interviews.wire.messages import (
    ServerMessage,
    candidate_decoder,
    decode,
    encode,
    error,
    observer_decoder,
    practice_decoder,
    warning,
)
from interviews.wire.protocol import Frame

logger = logging.getLogger(__name__)

FAREWELL_SECONDS = 0.5


class Session(Protocol):
    """What goes on over an accepted socket."""

    outbox: Outbox

    async def run(self) -> None: ...

    def encoded(self, message: ServerMessage) -> list[str]:
        """As it is said over this socket."""

    async def aclose(self) -> None: ...


class SocketConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Accepts, runs a session beside the incoming messages, and releases it whatever happens.

    It belongs to no channel layer: a consumer that subscribed would die with Redis. The feed subscribes.
    """

    session: Session | None = None
    tasks: tuple[asyncio.Task[Any], ...] = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.base_send = scope, send
        self.worker = get_worker()
        check_backpressure(scope)
        try:
            # Channels' own loop makes a task of each message: frames would come faster than it takes
            # them, and wait without bound, since Daphne has no backpressure.
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        except asyncio.CancelledError:
            await self.say_farewell()
            raise
        finally:
            await self.release()

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own goes to a thread with each message, to close old database connections.
        # Nothing here has one: `in_database` closes its own.
        await getattr(self, get_handler_name(message))(message)

    @property
    def subprotocol(self) -> str | None:
        """Browsers break off a handshake that doesn't answer the subprotocol they offered."""
        return SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None

    async def say_farewell(self) -> None:
        """The server ends, and waits for this: whoever is here may go on at another one."""
        if self.session:
            for task in self.tasks:
                task.cancel()
            # Who doesn't read keeps no server from its end.
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    for text in self.session.encoded(warning(Code.SERVER_RESTARTING)):
                        await self.send(text)
            await self.hang_up(Close.RESTARTING)
            await self.release()

    async def open(self, session: Session) -> None:
        await self.accept(self.subprotocol)
        self.session = session
        self.worker.sockets.add(self)
        self.tasks = asyncio.create_task(self._run(session)), asyncio.create_task(self._send(session.outbox))

    async def refuse(self, code: Close, reason: Code) -> None:
        """The server can't say why it refuses a handshake, so it accepts, says why, and closes."""
        await self.accept(self.subprotocol)
        await self.send(encode(error(reason)))
        await self.hang_up(code)

    async def hang_up(self, code: Close) -> None:
        # Daphne refuses an integer's subclass.
        await self.close(int(code))

    async def _run(self, session: Session) -> None:
        try:
            await session.run()
        except Exception:
            logger.exception("a session broke off")
            session.outbox.put(encode(error(Code.INTERNAL_ERROR)))
            session.outbox.close(Close.TRY_LATER)

    async def _send(self, outbox: Outbox) -> None:
        await self.hang_up(await outbox.drain(self.send))

    async def disconnect(self, code: int) -> None:
        await self.release()

    async def release(self) -> None:
        session, self.session = self.session, None
        if session is None:
            return
        self.worker.sockets.discard(self)
        for task in self.tasks:
            task.cancel()
        try:
            await asyncio.gather(*self.tasks, return_exceptions=True)
        finally:
            await session.aclose()


class BaseCandidateConsumer(SocketConsumer):
    """For whoever has the interview's cookie."""

    async def connect(self) -> None:
        interview_id: UUID = self.scope["url_route"]["kwargs"]["interview_id"]
        interview = await in_database(access.candidate_interview, interview_id, self.scope["cookies"])
        if interview is None:
            return await self.refuse(Close.NOT_ALLOWED, Code.CONSENT_REQUIRED)
        await self.admit(interview, is_open=await in_database(getattr, interview, "is_open"))

    async def admit(self, interview: Interview, *, is_open: bool) -> None:
        raise NotImplementedError


class CandidateConsumer(BaseCandidateConsumer):
    """`ws/interviews/<uuid>/`: the candidate's."""

    session: CandidateSession | None

    async def admit(self, interview: Interview, *, is_open: bool) -> None:
        if not is_open and interview.status != Interview.Status.COMPLETED:
            return await self.refuse(Close.NOT_ALLOWED, Code.INTERVIEW_ALREADY_COMPLETED)
        dialect = dialect_for(self.scope["subprotocols"])
        await self.open(CandidateSession(interview, dialect, self.worker))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.session is None:
            return
        if bytes_data is not None:
            self.session.receive(Frame(bytes_data), len(bytes_data))
        elif text_data is not None:
            message = decode(candidate_decoder, text_data)
            self.session.receive(message, len(text_data))


class PracticeConsumer(BaseCandidateConsumer):
    """`ws/interviews/<uuid>/practice/`: the candidate's, before the interview begins."""

    session: PracticeSession | None

    async def admit(self, interview: Interview, *, is_open: bool) -> None:
        if not is_open:
            return await self.refuse(Close.NOT_ALLOWED, Code.INTERVIEW_ALREADY_COMPLETED)
        if interview.status != Interview.Status.SCHEDULED:
            return await self.refuse(Close.NOT_ALLOWED, Code.INVALID_STATE)
        await self.open(PracticeSession(interview))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.session is None:
            return
        if bytes_data is not None:
            self.session.receive(Frame(bytes_data))
        elif text_data is not None:
            message = decode(practice_decoder, text_data)
            self.session.receive(message)


class ObserverConsumer(SocketConsumer):
    session: ObserverSession | LobbySession | None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.session is None:
            return
        message = decode(observer_decoder, text_data or "")
        self.session.receive(message)


class WatchConsumer(ObserverConsumer):
    """`ws/interviews/<uuid>/watch/`: an observer's."""

    async def connect(self) -> None:
        interview_id: UUID = self.scope["url_route"]["kwargs"]["interview_id"]
        if not self.scope["user"].is_authenticated:
            return await self.refuse(Close.NOT_SIGNED_IN, Code.UNAUTHORIZED)
        watcher = await in_database(access.watcher_of, self.scope, interview_id)
        if watcher is None:
            # Whether there is such an interview is nobody's business who may not see it.
            return await self.refuse(Close.NOT_FOUND, Code.INTERVIEW_NOT_FOUND)
        await self.open(ObserverSession(interview_id, watcher, self.worker))


class LobbyConsumer(ObserverConsumer):
    """`ws/interviews/`: the list of interviews, found by the same query as the page's."""

    async def connect(self) -> None:
        watcher = await in_database(access.watcher_of, self.scope)
        if watcher is None:
            return await self.refuse(Close.NOT_SIGNED_IN, Code.UNAUTHORIZED)
        query_string = self.scope["query_string"].decode("ascii", "replace")
        await self.open(LobbySession(watcher, query_string, lobbies=self.worker.lobbies))


class UnknownConsumer(SocketConsumer):
    """Any other path."""

    async def connect(self) -> None:
        await self.refuse(Close.NOT_FOUND, Code.INTERVIEW_NOT_FOUND)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is expected any more."""

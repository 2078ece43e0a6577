"""What the process's feed knows of the sockets that it serves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from interviews import access
from interviews.live.broadcast import Delivery
from interviews.queries.status import Standing


class Socket(Protocol):
    """Its methods return at once."""

    interview_id: UUID

    def check(self, standing: Standing) -> None:
        """Compare with the rows: catch up, or close."""


class CandidateSocket(Socket, Protocol):
    @property
    def answer_id(self) -> UUID | None:
        """The answer that it is recording."""

    @property
    def silent_seconds(self) -> float:
        """How long nothing has come from the candidate."""


class ObserverSocket(Socket, Protocol):
    watcher: access.Watcher

    def deliver(self, delivery: Delivery) -> None: ...

    def show_watchers(self, names: list[str]) -> None: ...

    def show_interims(self) -> None:
        """Whether they are live or late has changed."""


AnySocket = TypeVar("AnySocket", bound=Socket)


class Registry(Generic[AnySocket]):
    """Those of one kind, by their interviews."""

    def __init__(self) -> None:
        self._of: dict[UUID, set[AnySocket]] = defaultdict(set)

    def add(self, socket: AnySocket) -> None:
        self._of[socket.interview_id].add(socket)

    def discard(self, socket: AnySocket) -> None:
        self._of[socket.interview_id].discard(socket)
        if not self._of[socket.interview_id]:
            del self._of[socket.interview_id]

    def of(self, interview_id: UUID) -> list[AnySocket]:
        return list(self._of.get(interview_id, ()))

    def __contains__(self, socket: AnySocket) -> bool:
        return socket in self._of.get(socket.interview_id, ())

    def __iter__(self) -> Iterator[AnySocket]:
        """A copy: whoever is told something may leave at that."""
        return iter([socket for sockets in self._of.values() for socket in sockets])

    def __bool__(self) -> bool:
        return bool(self._of)

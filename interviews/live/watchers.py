"""Who watches which interview, over all processes.

Each process tells the others the names of its own, in the interview's group of the channel layer: when
somebody comes or goes, when another process is heard of for the first time, and again each time that the
group is joined anew. What isn't said again ends by itself, with the process that said it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID

from interviews.live.registry import ObserverSocket, Registry

# Longer than two of the feed's REJOIN_SECONDS: one message may be lost.
PRESENCE_SECONDS = 25.0


class Watchers:
    """`process` is the one that this is part of; `send` puts a message into an interview's group."""

    def __init__(
        self, process: UUID, observers: Registry[ObserverSocket], send: Callable[[UUID, dict[str, Any]], None]
    ) -> None:
        self._process = process.hex
        self._observers = observers
        self._send = send
        # By interview and process: the names, and until when they count.
        self._told: dict[UUID, dict[str, tuple[list[str], float]]] = defaultdict(dict)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is remembered of anybody."""
        return not self._told

    def names(self, interview_id: UUID) -> list[str]:
        """The names of all who watch, over all processes that were heard of lately."""
        now = time.monotonic()
        told = self._told.get(interview_id, {}).values()
        others = {name for names, until in told if until > now for name in names}
        return sorted(others | set(self._own(interview_id)))

    def tell(self, interview_id: UUID) -> None:
        """Tells every process who watches here; the last who goes takes what was told along."""
        names = self._own(interview_id)
        message = {
            "type": "feed.presence",
            "interview": str(interview_id),
            "process": self._process,
            "names": names,
        }
        self._send(interview_id, message)
        if not names:
            self._told.pop(interview_id, None)

    def hear(self, interview_id: UUID, process: str, names: list[str]) -> None:
        """What a process has told, this one too; shows it to whoever watches here."""
        observers = self._observers.of(interview_id)
        if not observers:
            return
        before = self.names(interview_id)
        is_own = process == self._process
        is_new = process not in self._told[interview_id] and not is_own
        self._told[interview_id][process] = names, time.monotonic() + PRESENCE_SECONDS
        after = self.names(interview_id)
        for socket in observers if before != after or is_own else []:
            socket.show_watchers(after)
        if is_new:
            # It doesn't know yet who watches here.
            self.tell(interview_id)

    def _own(self, interview_id: UUID) -> list[str]:
        return sorted({socket.watcher.name for socket in self._observers.of(interview_id)})

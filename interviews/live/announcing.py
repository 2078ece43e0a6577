"""What becomes of an answer in flight, told to its candidate and to whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from interviews.database import persistently
from interviews.models import Interview
from interviews.services.answers import Begun
from interviews.services.changes import Change
from interviews.wire.messages import ServerMessage


@dataclass(frozen=True)
class Outlets:
    """Where a recording speaks to. Each returns at once."""

    tell: Callable[[Sequence[ServerMessage]], None]
    publish: Callable[[Change], None]
    acked: Callable[[int], None]


class Announcer:
    """Makes the changes of one answer, and tells of them and of what no row keeps.

    Recording and recognising change the same rows at the same time. Two changes that overlapped could be
    told in another order than that of their revisions, and observers would take the first for a gap.
    """

    def __init__(self, begun: Begun, interview: Interview, outlets: Outlets) -> None:
        self._answer = begun.answer
        self._interview = interview
        self._revision = begun.change.revision
        self._outlets = outlets
        self._changing = asyncio.Lock()

    async def change(self, verb: Callable[..., Change], *args: Any) -> None:
        """Calls `verb(answer, *args)`, which may be done again, until the database has done it."""
        async with self._changing:
            change = await persistently(verb, self._answer, *args)
            self._revision = change.revision
            self.tell(change.messages)
            self._outlets.publish(change)

    def show(self, message: ServerMessage) -> None:
        """What no row keeps is shown as of the last revision."""
        self.tell([message])
        interview = self._interview
        change = Change(interview.pk, self._revision, [message], shares_metrics=interview.shares_metrics)
        if change.observed:
            self._outlets.publish(change)

    def tell(self, messages: Sequence[ServerMessage]) -> None:
        """The candidate alone."""
        self._outlets.tell(messages)

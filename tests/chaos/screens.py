"""Dashboards that are opened again when their worker dies, and how far they are behind the rows."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any, Self
from uuid import UUID

import psycopg
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.chaos.injuries import Stage
from tests.support.clients import client
from tests.support.observing import Dashboard, revision_of, rows, truth
from tests.support.servers import Site, wait_until

LATEST_SECONDS = 2.0
SAMPLE_SECONDS = 0.1
AGAIN_SECONDS = 0.2
REVISIONS = "SELECT id, revision FROM interviews_interview"


@dataclass
class Showing:
    """A dashboard for as long as its socket lasts."""

    dashboard: Dashboard
    closed: float = inf

    @property
    def opened(self) -> float:
        return min(self.dashboard.reached.values(), default=inf)

    def lag(self, revision: int, at: float) -> float | None:
        """How much later than `at` it showed the revision; None where it was not open, or not for long."""
        if at < self.opened:
            return None
        reached = self.dashboard.reached.items()
        shown = min((when for shown, when in reached if shown >= revision), default=inf)
        if shown == inf and min(self.closed, monotonic()) - at < LATEST_SECONDS:
            return None
        return max(0.0, shown - at)


class Pulse:
    """How long a worker takes for a plain page: what the machine, busy with everything else, adds to all."""

    def __init__(self, site: Site, port: int) -> None:
        self._port = port
        self._request = f"GET /accounts/login/ HTTP/1.0\r\nHost: {site.url[7:]}\r\n\r\n".encode()
        # When each was asked for and had arrived.
        self._pages: list[tuple[float, float]] = []

    async def feel(self) -> None:
        while True:
            asked = monotonic()
            with suppress(OSError):
                await self._load()
                self._pages.append((asked, monotonic()))
            await asyncio.sleep(AGAIN_SECONDS)

    async def _load(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self._request)
            await reader.read()
        finally:
            writer.close()

    def longest(self, begin: float, end: float) -> float:
        """Of the pages that were under way between the two."""
        return max(
            (answered - asked for asked, answered in self._pages if asked < end and answered > begin),
            default=0.0,
        )


class Screen:
    """The dashboard of one interview on one worker."""

    def __init__(self, site: Site, interview: dict[str, Any], staff: str, port: int) -> None:
        self.interview_id: str = interview["interview_id"]
        self.port = port
        self.showings: list[Showing] = []
        self._site, self._path, self._staff = site, interview["watch_path"], staff

    async def watch(self) -> None:
        while True:
            with suppress(OSError, ConnectionClosed, InvalidHandshake):
                await self._watch()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _watch(self) -> None:
        async with client(self._site, self._path, self._staff, port=self.port) as c:
            showing = Showing(Dashboard(c))
            self.showings.append(showing)
            try:
                await showing.dashboard.read()
            finally:
                showing.closed = monotonic()

    def _is_open(self) -> bool:
        return bool(self.showings) and self.showings[-1].closed == inf

    async def shows_the_truth(self) -> None:
        await asyncio.to_thread(wait_until, self._is_open, f"a dashboard on port {self.port}")
        shown = self.showings[-1].dashboard
        await shown.shows(await asyncio.to_thread(revision_of, self._site, self.interview_id))
        assert shown.observed.shown == await asyncio.to_thread(truth, self._site, self.interview_id)


class Audience:
    """Dashboards for all of some interviews on all of some workers, from the first word to the last."""

    def __init__(self, stage: Stage, interviews: Sequence[dict[str, Any]]) -> None:
        self._site = site = stage.site
        self.screens = [Screen(site, i, stage.staff, port) for i in interviews for port in stage.ports]
        # When each revision of each interview was first seen in the rows.
        self._revisions: dict[tuple[str, int], float] = {}
        self._pulses = {port: Pulse(site, port) for port in stage.ports}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(screen.watch()) for screen in self.screens]
        self._tasks += [asyncio.create_task(pulse.feel()) for pulse in self._pulses.values()]
        self._tasks.append(asyncio.create_task(self._sample()))
        return self

    async def __aexit__(self, *_: object) -> None:
        failed = [task.exception() for task in self._tasks if task.done()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert failed == []

    async def _sample(self) -> None:
        while True:
            try:
                found = await asyncio.to_thread(rows, self._site, REVISIONS)
            except (sqlite3.Error, psycopg.Error):
                # It is what is being taken away.
                found = []
            now = monotonic()
            for interview_id, revision in found:
                self._revisions.setdefault((str(UUID(interview_id)), revision), now)
            await asyncio.sleep(SAMPLE_SECONDS)

    async def converge(self) -> None:
        for screen in self.screens:
            await screen.shows_the_truth()

    @property
    def lags(self) -> list[float]:
        return [lag for _, _, lag in self._lags()]

    @property
    def late(self) -> int:
        """How often a dashboard was later than promised by more than a plain page of its worker took."""
        return sum(
            lag > LATEST_SECONDS + self._pulses[screen.port].longest(at, at + lag)
            for screen, at, lag in self._lags()
        )

    def _lags(self) -> Iterator[tuple[Screen, float, float]]:
        for (interview_id, revision), at in self._revisions.items():
            for screen in self.screens:
                for showing in screen.showings if screen.interview_id == interview_id else ():
                    if (lag := showing.lag(revision, at)) is not None:
                        yield screen, at, lag

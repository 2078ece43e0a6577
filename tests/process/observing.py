"""A dashboard without a page: what it shows by the rules of the wire, and what the rows hold."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any
from uuid import UUID

from tests.clients import Client, Message, client
from tests.servers import DEADLINE_SECONDS, Site

# Each answer as (status, text, its segments' texts), by its question.
Shown = dict[str, tuple[str, str, tuple[str, ...]]]


class Observed:
    """Applies a message if it follows what is known; after a hole it waits for a snapshot."""

    def __init__(self) -> None:
        self.revision: int | None = None
        self.interim = ""
        self.status = ""
        self._answers: dict[str, dict[str, Any]] = {}

    @property
    def shown(self) -> Shown:
        return {
            question: (a["status"], a["text"], tuple(a["segments"][i] for i in sorted(a["segments"])))
            for question, a in self._answers.items()
        }

    def receive(self, message: Message) -> bool:
        """False where a snapshot is needed."""
        if message["type"] == "snapshot":
            self._restore(message)
            return True
        if self.revision is None or message.get("revision", self.revision) < self.revision:
            return True
        if message["revision"] > self.revision + (0 if builds_on(message) else 1):
            return False
        self.revision = message["revision"]
        self._apply(message)
        return True

    def _restore(self, snapshot: Message) -> None:
        self.revision = snapshot["revision"]
        self.status = snapshot["interview"]["status"]
        self.interim = snapshot["interim"]["text"] if snapshot["interim"] else ""
        self._answers = {
            answer["question_id"]: {
                **answer,
                "segments": {segment["segment"]: segment["text"] for segment in answer["segments"]},
            }
            for answer in snapshot["answers"]
        }

    def _apply(self, message: Message) -> None:
        match message:
            case {"type": "answer_started", "question_id": question, "segments": segments}:
                known = {segment["segment"]: segment["text"] for segment in segments}
                self._answers[question] = {"status": "recording", "text": "", "segments": known}
            case {"type": "transcription", "is_final": False, "text": text}:
                self.interim = text
            case {"type": "transcription", "question_id": question, "segment": index, "text": text}:
                self._answers[question]["segments"][index] = text
                self.interim = ""
            case {"type": "answer_complete", "question_id": question, "status": status, "text": text}:
                self._answers[question] |= {"status": status, "text": text}
            case {"type": "interview_complete"}:
                self.status = "completed"


def builds_on(message: Message) -> bool:
    """These come without a change of their own."""
    if message["type"] == "transcription":
        return not message["is_final"]
    return message["type"] in {"heartbeat", "presence", "state"} or bool(message.get("real_time"))


class Dashboard:
    """Reads on its own task; `reached` keeps when each revision was shown."""

    def __init__(self, c: Client) -> None:
        self.observed = Observed()
        self.reached: dict[int, float] = {}
        self.interims: list[tuple[float, str]] = []
        self.kinds: list[str] = []
        self._c = c
        self._changed = asyncio.Event()

    async def read(self) -> None:
        while True:
            message = json.loads(await self._c.socket.recv())
            self.kinds.append(message["type"])
            if not self.observed.receive(message):
                await self._c.send("resync")
            if message["type"] == "heartbeat":
                await self._c.send("seen", revision=message["revision"])
            if message["type"] == "transcription" and not message["is_final"]:
                self.interims.append((time.monotonic(), message["text"]))
            if self.observed.revision is not None:
                self.reached.setdefault(self.observed.revision, time.monotonic())
            self._changed.set()

    async def until(self, condition: Any, what: str) -> float:
        """When it came true."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not condition(self.observed):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"the dashboard never showed {what}: {self.observed.shown}") from None
        return time.monotonic()

    async def shows(self, revision: int) -> float:
        await self.until(lambda observed: (observed.revision or 0) >= revision, f"revision {revision}")
        return min(at for reached, at in self.reached.items() if reached >= revision)


@asynccontextmanager
async def dashboard(site: Site, path: str, cookies: str, port: int | None = None) -> AsyncIterator[Dashboard]:
    async with client(site, path, cookies, port=port) as c:
        shown = Dashboard(c)
        reading = asyncio.create_task(shown.read())
        try:
            await shown.until(lambda observed: observed.revision is not None, "anything")
            yield shown
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


def rows(site: Site, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(site.folder / "db.sqlite3", timeout=20)) as database:
        return database.execute(query, values).fetchall()


def revision_of(site: Site, interview_id: str) -> int:
    ((revision,),) = rows(
        site, "SELECT revision FROM interviews_interview WHERE id = ?", UUID(interview_id).hex
    )
    return int(revision)


def truth(site: Site, interview_id: str) -> Shown:
    found = rows(
        site,
        "SELECT a.id, a.question_id, a.status, a.text"
        " FROM interviews_answer a JOIN interviews_question q ON q.id = a.question_id"
        " WHERE q.interview_id = ? AND a.status <> 'failed'",
        UUID(interview_id).hex,
    )
    return {
        str(UUID(question)): (status, text, _segments(site, answer))
        for answer, question, status, text in found
    }


def _segments(site: Site, answer: str) -> tuple[str, ...]:
    query = 'SELECT text FROM interviews_segment WHERE answer_id = ? ORDER BY "index"'
    return tuple(text for (text,) in rows(site, query, answer))

"""A dashboard without a page: what it shows by the rules of the wire, and what the rows hold."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg

from tests.support.clients import Client, Message, client
from tests.support.servers import DEADLINE_SECONDS, Site

# Each answer as (status, text, its segments' texts), by its question.
Shown = dict[str, tuple[str, str, tuple[str, ...]]]
# Texts by question and index.
Segments = dict[tuple[str, int], str]


class Observed:
    """Applies a message if it follows what is known; after a hole it waits for a snapshot."""

    def __init__(self) -> None:
        self.revision: int | None = None
        self.status = ""
        self._answers: dict[str, dict[str, Any]] = {}
        self._open: Message | None = None

    @property
    def shown(self) -> Shown:
        return {
            question: (a["status"], a["text"], tuple(a["segments"][i]["text"] for i in sorted(a["segments"])))
            for question, a in self._answers.items()
        }

    @property
    def interim(self) -> str:
        return self._open["text"] if self._open else ""

    @property
    def segments(self) -> Segments:
        return {
            (question, index): segment["text"]
            for question, answer in self._answers.items()
            for index, segment in answer["segments"].items()
        }

    @property
    def doubled(self) -> list[str]:
        """Words that are there twice: of segments that overlap, and an interim whose final is shown."""
        found = [] if self._open is None or not self._is_final(self._open) else [self.interim]
        for answer in self._answers.values():
            ordered = [answer["segments"][index] for index in sorted(answer["segments"])]
            found += [later["text"] for one, later in pairwise(ordered) if later["start_ms"] < one["end_ms"]]
        return found

    def receive(self, message: Message) -> bool:
        """False where a snapshot is needed."""
        if message["type"] == "snapshot":
            self._restore(message)
            return True
        if self.revision is None or message.get("revision", -1) < self.revision:
            return True
        if message["revision"] > self.revision + (0 if builds_on(message) else 1):
            return False
        self.revision = message["revision"]
        self._apply(message)
        return True

    def _restore(self, snapshot: Message) -> None:
        self.revision = snapshot["revision"]
        self.status = snapshot["interview"]["status"]
        self._open = snapshot["interim"]
        self._answers = {a["question_id"]: {**a, "segments": _by_index(a)} for a in snapshot["answers"]}

    def _apply(self, message: Message) -> None:
        match message:
            case {"type": "answer_started", "question_id": question}:
                self._answers[question] = {"status": "recording", "text": "", "segments": _by_index(message)}
            case {"type": "transcription", "is_final": False}:
                if not self._is_final(message):
                    self._open = message
            case {"type": "transcription", "question_id": question, "segment": index}:
                self._answers[question]["segments"][index] = message
                self._open = None
            case {"type": "answer_complete", "question_id": question, "status": status, "text": text}:
                self._answers[question] |= {"status": status, "text": text}
                self._open = None
            case {"type": "interview_complete"}:
                self.status = "completed"

    def _is_final(self, interim: Message) -> bool:
        answer = self._answers.get(interim["question_id"], {"segments": {}})
        return interim["segment"] in answer["segments"]


def _by_index(answer: Message) -> dict[int, Message]:
    found = {segment["segment"]: segment for segment in answer["segments"]}
    assert len(found) == len(answer["segments"]), answer
    return found


def builds_on(message: Message) -> bool:
    """These come without a change of their own."""
    if message["type"] == "transcription":
        return not message["is_final"]
    if message["type"] == "state":
        return message["state"] != "recorded_only"
    return message["type"] in {"heartbeat", "presence"} or bool(message.get("real_time"))


class Dashboard:
    """Reads on its own task; `reached` keeps when each revision was shown."""

    def __init__(self, c: Client) -> None:
        self.client = c
        self.observed = Observed()
        self.reached: dict[int, float] = {}
        self.interims: list[tuple[float, str]] = []
        # Each change of what it is told of them, and when.
        self.told: list[tuple[float, str]] = []
        self.kinds: list[str] = []
        self.bytes = 0
        self._changed = asyncio.Event()

    async def read(self) -> None:
        while True:
            text = await self.client.socket.recv()
            self.bytes += len(text)
            message = json.loads(text)
            self.kinds.append(message["type"])
            if not self.observed.receive(message):
                await self.client.send("resync")
            if message["type"] == "heartbeat":
                await self.client.send("seen", revision=message["revision"])
            if message["type"] == "transcription" and not message["is_final"]:
                self.interims.append((time.monotonic(), message["text"]))
            if message.get("interims", "") not in {"", *self.liveness[-1:]}:
                self.told.append((time.monotonic(), message["interims"]))
            if self.observed.revision is not None:
                self.reached.setdefault(self.observed.revision, time.monotonic())
            self._changed.set()

    @property
    def liveness(self) -> list[str]:
        return [interims for _, interims in self.told]

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
    """Of whichever database the site has; ids are hexadecimal in both."""
    if url := site.settings.get("DATABASE_URL"):
        with psycopg.connect(url) as database:
            found = database.execute(query.replace("?", "%s"), values).fetchall()
        return [tuple(value.hex if isinstance(value, UUID) else value for value in row) for row in found]
    with closing(sqlite3.connect(site.folder / "db.sqlite3", timeout=20)) as file:
        return file.execute(query, values).fetchall()


def revision_of(site: Site, interview_id: str) -> int:
    ((revision,),) = rows(
        site, "SELECT revision FROM interviews_interview WHERE id = ?", UUID(interview_id).hex
    )
    return int(revision)


def segments_of(site: Site, interview_id: str) -> tuple[int, Segments]:
    """Those in the database, as of which revision."""
    found = rows(
        site,
        'SELECT i.revision, q.id, s."index", s.text FROM interviews_interview i'
        " LEFT JOIN interviews_question q ON q.interview_id = i.id"
        " LEFT JOIN interviews_answer a ON a.question_id = q.id AND a.status <> 'failed'"
        " LEFT JOIN interviews_segment s ON s.answer_id = a.id WHERE i.id = ?",
        UUID(interview_id).hex,
    )
    return found[0][0], {(str(UUID(q)), index): text for _, q, index, text in found if text is not None}


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

"""Made-up interviews in all states."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from interviews import access
from interviews.management.made_up import RECOGNISER, MadeUpAnswer, make_up
from interviews.models import Answer, Interview, Question, Segment, watcher_field
from speech.audio import write_flac

Status = Interview.Status
STATUSES = {
    Status.COMPLETED: 70,
    Status.SCHEDULED: 15,
    Status.EXPIRED: 6,
    Status.CANCELLED: 5,
    Status.IN_PROGRESS: 4,
}
LANGUAGES = {"en-US": 70, "de-DE": 20, "fr-FR": 10}
NAMES = "Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jan", "Kim", "Leo", "Mia", "Noah"
SURNAMES = "Adler", "Berg", "Conte", "Dubois", "Evans", "Fischer", "Garcia", "Haas", "Ito", "Jansen", "Novak"
TITLES = "Baker", "Carpenter", "Developer", "Electrician", "Florist", "Gardener", "Nurse", "Teacher", "Welder"
QUESTIONS = "What did you learn from it?", "How did you go about it?", "Whom did you ask, and why?"
# As many different answers in each language; their measuring takes time.
MADE_UP = 2


class Filling:
    def __init__(self, questions: int, owner: Any, has_audio: bool) -> None:
        self.answers = 0
        self._questions = questions
        self._owner = owner
        self._random = random.Random(1)
        self._spoken = {language: self._some_answers(language) for language in LANGUAGES}
        spoken = (said for answers in self._spoken.values() for said in answers)
        self._files = {id(said): _flac(said.pcm) for said in spoken} if has_audio else {}

    def _some_answers(self, language: str) -> list[MadeUpAnswer]:
        return [make_up(self._random, language) for _ in range(MADE_UP)]

    @transaction.atomic
    def add(self, count: int) -> None:
        interviews = [self._interview() for _ in range(count)]
        asked = {interview: self._asked(interview) for interview in interviews}
        given = [pair for interview in interviews for pair in self._given(interview, asked[interview])]
        Interview.objects.bulk_create(interviews)
        Question.objects.bulk_create(question for questions in asked.values() for question in questions)
        Answer.objects.bulk_create(answer for answer, _ in given)
        Segment.objects.bulk_create(
            Segment(answer=answer, index=index, revision=index, **fields)
            for answer, said in given
            for index, fields in enumerate(said.segments)
        )
        self._let_watch([interview for interview in interviews if interview.owner is None])
        self.answers += len(given)

    def _interview(self) -> Interview:
        one_of, now = self._random.choice, timezone.now()
        status, language = self._one_of(STATUSES), self._one_of(LANGUAGES)
        created = now - timedelta(minutes=self._random.randint(60, 365 * 24 * 60))
        started = (
            created + timedelta(minutes=30) if status in {Status.COMPLETED, Status.IN_PROGRESS} else None
        )
        name, surname = one_of(NAMES), one_of(SURNAMES)
        # One in ten is somebody else's, and watched.
        owner = self._owner if self._random.random() < 0.9 else None
        return Interview(
            title=one_of(TITLES),
            candidate_name=f"{name} {surname}",
            candidate_email=f"{name}.{surname}@example.org".lower(),
            language=language,
            status=status,
            owner=owner,
            token_hash=access.hash_token(access.new_token()),
            created_at=created,
            consented_at=started,
            consent_version="2026-11" if started else "",
            started_at=started,
            completed_at=started + timedelta(minutes=20) if started and status == Status.COMPLETED else None,
            expires_at=now + timedelta(days=-1 if status == Status.EXPIRED else 30),
            revision=1,
        )

    def _asked(self, interview: Interview) -> list[Question]:
        return [
            Question(interview=interview, position=position, text=self._random.choice(QUESTIONS))
            for position in range(1, self._questions + 1)
        ]

    def _given(self, interview: Interview, asked: list[Question]) -> list[tuple[Answer, MadeUpAnswer]]:
        """To all questions of a completed interview, and to some of one that goes on."""
        if interview.started_at is None:
            return []
        count = len(asked)
        if interview.status == Status.IN_PROGRESS:
            count = self._random.randrange(count)
            interview.current_question = asked[count]
        spoken = self._spoken[interview.language]
        return [self._answer(interview, question, self._random.choice(spoken)) for question in asked[:count]]

    def _answer(
        self, interview: Interview, question: Question, said: MadeUpAnswer
    ) -> tuple[Answer, MadeUpAnswer]:
        ended = (interview.started_at or timezone.now()) + timedelta(minutes=question.position)
        answer = Answer(
            question=question,
            status=Answer.Status.COMPLETE,
            text=said.text,
            confidence=0.8,
            duration_ms=said.duration_ms,
            voice_metrics=said.metrics,
            recogniser=RECOGNISER,
            peaks=said.peaks,
            started_at=ended - timedelta(milliseconds=said.duration_ms),
            ended_at=ended,
            # The transcriber owes it nothing.
            handed_over_at=ended,
        )
        if file := self._files.get(id(said)):
            answer.audio.save(f"{answer.pk.hex}.flac", ContentFile(file), save=False)
        return answer, said

    def _let_watch(self, interviews: list[Interview]) -> None:
        through = Interview.watchers.through
        if self._owner:
            watcher = {watcher_field(): self._owner}
            rows = (through(interview=interview, **watcher) for interview in interviews)
            through.objects.bulk_create(rows)

    def _one_of(self, weights: dict[Any, int]) -> Any:
        [chosen] = self._random.choices(list(weights), list(weights.values()))
        return chosen


def _flac(pcm: bytes) -> bytes:
    async def blocks() -> AsyncIterator[bytes]:
        yield pcm

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.flac"
        asyncio.run(write_flac(blocks(), path))
        return path.read_bytes()

"""What happens to an answer once its candidate has said all, or is gone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.chaos.candidate import Candidate
from tests.chaos.injuries import Stage
from tests.chaos.scene import IS_LONG, KILLS, go_on, hush, new_candidate, some_time, speaking, speeches
from tests.chaos.verdict import files_in, judge, note_resumed, pcm_of, settled, takes
from tests.support.clients import chunks_of
from tests.support.observing import rows
from tests.support.servers import wait_until
from tests.support.tallies import NO_HARM, Tally

ROUNDS = max(2, KILLS // 10) if IS_LONG else 1
CANDIDATES = 6
FINISHING_SECONDS = 0.3
GRACE_SECONDS = 5
TRANSCRIBER_KILLS = 2


async def test_killed_between_the_last_word_and_the_hand_over(
    stage: Stage, tally: Tally, chance: random.Random, impatient: None
) -> None:
    """Also before it is noted that the last word was said: then the candidate is waited for, and missed."""
    for _ in range(ROUNDS):
        async with speaking(stage, tally, speeches(CANDIDATES)) as candidates:
            await hush(candidates)
            for candidate in candidates:
                await candidate.until(lambda c: c.acked == c.count)
            # Some never come back: what their answers are owed is for the transcriber to do.
            leaving = chance.sample(candidates, CANDIDATES // 2)
            for candidate in leaving:
                candidate.leaves = True
            await asyncio.gather(*(kill_worker(stage, tally, chance, port) for port in stage.ports))
            await kill_transcriber(stage, tally, chance, leaving)
        note_resumed(tally, candidates)
        for candidate in candidates:
            assert_one_of_each(stage, candidate)

    assert tally.harm == NO_HARM


async def test_a_candidate_who_never_comes_back(stage: Stage, tally: Tally, impatient: None) -> None:
    candidate = await new_candidate(stage, *speeches(1), questions=("Why you?", "And else?"))
    interview_id = candidate.interview["interview_id"]
    candidate.leaves = True
    async with asyncio.TaskGroup() as group:
        group.create_task(candidate.answer())
        await go_on([candidate])
        await asyncio.to_thread(expire, stage, interview_id)
        await go_on([candidate])
        candidate.drop()
        tally.injections += 1
    answer = await asyncio.to_thread(settled, stage.site, candidate.question_id)
    stored = pcm_of(stage.site.folder / "media" / answer.audio)
    candidate.count = len(chunks_of(stored))
    judge(tally, candidate)

    assert tally.harm == NO_HARM
    assert candidate.count >= candidate.acked
    query = "SELECT status FROM interviews_interview WHERE id = ?"
    await asyncio.to_thread(
        wait_until,
        lambda: rows(stage.site, query, UUID(interview_id).hex) == [("expired",)],
        "the interview has expired",
    )


@pytest.fixture
def impatient(stage: Stage, tally: Tally) -> Iterator[None]:
    """A site that waits for nobody for long."""
    stage.start_anew(ANSWER_GRACE_SECONDS=str(GRACE_SECONDS))
    tally.note = f"ANSWER_GRACE_SECONDS is {GRACE_SECONDS} instead of 3600"
    yield
    stage.start_anew()


def expire(stage: Stage, interview_id: str) -> None:
    code = (
        "from django.utils import timezone; from interviews.models import Interview;"
        f"Interview.objects.filter(pk={interview_id!r}).update(expires_at=timezone.now())"
    )
    stage.site.run_code(code)


async def kill_worker(stage: Stage, tally: Tally, chance: random.Random, port: int) -> None:
    await some_time(chance, FINISHING_SECONDS)
    await asyncio.to_thread(stage.workers[port].restart)
    tally.injections += 1


async def kill_transcriber(
    stage: Stage, tally: Tally, chance: random.Random, candidates: Sequence[Candidate]
) -> None:
    """In the middle of its work, as long as there is any."""

    def epochs() -> list[int] | None:
        """Each claim raises one; None when nothing is owed any more."""
        answers = [takes(stage.site, candidate.question_id)[-1] for candidate in candidates]
        return None if all(a.handed_over_at for a in answers) else [answer.epoch for answer in answers]

    for _ in range(TRANSCRIBER_KILLS):
        before = await asyncio.to_thread(epochs)
        if before is None:
            return
        await asyncio.to_thread(wait_until, partial(differs, epochs, before), "a claim")
        await some_time(chance, FINISHING_SECONDS)
        await asyncio.to_thread(stage.transcriber.restart)
        tally.injections += 1


def differs(look: Callable[[], Any], before: Any) -> bool:
    return bool(look() != before)


def assert_one_of_each(stage: Stage, candidate: Candidate) -> None:
    """One take, one audio file, and at least one hand-over."""
    (answer,) = takes(stage.site, candidate.question_id)
    media = stage.site.folder / "media"
    assert files_in(media / "answers" / candidate.interview["interview_id"]) == [media / answer.audio]
    noted = Path(stage.site.settings["NOTED_ANSWERS"]).read_text().split()
    assert answer.id in {name.replace("-", "") for name in noted}

"""One row of `benchmarks.journal`, in a process of its own: journal_side COUNT"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from functools import partial
from statistics import median, quantiles
from typing import Any

import django

django.setup()

# What follows reads settings and models, which are there only now.
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402

from interviews.live.journal import Journal  # noqa: E402
from interviews.models import Answer, Question  # noqa: E402
from interviews.services import interviews  # noqa: E402

CHUNK = random.Random(1).randbytes(3200)
CHUNK_SECONDS = 0.1
WARM_UP_SECONDS = 1.0
SECONDS = 5.0


class Commits:
    """Counts what any thread commits."""

    def __init__(self) -> None:
        self.count = 0
        commit = BaseDatabaseWrapper.commit

        def counted(wrapper: BaseDatabaseWrapper) -> None:
            self.count += 1
            commit(wrapper)

        BaseDatabaseWrapper.commit = counted  # type: ignore[assignment, method-assign]


def answers(count: int) -> list[Answer]:
    """As many that are being recorded."""
    interview, _ = interviews.create_interview(
        title="Developer", candidate_name="Alex Example", questions=[f"{number}?" for number in range(count)]
    )
    questions = Question.objects.filter(interview=interview)
    return Answer.objects.bulk_create(Answer(question=question, epoch=1) for question in questions)


async def measure(count: int) -> dict[str, float]:
    commits, journal = Commits(), Journal()
    recorded = await asyncio.to_thread(answers, count)
    loop = asyncio.get_running_loop()
    began = loop.time() + 0.1
    from_, until = began + WARM_UP_SECONDS, began + WARM_UP_SECONDS + SECONDS
    taken: list[float] = []
    counts: list[int] = []

    def note(appended: float, _: asyncio.Future[None]) -> None:
        taken.append(time.perf_counter() - appended)

    async def speak(number: int, answer: Answer) -> None:
        waiting: list[asyncio.Future[Any]] = []
        index = 0
        # Candidates speak at the same time, but don't send at the same moment.
        while (at := began + (index + number / count) * CHUNK_SECONDS) < until:
            await asyncio.sleep(at - loop.time())
            appended = time.perf_counter()
            committed = journal.append(answer.pk, answer.epoch, index, CHUNK)
            if at >= from_:
                committed.add_done_callback(partial(note, appended))
            waiting.append(committed)
            index += 1
        await asyncio.gather(*waiting)

    async def count_commits() -> None:
        for at in (from_, until):
            await asyncio.sleep(at - loop.time())
            counts.append(commits.count)

    await asyncio.gather(count_commits(), *(speak(number, answer) for number, answer in enumerate(recorded)))
    took = loop.time() - from_
    await asyncio.to_thread(journal.close)
    return {
        "median": median(taken),
        "p99": quantiles(taken, n=100)[98],
        "chunks": len(taken) / max(took, SECONDS),
        "transactions": (counts[1] - counts[0]) / SECONDS,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1])))))

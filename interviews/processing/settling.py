"""What an answer is owed once its audio is safe: its transcript, its audio file, measures, the hand-over.

What is done next follows from what its row lacks (`services.owing`). Each step changes the row by a
condition, so that it may be done again after whoever did it died in the middle: the effects on our rows
happen once, the hand-over at least once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from uuid import UUID

from django.utils import timezone
from msgspec import to_builtins

from interviews.conf import conf
from interviews.database import DatabaseAway, Lane, in_database, in_lane
from interviews.errors import Code, StaleEpoch
from interviews.models import Answer
from interviews.orchestration import answer_completed, get_orchestrator
from interviews.processing.audio_files import delete_failed, store_audio
from interviews.processing.chunks import ChunksGone
from interviews.processing.hearing import measure, tell_nobody, transcribe_answer
from interviews.processing.leases import holding
from interviews.services import answers, owing
from interviews.services.changes import Change
from interviews.services.owing import Missing
from interviews.wire.metrics import shared_metrics
from speech.backends import get_recogniser
from speech.exceptions import CapacityExceeded

logger = logging.getLogger(__name__)

Step = Callable[[Answer], Awaitable[None]]


async def settle(answer: Answer, tell: Callable[[Change], None] = tell_nobody) -> None:
    """Does what an answer that is ours is owed, but for its transcript, for which a transcriber has the time.

    `tell` is called with what changes for its pages. Raises nothing: what fails is due again later, and what
    nobody could do now is for whoever is first.
    """
    await work_off(answer, {**LIVE_STEPS, Missing.MEASURES: partial(measure, tell=tell)})


async def settle_chosen(answer: Answer) -> None:
    """A take counts from now on. Whoever still works on it hands it over; nobody does if it is settled."""
    if await in_database(owing.take, answer):
        await settle(answer)


async def work_off(answer: Answer, steps: Mapping[Missing, Step]) -> bool:
    """Takes one step after another until it lacks nothing, or nothing that `steps` can do.

    False if its recogniser has no place for it now.
    """
    taken: set[Missing] = set()
    try:
        async with holding(answer):
            while (missing := await in_database(_first_of, steps, answer)) is not None:
                if missing in taken:
                    raise RuntimeError(f"{missing.value} was done, and is missing all the same")
                taken.add(missing)
                await steps[missing](answer)
        await in_database(owing.leave, answer)
    except CapacityExceeded:
        # Live answers come first.
        await in_database(owing.wait, answer)
        return False
    except (StaleEpoch, ChunksGone):
        logger.info("answer %s was taken over", answer.pk)
    except Exception as problem:
        logger.exception("answer %s is still owed something; it is tried again later", answer.pk)
        # Where the database is away it is found when the lease has run out.
        with suppress(DatabaseAway):
            await in_database(owing.put_off, answer, problem)
    return True


def _first_of(steps: Mapping[Missing, Step], answer: Answer) -> Missing | None:
    return next((missing for missing in owing.what_is_missing(answer) if missing in steps), None)


@in_lane(Lane.HAND_OVERS)
def hand_over(answer_id: UUID) -> None:
    """Tells the orchestrator and the signal of a complete answer that counts for good.

    What raises is owed and tried again.
    """
    owed = Answer.objects.to_hand_over().filter(pk=answer_id)
    answer = owed.select_related("question__interview").first()
    if answer is None:
        return
    question = answer.question
    metrics = shared_metrics(answer)
    measured = None if metrics is None else to_builtins(metrics)
    get_orchestrator().handle_voice_answer(
        question.interview, question, answer, answer.audio or None, answer.text, measured
    )
    answer_completed.send(sender=Answer, answer=answer)
    Answer.objects.filter(pk=answer_id).update(handed_over_at=timezone.now())


# What nobody is working on any more


async def work_off_one() -> bool:
    """Claims one answer that is owed something and does it; False if nothing can be done now.

    While this machine's recognisers are busy with live answers, no transcript is begun.
    """
    is_busy = get_recogniser().is_busy()
    answer = await in_database(claim, transcripts=not is_busy)
    return answer is not None and await work_off(answer, STEPS_WHILE_BUSY if is_busy else STEPS)


def claim(*, transcripts: bool = True) -> Answer | None:
    """Takes one owed answer over for the time of a lease, by a condition that only one can meet."""
    due = Answer.objects.due()
    return owing.take_first(due if transcripts else due.exclude(status=Answer.Status.PENDING))


async def end_abandoned(answer: Answer) -> None:
    """Its candidate did not come back, or whoever was finishing it died: it ends with what is there."""
    code = Code.STT_FAILED
    if answer.status == Answer.Status.RECORDING:
        logger.info("answer %s: its candidate did not come back", answer.pk)
        await in_database(answers.finish_recording, answer)
        code = Code.TIMEOUT
    if await in_database(answer.chunks.exists):
        await in_database(answers.owe_transcript, answer, code, None)
    else:
        await in_database(answers.fail_answer, answer, Code.AUDIO_TOO_SHORT)


async def _hand_over(answer: Answer) -> None:
    """Raises TimeoutError where the site takes too long. Its thread can't be ended, and may still do it."""
    async with asyncio.timeout(conf.HAND_OVER_TIMEOUT_SECONDS):
        await in_database(hand_over, answer.pk)


async def _delete_failed(answer: Answer) -> None:
    await in_database(delete_failed, answer)


LIVE_STEPS: Mapping[Missing, Step] = {
    Missing.FILE: store_audio,
    Missing.MEASURES: measure,
    Missing.HAND_OVER: _hand_over,
}
STEPS_WHILE_BUSY: Mapping[Missing, Step] = {
    Missing.END: end_abandoned,
    Missing.DELETION: _delete_failed,
    **LIVE_STEPS,
}
STEPS: Mapping[Missing, Step] = {Missing.TRANSCRIPT: transcribe_answer, **STEPS_WHILE_BUSY}

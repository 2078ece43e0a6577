"""Commits whose end nobody hears of, and a database that is away: the candidate is told all the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from interviews.database import in_database
from interviews.live.worker import Worker
from interviews.models import Answer
from tests.support.answers import babble
from tests.support.live import (
    PCM,
    Message,
    Peer,
    a_live_interview,
    candidate_of,
    connected,
    eventually,
)
from tests.support.speaking import begin, say
from tests.support.unreliable import UnreliableDatabase

pytestmark = pytest.mark.django_db(transaction=True)

Conversation = Callable[[Peer, list[str]], Awaitable[None]]
# What comes when, or how often, depends on how busy the machine is.
PASSING = {"ack", "answer_recorded", "state"}


@pytest.fixture
def database() -> Iterator[UnreliableDatabase]:
    with UnreliableDatabase() as database:
        yield database


async def of_takes_notes_and_writing(candidate: Peer, questions: list[str]) -> None:
    first, second = questions
    await begin(candidate, first)
    take = await say(candidate, first, babble(1))
    await candidate.until("question")
    candidate.say("start_answer", question_id=first, format=PCM, new_take=True)
    await candidate.until("answer_started")
    await say(candidate, first, babble(2))
    await candidate.until("question")
    candidate.say("choose_take", question_id=first, answer_id=take["answer_id"])
    await candidate.until("question", question_id=second)
    candidate.say("answer_note", question_id=first, answer_id=take["answer_id"], text="It is Grace.")
    await candidate.until("answer_noted")
    candidate.say("text_answer", question_id=second, answer_text="Because.")
    await candidate.until("interview_complete")


async def of_takes_that_failed(candidate: Peer, questions: list[str]) -> None:
    first, second = questions
    await begin(candidate, first)
    candidate.frame(0, babble(1)[:1000])
    candidate.say("end_answer", question_id=first, chunk_count=1)
    await candidate.until("error", code="AUDIO_TOO_SHORT")
    await begin(candidate, first)
    candidate.say("request_retry", failed_message_type="audio_chunk", error_code="AUDIO_DECODING_FAILED")
    await candidate.until("question", question_id=first)
    candidate.say("text_answer", question_id=first, answer_text="Because.")
    await candidate.until("question", question_id=second)


async def of_a_plain_script(candidate: Peer, questions: list[str]) -> None:
    first, second = questions
    candidate.chunk(first, 0, babble(1), is_final=True, format="pcm_s16le")
    await candidate.until("question", question_id=second)
    candidate.say("text_answer", question_id=second, answer_text="Because.")
    await candidate.until("interview_complete")


def essence(heard: list[Message]) -> list[tuple[Any, ...]]:
    """In their order, without ids and times of the run."""
    telling = "text", "index", "take", "takes_left", "status", "code", "answered", "next_chunk_index"
    return [
        (message["type"], *(message.get(name) for name in telling))
        for message in heard
        if message["type"] not in PASSING and not is_live(message)
    ]


def is_live(message: Message) -> bool:
    return message.get("is_final") is False or bool(message.get("real_time"))


async def told(
    conversation: Conversation, worker: Worker, database: UnreliableDatabase, *, v1: bool, unheard: int = 0
) -> list[tuple[Any, ...]]:
    """By a conversation in which the end of that one change is not heard of."""
    asked: list[Any] = [{"text": "Why you?", "takes_allowed": 3}, "Why us?"]
    interview, questions = await a_live_interview(*asked)
    database.changes, database.unheard = 0, unheard
    async with connected(candidate_of(interview, worker, v1=v1)) as candidate:
        await conversation(candidate, questions)
    database.unheard = 0
    return essence(candidate.heard)


@pytest.mark.parametrize(
    ("conversation", "v1", "at_least"),
    [
        (of_takes_notes_and_writing, True, 13),
        (of_takes_that_failed, True, 6),
        (of_a_plain_script, False, 7),
    ],
)
async def test_whichever_commit_s_end_is_not_heard_of_the_candidate_is_told_the_same(
    worker: Worker, database: UnreliableDatabase, conversation: Conversation, v1: bool, at_least: int
) -> None:
    undisturbed = await told(conversation, worker, database, v1=v1)
    changes = database.changes
    assert changes >= at_least

    for number in range(1, changes + 1):
        again = await told(conversation, worker, database, v1=v1, unheard=number)
        assert again == undisturbed, f"change {number} of {changes}"


async def test_what_is_written_while_the_database_is_away_is_stored_when_it_is_back(
    worker: Worker, database: UnreliableDatabase
) -> None:
    interview, (first, second) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question", question_id=first)
        database.is_away = True
        candidate.say("text_answer", question_id=first, answer_text="Because.")
        await eventually(lambda: database.refused > 5, "it is tried again")
        database.is_away = False
        await candidate.until("question", question_id=second)
        answer = await in_database(Answer.objects.get)

        database.is_away, database.refused = True, 0
        candidate.say("answer_note", question_id=first, answer_id=str(answer.pk), text="It is Grace.")
        await eventually(lambda: database.refused > 5, "it is tried again")
        database.is_away = False
        await candidate.until("answer_noted", text="It is Grace.")

    assert (answer.text, candidate.codes, candidate.closed) == ("Because.", [], None)

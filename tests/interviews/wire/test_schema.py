"""docs/protocol.schema.json is made of the messages' structs, and real messages fit it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, get_args

import msgspec
import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker

from interviews.errors import Code
from interviews.live.observers import LobbySession
from interviews.live.practice import PracticeSession
from interviews.live.worker import Worker
from interviews.models import Answer, Question
from interviews.models.statuses import AnswerStatus, InterviewStatus
from interviews.queries import status
from interviews.wire import schema
from interviews.wire.messages import Observed, ServerMessage, encode, error, warning
from interviews.wire.rows import sound_of
from interviews.wire.schema import protocol_schema, protocol_schema_text
from speech.backends.scripted import BLOCK_BYTES
from speech.metrics import Status as MeasureStatus
from tests.support.answers import babble
from tests.support.clients import chunks_of
from tests.support.live import PCM, Peer, a_live_interview, candidate_of, connected, joined, observer_of
from tests.support.rows import MEASURED, METRICS, an_answer, an_interview
from tests.support.servers import ROOT
from tests.support.watching import watched

Message = dict[str, Any]

DOCUMENT = ROOT / "docs" / "protocol.schema.json"
AN_ID = "00000000-0000-4000-8000-000000000000"


def test_the_document_is_made_of_the_structs() -> None:
    assert DOCUMENT.read_text() == protocol_schema_text(), "make schema"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(DOCUMENT.read_text()))


@pytest.mark.parametrize(
    ("part", "field", "values"),
    [
        ("Interview", "status", InterviewStatus.values),
        ("Answer", "status", AnswerStatus.values),
        ("Answer", "kind", Answer.Kind.values),
        ("Question", "question_type", Question.Type.values),
        ("Question", "difficulty", Question.Difficulty.values),
        ("Reading", "status", list(MeasureStatus)),
    ],
)
def test_it_names_the_values_that_rows_have(part: str, field: str, values: list[str]) -> None:
    assert sorted(protocol_schema()["$defs"][part]["properties"][field]["enum"]) == sorted(values)


# Real messages


@cache
def validator(speaker: str) -> Draft202012Validator:
    """For what it says, with nothing besides: a field that the schema doesn't know is an error here."""
    defined = json.loads(DOCUMENT.read_text())["$defs"]
    for part in defined.values():
        if "properties" in part and "type" not in part["properties"]:
            part["additionalProperties"] = False
    # Of messages it is told at the top, since observers get the candidate's with a `revision`.
    strict = {"$defs": defined, "$ref": f"#/$defs/{speaker}", "unevaluatedProperties": False}
    return Draft202012Validator(strict, format_checker=FormatChecker())


def problems(speaker: str, *messages: Message) -> list[str]:
    return [
        f"{message.get('type')}: {problem.message}"
        for message in messages
        for problem in validator(speaker).iter_errors(message)
    ]


def types(speaker: str) -> set[str]:
    """All that it may say."""
    unions = [schema.SERVER[speaker], *([Observed] if speaker == "observer.server" else [])]
    return {message.__struct_config__.tag for union in unions for message in get_args(union)}


def say(peer: Peer, speaker: str, type: str, **fields: Any) -> None:
    assert problems(speaker, {"type": type, **fields}) == []
    peer.say(type, **fields)


def test_what_does_not_fit_is_found() -> None:
    noted = {"type": "answer_noted", "question_id": AN_ID, "answer_id": AN_ID, "text": ""}

    assert problems("candidate.server", noted) == []
    assert problems("candidate.server", {**noted, "text": None}) != []
    assert problems("candidate.server", {**noted, "revision": 1}) != []
    assert problems("observer.server", noted) != []
    assert problems("observer.server", {**noted, "revision": 1}) == []
    assert problems("practice.server", noted) != []


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("make", [error, warning])
def test_every_error_and_warning_fits_it(code: Code, make: Callable[[Code], ServerMessage]) -> None:
    assert problems("candidate.server", json.loads(encode(make(code)))) == []


@pytest.mark.django_db
@pytest.mark.parametrize("metrics", [METRICS, MEASURED])
def test_answers_that_any_version_measured_fit_it(metrics: dict[str, Any]) -> None:
    interview = an_interview(questions=["Why you?"])
    ended: dict[str, Any] = {"ended_at": timezone.now(), "peaks": b"\x80"}
    answer = an_answer(interview.questions.get(), "yes", voice_metrics=metrics, **ended)

    sound = json.loads(msgspec.json.encode(sound_of(answer)))
    snapshot = json.loads(encode(status.snapshot(interview.pk, None, [])))
    told = [json.loads(encode(message)) for message in status.last_ended(interview.pk)]

    assert problems("sound.server", sound) == []
    assert problems("observer.server", snapshot) == []
    assert problems("candidate.server", *told) == []
    assert sound["metrics"]["version"] == told[0]["version"] == metrics["version"]


async def speak(candidate: Peer, question_id: str, pcm: bytes, **fields: Any) -> None:
    """An answer with live measures and an interim; `fields` are of its start."""
    chunks = chunks_of(pcm)
    say(candidate, "candidate.client", "start_answer", question_id=question_id, format=PCM, **fields)
    await candidate.until("answer_started")
    candidate.frames(chunks)
    await candidate.until("transcription", is_final=False)
    await candidate.until("voice_metrics", real_time=True)
    say(candidate, "candidate.client", "end_answer", question_id=question_id, chunk_count=len(chunks))
    await candidate.until("answer_complete")


async def answer_everything(candidate: Peer, first: str, second: str) -> None:
    """Two takes and a choice, a note, a mistake, and a written answer."""
    await candidate.until("question")
    say(candidate, "candidate.client", "ping")
    await speak(candidate, first, babble(4))
    await speak(candidate, first, babble(4, seed=2), new_take=True)
    chosen = (await candidate.until("question", takes_left=0))["takes"][0]["answer_id"]
    say(candidate, "candidate.client", "choose_take", question_id=first, answer_id=chosen)
    await candidate.until("take_chosen")
    say(candidate, "candidate.client", "answer_note", question_id=first, answer_id=chosen, text="Seven.")
    await candidate.until("answer_noted")
    candidate.say("dance")
    await candidate.until("error")
    say(candidate, "candidate.client", "request_retry", failed_message_type="transcription")
    await candidate.until("answer_complete")
    say(candidate, "candidate.client", "text_answer", question_id=second, answer_text="Because.")
    await candidate.until("interview_complete")


@pytest.mark.django_db(transaction=True)
async def test_a_whole_interview_fits_it_whoever_follows_it(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.2
    asked = {"text": "Why you?", "takes_allowed": 2}
    interview, (first, second), ada = await watched(asked, "Why us?")  # type: ignore[arg-type]

    async with (
        connected(LobbySession(ada, every_seconds=0.05)) as lobby,
        connected(observer_of(interview, ada, worker)) as observer,
    ):
        await joined(observer)
        async with connected(observer_of(interview, ada, worker)):
            await observer.until("presence")
        async with connected(candidate_of(interview, worker)) as candidate:
            await answer_everything(candidate, first, second)
        say(observer, "observer.client", "seen", revision=observer.heard[0]["revision"])
        say(observer, "observer.client", "ping")
        await observer.until("interview_complete")
        say(observer, "observer.client", "resync")
        await observer.until("snapshot")
        await observer.until("heartbeat")
        await lobby.until("lobby", counts={"all": 1, "live": 0, "waiting": 0, "done": 1})
        say(lobby, "lobby.client", "seen")
        say(lobby, "lobby.client", "ping")
        await lobby.until("pong")

    assert problems("candidate.server", *candidate.heard) == []
    assert problems("observer.server", *observer.heard) == []
    assert problems("lobby.server", *lobby.heard) == []
    assert {message["type"] for message in candidate.heard} == types("candidate.server") - {"warning"}
    assert {message["type"] for message in observer.heard} == types("observer.server") - {"warning", "error"}
    assert {message["type"] for message in lobby.heard} == {"lobby", "pong"}


@pytest.mark.django_db(transaction=True)
async def test_whoever_comes_back_or_late_is_told_what_fits(worker: Worker) -> None:
    interview, (first, _), ada = await watched()
    pcm = babble(2)

    async with connected(observer_of(interview, ada, worker)) as early:
        await joined(early)
        async with connected(candidate_of(interview, worker)) as candidate:
            say(candidate, "candidate.client", "start_answer", question_id=first, format=PCM)
            await candidate.until("answer_started")
            # The second segment stays open.
            candidate.frame(0, pcm[: 5 * BLOCK_BYTES])
            await candidate.until("ack", next_chunk_index=1)
            await early.until("transcription", is_final=True)
            await early.until("transcription", is_final=False, segment=1)
            async with connected(observer_of(interview, ada, worker)) as late:
                shown = await late.until("snapshot")
        async with connected(candidate_of(interview, worker)) as again:
            ready = await again.until("session_ready")
            say(again, "candidate.client", "start_answer", question_id=first, format=PCM)
            started = await again.until("answer_started")

    assert problems("observer.server", *early.heard, *late.heard) == []
    assert problems("candidate.server", *candidate.heard, *again.heard) == []
    assert (shown["interim"]["segment"], len(shown["answers"][0]["segments"])) == (1, 1)
    assert (ready["under_way"]["next_chunk_index"], len(started["segments"][0]["words"])) == (1, 3)


@pytest.mark.django_db(transaction=True)
async def test_an_interview_in_the_basic_dialect_fits_it(worker: Worker) -> None:
    interview, (question,) = await a_live_interview("Why you?")

    async with connected(candidate_of(interview, worker, v1=False)) as script:
        await script.until("question")
        for index, data in enumerate(chunks := chunks_of(babble(2))):
            script.chunk(question, index, data, is_final=index == len(chunks) - 1, format=PCM)
        complete = await script.until("interview_complete")
        note = {
            "question_id": question,
            "answer_id": script.said("voice_metrics")[-1]["answer_id"],
            "text": "",
        }
        say(script, "candidate.client", "answer_note", **note)
        await script.until("answer_noted")
        script.say("dance")
        await script.until("error")

    assert problems("basic.server", *script.heard) == []
    assert {message["type"] for message in script.heard} == types("basic.server")
    assert complete["answered"] == 1


@pytest.mark.django_db(transaction=True)
async def test_a_practice_fits_it(worker: Worker) -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as practice:
        await practice.until("practice_ready")
        practice.frames(chunks_of(babble(2)))
        say(practice, "practice.client", "ping")
        practice.say("dance")
        say(practice, "practice.client", "end_practice")
        await practice.until_closed()

    assert problems("practice.server", *practice.heard) == []
    assert {message["type"] for message in practice.heard} == types("practice.server") - {"warning"}

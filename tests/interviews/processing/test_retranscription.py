"""Stored answers, transcribed again by another backend."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.utils import timezone

from interviews.database import in_database
from interviews.errors import StaleEpoch
from interviews.models import Answer, Interview, Retranscription, from_now
from interviews.processing.retranscription import (
    hear,
    offered_backends,
    request,
    retranscribe_one,
    store,
)
from interviews.processing.settling import settle
from interviews.services import answers, owing
from interviews.services.erasure import erase
from speech.backends.scripted import Script
from speech.events import Final
from speech.metrics import unavailable
from tests.support.answers import SCRIPTED, babble, segments_in, text_of
from tests.support.live import a_live_interview, eventually
from tests.support.media import encode
from tests.support.rows import a_recruiter, an_answer, an_interview
from tests.support.running import files, owed, recorded

pytestmark = pytest.mark.django_db(transaction=True)

Status = Answer.Status
POCKETSPHINX = "speech.backends.pocketsphinx.PocketSphinxBackend"
PCM = babble(2)
SLOW = {"BACKEND": SCRIPTED, "OPTIONS": {"recogniser": "other-1", "seconds_per_second": 0.4}}


@pytest.fixture(autouse=True)
def backends(settings: Any) -> dict[str, Any]:
    """The tests' default, one beside it that says who it is, and one that fails."""
    declared: dict[str, Any] = {
        "default": {"BACKEND": SCRIPTED},
        "other": {"BACKEND": SCRIPTED, "OPTIONS": {"recogniser": "other-1"}},
        "broken": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 0}},
        "fallback": {"BACKEND": SCRIPTED, "OPTIONS": {"recogniser": "fallback-1"}},
    }
    settings.SPEECH_BACKENDS = declared
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0
    return declared


async def a_complete_answer() -> Answer:
    """With its audio in a file, and other words than its audio has."""
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, PCM)
    await in_database(answers.complete_answer, answer, 4000, 0.5, unavailable())
    await settle(answer)
    await in_database(Answer.objects.update, text="seen words")
    return await in_database(Answer.objects.select_related("question__interview").get)


async def a_pending_answer() -> Answer:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, PCM)
    await settle(answer)
    return await in_database(Answer.objects.select_related("question__interview").get)


async def ask(answer: Answer, backend: str = "other") -> int:
    return await in_database(request, [answer.question.interview], backend)


async def the_row() -> Retranscription:
    return await in_database(Retranscription.objects.select_related("answer").get)


async def test_it_stands_beside_the_transcript_that_was_seen() -> None:
    answer = await a_complete_answer()

    asked = await ask(answer)
    worked = [await retranscribe_one(), await retranscribe_one()]

    row = await the_row()
    assert (asked, worked) == (1, [True, False])
    assert (row.text, row.recogniser, row.failure) == (text_of(PCM), "other-1", "")
    assert [segment["text"] for segment in row.segments] == segments_in(PCM)
    assert list(row.segments[0]) == ["text", "start_ms", "end_ms", "confidence", "words"]
    assert row.done_at is not None
    assert (row.answer.text, row.answer.status) == ("seen words", Status.COMPLETE)


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED])
async def test_an_answer_without_a_transcript_gets_this_one(status: str) -> None:
    answer = await a_pending_answer()
    await in_database(answers.add_segment, answer, 0, first_final())
    await in_database(Answer.objects.update, status=status, failure="STT_FAILED", owed_at=None)

    await ask(answer)
    await retranscribe_one()

    filled = (await the_row()).answer
    said = await in_database(lambda: list(filled.segments.values_list("text", "recogniser")))
    assert (filled.status, filled.failure, filled.text) == (Status.COMPLETE, "", text_of(PCM))
    assert said == [(text, "other-1") for text in segments_in(PCM)]
    assert (filled.duration_ms, filled.handed_over_at is not None, filled.owed_at) == (4000, True, None)
    assert filled.voice_metrics is not None


def first_final() -> Final:
    return next(event for event in Script(0, "first").hear(PCM) if isinstance(event, Final))


async def test_whoever_still_makes_the_first_transcript_finds_the_answer_taken_over() -> None:
    answer = await a_pending_answer()
    assert await in_database(owing.take, answer)

    await ask(answer)
    await retranscribe_one()

    row = await the_row()
    assert (row.text, row.answer.status, row.answer.text) == (text_of(PCM), Status.COMPLETE, text_of(PCM))
    with pytest.raises(StaleEpoch):
        await in_database(owing.renew_lease, answer)


async def test_a_backend_that_fails_is_told_by_its_code_and_nobody_stands_in() -> None:
    answer = await a_complete_answer()

    await ask(answer, "broken")
    await ask(answer, "undeclared")
    while await retranscribe_one():
        pass

    rows = await in_database(lambda: list(Retranscription.objects.values_list("backend", "failure", "text")))
    assert rows == [("broken", "STT_FAILED", ""), ("undeclared", "STT_FAILED", "")]


@pytest.mark.parametrize("broken", ["missing", "no audio"])
async def test_audio_that_can_not_be_read_is_told_by_its_code(broken: str) -> None:
    answer = await a_complete_answer()
    await ask(answer)

    if broken == "missing":
        await asyncio.to_thread(answer.audio.storage.delete, str(answer.audio.name))
    else:
        await asyncio.to_thread(Path(answer.audio.path).write_bytes, b"no audio at all" * 100)
    await retranscribe_one()

    assert (await the_row()).failure in {"AUDIO_DECODING_FAILED", "AUDIO_FORMAT_UNSUPPORTED"}


async def test_one_without_a_place_is_tried_again(backends: dict[str, Any], settings: Any) -> None:
    answer = await a_complete_answer()
    full = {**backends, "other": {"BACKEND": SCRIPTED, "OPTIONS": {"capacity": 0}}}
    settings.SPEECH_BACKENDS = full
    await ask(answer)

    at_first = await retranscribe_one()
    settings.SPEECH_BACKENDS = backends
    at_once = await retranscribe_one()
    await in_database(Retranscription.objects.update, owed_at=from_now(-1))
    later = await retranscribe_one()

    assert (at_first, at_once, later) == (False, False, True)
    assert (await the_row()).text == text_of(PCM)


async def test_it_waits_while_the_recognisers_are_busy_with_answers(
    backends: dict[str, Any], settings: Any
) -> None:
    busy = {**backends, "default": {"BACKEND": "tests.support.unreliable.BusyBackend"}}
    await ask(await a_complete_answer())

    settings.SPEECH_BACKENDS = busy
    at_first = await retranscribe_one()
    settings.SPEECH_BACKENDS = backends
    later = await retranscribe_one()

    assert (at_first, later) == (False, True)


async def test_one_that_breaks_off_for_a_reason_of_its_own_is_tried_again() -> None:
    answer = await a_complete_answer()
    await ask(answer)
    path = Path(answer.audio.path)
    sound = await asyncio.to_thread(path.read_bytes)

    # What stands where the file was can't be opened.
    await asyncio.to_thread(path.unlink)
    await asyncio.to_thread(path.mkdir)
    broken = await retranscribe_one()
    between = await the_row()
    await asyncio.to_thread(path.rmdir)
    await asyncio.to_thread(path.write_bytes, sound)
    await in_database(Retranscription.objects.update, owed_at=from_now(-1))
    done = await retranscribe_one()

    assert (broken, done) == (True, True)
    assert (between.failure, between.done_at) == ("", None)
    assert (await the_row()).text == text_of(PCM)


async def test_one_is_kept_for_as_long_as_it_takes(backends: dict[str, Any], settings: Any) -> None:
    settings.SPEECH_BACKENDS = {**backends, "other": SLOW}
    settings.ANSWER_LEASE_SECONDS = 0.6
    await ask(await a_complete_answer())
    working = asyncio.create_task(retranscribe_one())
    await eventually(lambda: in_database(Retranscription.objects.filter(owed_at__gt=Now()).exists), "claimed")

    others = []
    while not working.done():
        others.append(await retranscribe_one())
        await asyncio.sleep(0.05)

    assert set(others) == {False}
    assert (await the_row()).text == text_of(PCM)


async def test_one_that_was_done_by_somebody_else_meanwhile_is_left_as_it_is(
    backends: dict[str, Any], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SPEECH_BACKENDS = {**backends, "other": SLOW}
    settings.ANSWER_LEASE_SECONDS = 0.6
    await ask(await a_complete_answer())
    working = asyncio.create_task(retranscribe_one())
    await eventually(lambda: in_database(Retranscription.objects.filter(owed_at__gt=Now()).exists), "claimed")

    await in_database(Retranscription.objects.update, text="faster", done_at=timezone.now())

    assert await working
    assert (await the_row()).text == "faster"
    assert [r.levelname for r in caplog.records if r.name == "interviews.processing.retranscription"] == [
        "INFO"
    ]


async def test_of_two_who_claim_one_at_once_one_does_it() -> None:
    await ask(await a_complete_answer())

    assert sorted(await asyncio.gather(retranscribe_one(), retranscribe_one())) == [False, True]


async def test_what_was_deleted_meanwhile_leaves_nothing(settings: Any) -> None:
    answer = await a_complete_answer()
    await ask(answer)
    row = await in_database(Retranscription.objects.select_related("answer__question__interview").get)
    heard = await hear(row.answer, "other")

    await in_database(erase, [answer.question.interview])

    with pytest.raises(StaleEpoch):
        await in_database(store, row, heard)
    assert await in_database(Retranscription.objects.count) == 0
    assert files(settings) == []


def test_only_recordings_are_asked_for_and_none_twice() -> None:
    interview: Interview = an_interview(questions=["Why?"] * 3)
    spoken, written, unstored = interview.questions.all()
    an_answer(spoken, "words", audio=b"fLaC")
    an_answer(written, kind=Answer.Kind.TEXT, text="words")
    an_answer(unstored, "words")
    an_answer(an_interview().questions.get(position=1), "others", audio=b"fLaC")
    ada = a_recruiter()

    counts = [
        request([interview], "other", ada),
        request([interview], "other"),
        request([interview], "broken"),
    ]

    assert counts == [1, 0, 1]
    assert list(Retranscription.objects.values_list("backend", "requested_by")) == [
        ("other", ada.pk),
        ("broken", None),
    ]


def test_the_transcriber_works_them_off() -> None:
    answer = an_answer(
        an_interview().questions.get(position=1),
        "seen",
        audio=encode(PCM, "flac", sample_rate=16_000, layout="mono"),
    )
    request([answer.question.interview], "other")

    call_command("transcriber", "--once")

    assert Retranscription.objects.get().text == text_of(PCM)


def test_backends_are_offered_by_name_and_made_up_words_only_where_nothing_else_is(
    settings: Any,
) -> None:
    among_tests = offered_backends()
    settings.SPEECH_BACKENDS = {
        "pocketsphinx": {"BACKEND": POCKETSPHINX},
        "scripted": {"BACKEND": SCRIPTED},
        "default": {"BACKEND": POCKETSPHINX},
    }
    usual = offered_backends()
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED}}

    assert (among_tests, usual, offered_backends()) == (["other", "broken"], ["pocketsphinx"], ["default"])

"""What answers are owed is worked off whatever fails, and nothing that is owed is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from interviews.database import in_database
from interviews.errors import Code, StaleEpoch
from interviews.models import Answer, AudioChunk, Interview
from interviews.orchestration import Orchestrator
from interviews.processing.audio_files import delete_failed
from interviews.processing.settling import STEPS, claim, settle_chosen, work_off, work_off_one
from interviews.services.answers import begin_answer, complete_answer, fail_answer, give_up, owe_transcript
from interviews.services.interviews import cancel
from interviews.services.takes import choose_take
from speech.audio import AudioFormat
from speech.metrics import unavailable
from tests.support.answers import babble
from tests.support.live import a_live_interview
from tests.support.running import everything_is_due, files, owed, recorded

pytestmark = pytest.mark.django_db(transaction=True)

Status = Answer.Status
NOT_WEBM = b"\x1a\x45\xdf\xa3" + bytes(5000), AudioFormat("webm")


class Choosy(Orchestrator):
    """Whose site is away for the interviews in `away`."""

    away: set[Any] = set()
    handed: list[Any] = []

    def handle_voice_answer(self, interview: Interview, question: Any, answer: Answer, *more: Any) -> None:
        if interview.pk in self.away:
            raise ConnectionError
        self.handed.append(answer.pk)


@pytest.fixture(autouse=True)
def handed(settings: Any) -> Iterator[list[Any]]:
    settings.INTERVIEW_ORCHESTRATOR = "tests.interviews.processing.test_queue.Choosy"
    Choosy.away, Choosy.handed = set(), []
    yield Choosy.handed
    Choosy.away, Choosy.handed = set(), []


async def fresh(answer: Answer) -> Answer:
    return await in_database(Answer.objects.get, pk=answer.pk)


async def chunks_of(answer: Answer) -> int:
    return await in_database(AudioChunk.objects.filter(answer=answer).count)


async def work_everything_off() -> None:
    while await work_off_one():
        pass


def complete(interview: Interview, pcm: bytes) -> Answer:
    """Whoever recorded it died before its file was there."""
    answer = recorded(interview, pcm, new_take=True)
    complete_answer(answer, 2000, 0.8, unavailable())
    return answer


async def an_interview_with_takes() -> Interview:
    interview, _ = await a_live_interview({"text": "Why you?", "takes_allowed": 3}, "Why us?")  # type: ignore[arg-type]
    return interview


# A take that doesn't count, or may not


async def test_a_take_that_waits_for_its_choice_gets_its_file_and_is_handed_over_when_it_is_chosen(
    settings: Any, handed: list[Any]
) -> None:
    interview = await an_interview_with_takes()
    answer = await in_database(complete, interview, babble(1))
    await in_database(everything_is_due)

    await work_everything_off()

    waiting = await fresh(answer)
    assert (bool(waiting.audio), await chunks_of(answer), waiting.owed_at) == (True, 0, None)
    assert handed == []
    change = await in_database(choose_take, interview.pk, str(answer.question_id), answer.pk)
    assert change.answer
    await settle_chosen(change.answer)
    assert handed == [answer.pk]
    assert (await fresh(answer)).owed_at is None


async def test_a_take_that_does_not_count_gets_its_file_too(settings: Any, handed: list[Any]) -> None:
    interview = await an_interview_with_takes()
    takes = [await in_database(complete, interview, babble(1, seed=seed)) for seed in range(2)]
    await in_database(choose_take, interview.pk, str(takes[0].question_id), takes[0].pk)
    await in_database(everything_is_due)

    await work_everything_off()

    assert len(files(settings)) == 2
    assert [await chunks_of(take) for take in takes] == [0, 0]
    assert handed == [takes[0].pk]
    assert [(await fresh(take)).owed_at for take in takes] == [None, None]


async def test_what_counts_once_its_interview_is_cancelled_is_handed_over(handed: list[Any]) -> None:
    interview = await an_interview_with_takes()
    answer = await in_database(complete, interview, babble(1))
    await in_database(everything_is_due)
    await work_everything_off()

    await in_database(cancel, interview)
    await work_everything_off()

    assert handed == [answer.pk]


async def test_an_earlier_take_counts_again_when_the_later_one_fails(handed: list[Any]) -> None:
    interview = await an_interview_with_takes()
    first = await in_database(complete, interview, babble(1))
    later = await in_database(
        lambda: begin_answer(interview.pk, str(first.question_id), new_take=True).answer
    )
    await in_database(everything_is_due)
    await in_database(cancel, interview)

    await in_database(fail_answer, later, Code.AUDIO_TOO_SHORT)
    await work_everything_off()

    assert handed == [first.pk]


# What fails


async def test_what_fails_for_ever_keeps_nobody_from_their_turn(handed: list[Any]) -> None:
    interviews = [(await a_live_interview())[0] for _ in range(13)]
    answers = [await in_database(owed, one, babble(1, seed=n)) for n, one in enumerate(interviews)]
    Choosy.away = {interview.pk for interview in interviews[:-1]}

    await work_everything_off()

    assert handed == [answers[-1].pk]
    failing = [await fresh(answer) for answer in answers[:-1]]
    assert {(each.attempts, each.last_problem) for each in failing} == {(1, "ConnectionError")}
    assert {each.status for each in failing} == {Status.COMPLETE}
    assert await in_database(claim) is None


class CountingStorage(FileSystemStorage):
    deleted: list[str] = []

    def delete(self, name: str) -> None:
        self.deleted.append(name)
        super().delete(name)


async def test_one_that_was_taken_up_thousands_of_times_takes_no_longer_than_others(
    settings: Any,
) -> None:
    storage = {"BACKEND": "tests.interviews.processing.test_queue.CountingStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(1))
    await in_database(Answer.objects.update, epoch=2880)
    half = settings.MEDIA_ROOT / "answers" / str(interview.pk) / f"{answer.pk}-2.flac"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"fLaC and then")

    await work_off_one()

    assert CountingStorage.deleted == [f"answers/{interview.pk}/{answer.pk}-2.flac"]
    assert files(settings) == [f"{answer.pk}-2881.flac"]


async def test_a_step_that_changes_nothing_is_not_taken_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(1))
    assert await in_database(claim)

    async def do_nothing(answer: Answer) -> None:
        pass

    await work_off(await fresh(answer), dict.fromkeys(STEPS, do_nothing))

    kept = await fresh(answer)
    assert (kept.attempts, kept.last_problem, kept.status) == (1, "RuntimeError", Status.PENDING)


# Takes that failed


async def test_the_audio_of_a_take_that_was_given_up_is_deleted_after_a_while(settings: Any) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(Answer.objects.update, status=Status.RECORDING)
    await in_database(give_up, answer)

    await work_everything_off()
    before = await chunks_of(answer)
    await in_database(everything_is_due)
    await work_everything_off()

    kept = await fresh(answer)
    assert (before, await chunks_of(answer)) == (20, 0)
    assert (kept.status, kept.owed_at, kept.received_bytes) == (Status.FAILED, None, 16_000 * 2 * 2)


async def test_what_failed_after_its_question_was_left_behind_keeps_its_audio() -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, *NOT_WEBM)

    await work_everything_off()
    await in_database(everything_is_due)
    await work_everything_off()

    kept = await fresh(answer)
    assert (kept.status, kept.owed_at) == (Status.FAILED, None)
    assert kept.damage == [{"at_ms": 0, "code": "AUDIO_DECODING_FAILED", "doubts": []}]
    assert await chunks_of(answer) == 2


async def test_what_no_file_can_be_made_of_is_not_tried_for_ever() -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, *NOT_WEBM)
    await in_database(owe_transcript, answer, Code.STT_FAILED, None)
    await in_database(Answer.objects.update, status=Status.COMPLETE)
    await in_database(everything_is_due)

    await work_everything_off()

    kept = await fresh(answer)
    assert (kept.owed_at, await chunks_of(answer)) == (None, 2)
    assert kept.damage == [{"at_ms": 0, "code": "AUDIO_DECODING_FAILED", "doubts": []}]


async def test_who_has_lost_a_take_that_failed_deletes_nothing() -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(Answer.objects.update, status=Status.FAILED, epoch=7)

    with pytest.raises(StaleEpoch):
        await in_database(delete_failed, answer)

    assert await chunks_of(answer) == 20

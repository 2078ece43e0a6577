"""What an answer is owed is worked off by one, and only when nobody is at it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from interviews.errors import Code, StaleEpoch
from interviews.models import Answer, from_now
from interviews.services import owing
from interviews.services.answers import begin_answer, give_up, owe_transcript
from interviews.services.owing import Missing
from tests.support.rows import an_interview
from tests.support.running import a_finishing_answer, a_running_interview, begin, chunks

pytestmark = pytest.mark.django_db

Status = Answer.Status
A_DAY = 24 * 3600


def due_again() -> None:
    Answer.objects.exclude(owed_at=None).update(owed_at=from_now(-1))


def seconds_until_due(answer: Answer) -> float:
    answer.refresh_from_db()
    assert answer.owed_at
    return (answer.owed_at - timezone.now()).total_seconds()


def test_only_one_claims_what_is_owed() -> None:
    answer = a_finishing_answer(a_running_interview())
    owe_transcript(answer, Code.STT_FAILED, 2000)
    owing.leave(answer)
    one, other = Answer.objects.due().get(), Answer.objects.due().get()

    assert [owing.take(one), owing.take(other)] == [True, False]
    assert one.epoch == answer.epoch + 1


@pytest.mark.parametrize(
    ("due", "is_due"), [(None, False), (timedelta(seconds=-1), True), (timedelta(seconds=60), False)]
)
def test_what_is_due_is_claimed(due: timedelta | None, is_due: bool) -> None:
    question = an_interview().questions.all()[0]
    owed_at = None if due is None else timezone.now() + due
    answer = Answer.objects.create(question=question, owed_at=owed_at)

    assert Answer.objects.due().exists() == is_due
    assert owing.take(answer) == is_due


def test_a_candidate_who_is_away_is_waited_for(settings: Any) -> None:
    settings.ANSWER_GRACE_SECONDS, settings.ANSWER_LEASE_SECONDS = 100, 30

    recording = begin(a_running_interview()).answer
    finishing = a_finishing_answer(a_running_interview())

    assert 90 < seconds_until_due(recording) <= 100
    # All audio of a finishing one is there.
    assert 20 < seconds_until_due(finishing) <= 30


def test_the_one_that_has_waited_longest_comes_first() -> None:
    waiting = [a_finishing_answer(a_running_interview()) for _ in range(3)]
    for seconds, answer in zip((20, 30, 10), waiting, strict=True):
        Answer.objects.filter(pk=answer.pk).update(owed_at=from_now(-seconds))

    taken = [owing.take_first(Answer.objects.due()) for _ in range(4)]

    assert taken == [waiting[1], waiting[0], waiting[2], None]


# What failed


def test_what_fails_waits_longer_each_time_and_tells_its_cause(settings: Any) -> None:
    settings.OWED_RETRY_SECONDS, settings.OWED_RETRY_MAX_SECONDS = 30, 100
    answer = a_finishing_answer(a_running_interview())
    waits = []

    for _ in range(4):
        due_again()
        assert owing.take(answer)
        owing.put_off(answer, ConnectionError("https://intern.example/said so"))
        waits.append(round(seconds_until_due(answer), -1))

    assert waits == [30, 60, 100, 100]
    assert (answer.attempts, answer.last_problem) == (4, "ConnectionError")


def test_it_goes_on_counting_as_far_as_it_can(settings: Any) -> None:
    answer = a_finishing_answer(a_running_interview())
    Answer.objects.update(attempts=32_767)
    due_again()

    assert owing.take(answer)
    owing.put_off(answer, OSError())

    assert 0 < seconds_until_due(answer) <= settings.OWED_RETRY_MAX_SECONDS
    assert answer.attempts == 32_767


def test_who_has_lost_an_answer_puts_nothing_off() -> None:
    answer = a_finishing_answer(a_running_interview())
    due_again()
    theirs = Answer.objects.get()
    assert owing.take(theirs)
    before = Answer.objects.values().get()

    owing.put_off(answer, OSError())
    owing.leave(answer)
    owing.wait(answer)

    assert Answer.objects.values().get() == before


def test_staff_have_it_tried_again() -> None:
    failing, fine = [a_finishing_answer(a_running_interview()) for _ in range(2)]
    owing.put_off(failing, OSError())

    assert owing.try_again(Answer.objects.all()) == 1

    assert list(Answer.objects.due()) == [failing]
    failing.refresh_from_db()
    # Its cause stays, until it is known to be gone.
    assert (failing.attempts, failing.last_problem) == (0, "OSError")
    assert fine not in Answer.objects.due()


# What is missing


def missing(answer: Answer) -> list[Missing]:
    return owing.what_is_missing(answer)


def test_what_lacks_nothing_is_owed_nothing() -> None:
    answer = a_finishing_answer(a_running_interview())
    owing.put_off(answer, OSError())
    Answer.objects.update(status=Status.COMPLETE, handed_over_at=timezone.now())

    assert missing(answer) == []

    answer.refresh_from_db()
    assert (answer.owed_at, answer.attempts, answer.last_problem) == (None, 0, "")


@pytest.mark.parametrize(
    ("fields", "lacks"),
    [
        ({"status": Status.RECORDING}, [Missing.END]),
        ({"status": Status.FINISHING}, [Missing.END]),
        ({"status": Status.PENDING}, [Missing.TRANSCRIPT, Missing.FILE]),
        ({"status": Status.PENDING, "audio": "answers/a.flac"}, [Missing.TRANSCRIPT]),
        ({"status": Status.PENDING, "damage": [{"at_ms": 0}]}, [Missing.TRANSCRIPT]),
        ({"status": Status.COMPLETE}, [Missing.FILE, Missing.MEASURES]),
        ({"status": Status.COMPLETE, "voice_metrics": {}}, [Missing.FILE]),
        ({"status": Status.COMPLETE, "audio": "answers/a.flac"}, [Missing.MEASURES]),
        ({"status": Status.COMPLETE, "audio": "answers/a.flac", "voice_metrics": {}}, []),
        ({"status": Status.FAILED}, [Missing.DELETION]),
        ({"status": Status.FAILED, "damage": [{"at_ms": 0}]}, []),
    ],
)
@pytest.mark.parametrize("is_asked", [True, False], ids=["its question is asked", "gone on"])
def test_each_state_lacks_what_it_lacks(fields: dict[str, Any], lacks: list[Missing], is_asked: bool) -> None:
    interview = a_running_interview()
    answer = a_finishing_answer(interview)
    chunks(answer, b"one", b"two")
    Answer.objects.update(**fields)
    if not is_asked:
        interview.current_question = None
        interview.save()
        is_complete = fields["status"] == Status.COMPLETE
        lacks = [*lacks, *([Missing.HAND_OVER] if is_complete else [])]

    assert missing(answer) == lacks


def test_who_has_lost_it_is_told_so() -> None:
    answer = a_finishing_answer(a_running_interview())
    due_again()
    assert owing.take(Answer.objects.get())

    with pytest.raises(StaleEpoch):
        missing(answer)


# How much an interview may hold


def test_tiny_chunks_and_takes_count_more_than_their_audio(settings: Any) -> None:
    settings.ANSWER_MAX_BYTES, settings.INTERVIEW_MAX_BYTES = 10**6, 10**7
    interview = a_running_interview()

    first = begin(interview)
    chunks(first.answer, *[b"1"] * 100)
    again = begin(interview)

    assert first.room_bytes - again.room_bytes == 100 * 512


def test_what_was_given_up_counts_when_it_is_deleted_too(settings: Any) -> None:
    settings.ANSWER_MAX_BYTES, settings.INTERVIEW_MAX_BYTES = 10**6, 10**6
    interview = a_running_interview()
    rooms = []

    for _ in range(2):
        begun = begin(interview)
        chunks(begun.answer, bytes(300_000))
        give_up(begun.answer)
        rooms.append(begun.room_bytes)
    before = begin_answer(interview.pk, str(interview.current_question_id)).room_bytes

    assert rooms[0] - rooms[1] == rooms[1] - before == 300_000 + 64 * 1024

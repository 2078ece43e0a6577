"""What an answer is owed is worked off by one, and only when nobody is at it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from interviews.errors import Code
from interviews.models import Answer
from interviews.services.answers import owe_transcript, release, take_over
from tests.support.rows import an_interview
from tests.support.running import a_finishing_answer, a_running_interview

pytestmark = pytest.mark.django_db

Status = Answer.Status


def test_only_one_claims_what_is_owed() -> None:
    answer = a_finishing_answer(a_running_interview())
    owe_transcript(answer, Code.STT_FAILED, 2000)
    release(answer)
    one, other = Answer.objects.owed().get(), Answer.objects.owed().get()

    assert [take_over(one), take_over(other)] == [True, False]
    assert one.epoch == answer.epoch + 1


@pytest.mark.parametrize(
    ("fields", "is_owed"),
    [
        ({"status": Status.RECORDING}, False),
        ({"status": Status.FINISHING}, True),
        ({"status": Status.PENDING}, True),
        ({"status": Status.COMPLETE}, True),
        ({"status": Status.COMPLETE, "handed_over_at": timezone.now()}, False),
        ({"status": Status.FAILED}, False),
    ],
)
@pytest.mark.parametrize(
    ("lease", "is_free"), [(None, True), (timedelta(seconds=-1), True), (timedelta(seconds=60), False)]
)
def test_what_is_owed_and_free_is_claimed(
    fields: dict[str, Any], is_owed: bool, lease: timedelta | None, is_free: bool
) -> None:
    question = an_interview().questions.all()[0]
    until = None if lease is None else timezone.now() + lease
    answer = Answer.objects.create(question=question, lease_until=until, **fields)

    assert Answer.objects.owed().exists() == (is_owed and is_free)
    assert take_over(answer) == (is_owed and is_free)


GRACE = timedelta(seconds=100)


@pytest.mark.parametrize("status", [Status.RECORDING, Status.FINISHING])
@pytest.mark.parametrize(("away", "is_over"), [(GRACE / 2, False), (GRACE * 2, True)])
def test_a_candidate_who_is_away_is_waited_for(
    settings: Any, status: str, away: timedelta, is_over: bool
) -> None:
    settings.ANSWER_GRACE_SECONDS = GRACE.total_seconds()
    question = an_interview().questions.all()[0]
    answer = Answer.objects.create(question=question, lease_until=timezone.now() - away, status=status)

    # All audio of a finishing one is there.
    assert take_over(answer) == (is_over or status == Status.FINISHING)

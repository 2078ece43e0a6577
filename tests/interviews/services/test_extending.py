"""Until when an interview may be answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from interviews.models import Interview
from interviews.services import interviews
from interviews.services.erasure import erase
from tests.support.rows import an_answer, an_interview
from tests.support.running import close_expired

pytestmark = pytest.mark.django_db

Status = Interview.Status
LATER = timezone.now() + timedelta(days=9)


def one_that_expired(**fields: object) -> Interview:
    interview = an_interview(consented_at=timezone.now())
    if fields.get("started"):
        interviews.start(interview.pk)
        an_answer(interview.questions.get(position=1), "words")
    Interview.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    close_expired()
    interview.refresh_from_db()
    return interview


def test_what_had_expired_before_it_began_can_be_begun() -> None:
    interview = one_that_expired()
    before = interview.status, interview.is_open

    assert interviews.extend(interview, LATER)

    after = Interview.objects.get()
    assert before == (Status.EXPIRED, False)
    assert (after.status, after.expires_at, after.is_open) == (Status.SCHEDULED, LATER, True)
    assert interviews.start(after.pk) is not None


def test_what_had_expired_in_the_middle_goes_on_with_the_next_question() -> None:
    interview = one_that_expired(started=True)

    assert interviews.extend(interview, LATER)

    after = Interview.objects.get()
    assert (after.status, after.is_open) == (Status.IN_PROGRESS, True)
    assert after.current_question == interview.questions.get(position=2)
    assert after.revision > interview.revision


def test_what_is_open_stays_as_it_is() -> None:
    interview = an_interview(consented_at=timezone.now())
    interviews.start(interview.pk)
    current = Interview.objects.get().current_question

    assert interviews.extend(interview, LATER)

    after = Interview.objects.get()
    assert (after.status, after.current_question, after.expires_at) == (Status.IN_PROGRESS, current, LATER)


@pytest.mark.parametrize("ending", ["completed", "cancelled", "erased"])
def test_what_is_over_stays_over(ending: str) -> None:
    interview = one_that_expired()
    if ending == "erased":
        erase([interview])
    else:
        Interview.objects.update(status=ending)
    before = Interview.objects.values().get()

    assert not interviews.extend(interview, LATER)

    assert Interview.objects.values().get() == before

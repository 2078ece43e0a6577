"""Whoever was replaced changes nothing, and what is done again changes nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interviews.errors import Code, StaleEpoch
from interviews.models import Answer, Interview, Segment
from interviews.queries import status
from interviews.services.answers import (
    add_segment,
    complete_answer,
    fail_answer,
    finish_recording,
    give_up,
    owe_transcript,
    record_only,
    store_measures,
)
from interviews.services.owing import renew_lease
from interviews.wire.messages import RecognitionState
from tests.support.running import (
    MEASURED,
    a_finishing_answer,
    a_running_interview,
    begin,
    final,
    revision_of,
    types,
)

pytestmark = pytest.mark.django_db


ends: dict[str, Callable[[Answer], Any]] = {
    "a segment": lambda answer: add_segment(answer, 7, final()),
    "the end": finish_recording,
    "complete": lambda answer: complete_answer(answer, 2000, *MEASURED),
    "owe": lambda answer: owe_transcript(answer, Code.STT_FAILED, 2000),
    "fail": lambda answer: fail_answer(answer, Code.AUDIO_TOO_SHORT),
    "record only": lambda answer: record_only(answer, Code.STT_FAILED),
    "give up": give_up,
    "measures": lambda answer: store_measures(answer, MEASURED[1]),
    "renew": renew_lease,
}


@pytest.mark.parametrize("end", ends.values(), ids=ends.keys())
def test_whoever_was_replaced_changes_nothing(end: Callable[[Answer], Any]) -> None:
    interview = a_running_interview()
    old = begin(interview).answer
    begin(interview)
    before = revision_of(interview), Answer.objects.values().get()

    with pytest.raises(StaleEpoch):
        end(old)

    assert (revision_of(interview), Answer.objects.values().get()) == before


@pytest.mark.parametrize("name", ["a segment", "the end", "owe", "fail", "give up"])
def test_an_answer_ends_once(name: str) -> None:
    interview = a_running_interview()
    answer = a_finishing_answer(interview, final())
    complete_answer(answer, 2000, *MEASURED)
    before = revision_of(interview)

    with pytest.raises(StaleEpoch):
        ends[name](answer)

    assert revision_of(interview) == before


def state_of(interview: Interview) -> list[Any]:
    lasting = Answer.objects.values("epoch", "status", "failure", "text", "duration_ms", "voice_metrics")
    return [Interview.objects.values().get(pk=interview.pk), list(lasting), list(Segment.objects.values())]


@pytest.mark.parametrize("name", ["the end", "complete", "owe", "fail"])
@pytest.mark.parametrize("questions", [["Why?"], ["Why?", "How?"]])
def test_what_is_done_again_changes_nothing_and_says_the_same(name: str, questions: list[str]) -> None:
    """A commit whose end was not heard of is tried again."""
    interview = a_running_interview(*questions)
    answer = a_finishing_answer(interview, final())
    first = ends[name](answer)
    before = state_of(interview)

    again = ends[name](answer)

    assert again == first
    assert state_of(interview) == before


def test_a_take_that_is_given_up_again_says_the_same() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer
    first = give_up(answer)
    before = state_of(interview)

    again = give_up(answer)

    assert again == first
    assert state_of(interview) == before


def test_a_segment_that_is_kept_again_is_the_same_segment() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer
    first = add_segment(answer, 0, final())
    record_only(answer, Code.STT_FAILED)
    before = revision_of(interview)

    again = add_segment(answer, 0, final())

    assert (again, revision_of(interview)) == (first, before)


def test_what_is_recorded_without_a_recogniser_says_why_until_it_is_recognised() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer

    change = record_only(answer, Code.CAPACITY_EXCEEDED)
    (shown,) = status.snapshot(interview.pk, None, []).answers
    begin(interview)
    (shown_again,) = status.snapshot(interview.pk, None, []).answers

    assert (change.revision, types(change)) == (revision_of(interview) - 1, [RecognitionState])
    assert (shown.failure, shown_again.failure) == ("CAPACITY_EXCEEDED", "")


def test_a_segment_is_kept_once() -> None:
    answer = begin(a_running_interview()).answer
    add_segment(answer, 0, final())

    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        add_segment(answer, 0, final("another"))

"""What candidates add to the transcript of their answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from interviews.errors import Code, InterviewError
from interviews.live.worker import Worker
from interviews.models import Answer, Interview, Question
from interviews.services.candidate_notes import note_answer
from interviews.services.changes import Change
from tests.support.answers import babble, text_of
from tests.support.live import Peer, candidate_of, connected, joined, observer_of, the_answer
from tests.support.rows import a_recruiter, an_answer, an_interview
from tests.support.speaking import answer, write
from tests.support.watching import watched

IN_PROGRESS = Interview.Status.IN_PROGRESS
NOTE = "It was Ångström, not “on strum”."


def noted(question: Question, answer: Answer, text: str = NOTE) -> Change:
    return note_answer(question.interview_id, str(question.pk), str(answer.pk), text)


def refused(*ids: Any) -> Code:
    interview_id, question_id, answer_id = ids
    with pytest.raises(InterviewError) as refusal:
        note_answer(interview_id, str(question_id), str(answer_id), NOTE)
    return refusal.value.code


# The rows


@pytest.mark.django_db
def test_a_note_is_kept_beside_the_words_and_is_a_change() -> None:
    question = an_interview(status=IN_PROGRESS).questions.get(position=1)
    answer = an_answer(question, "on strum")

    change = noted(question, answer)

    answer.refresh_from_db()
    assert (answer.candidate_note, answer.text) == (NOTE, "on strum")
    assert change.revision == Interview.objects.get().revision == 1
    [message] = change.messages
    assert (message.answer_id, message.text) == (answer.pk, NOTE)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_later_note_takes_the_place_of_an_earlier_one_and_an_empty_one_takes_it_back() -> None:
    question = an_interview(status=IN_PROGRESS).questions.get(position=1)
    answer = an_answer(question, "on strum", status=Answer.Status.PENDING)

    kept = []
    for text in ("one", "two", ""):
        noted(question, answer, text)
        answer.refresh_from_db()
        kept.append(answer.candidate_note)

    assert kept == ["one", "two", ""]


@pytest.mark.django_db
def test_only_an_answer_of_the_interview_that_is_over_takes_one() -> None:
    interview, other = (an_interview(status=IN_PROGRESS) for _ in range(2))
    first, second = interview.questions.all()
    given, theirs = an_answer(first, "yes"), an_answer(other.questions.get(position=1), "no")
    open_one = an_answer(second, status=Answer.Status.RECORDING)
    failed = an_answer(second, status=Answer.Status.FAILED, take=2)

    for question_id, answer_id in [
        (second.pk, given.pk),
        (first.pk, theirs.pk),
        (theirs.question_id, theirs.pk),
        (second.pk, open_one.pk),
        (second.pk, failed.pk),
        (first.pk, "x"),
        ("x", given.pk),
    ]:
        assert refused(interview.pk, question_id, answer_id) == Code.QUESTION_NOT_FOUND

    assert set(Answer.objects.values_list("candidate_note", flat=True)) == {""}
    assert set(Interview.objects.values_list("revision", flat=True)) == {0}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "may"), [("completed", True), ("scheduled", False), ("cancelled", False), ("expired", False)]
)
def test_it_may_be_added_until_the_interview_is_closed(status: str, may: bool) -> None:
    question = an_interview(status=status).questions.get(position=1)
    answer = an_answer(question, "yes")

    if may:
        noted(question, answer)
    else:
        assert refused(question.interview_id, question.pk, answer.pk) == Code.INTERVIEW_ALREADY_COMPLETED

    answer.refresh_from_db()
    assert bool(answer.candidate_note) is may


# The wire


async def note(candidate: Peer, given: Answer, text: str) -> None:
    candidate.say("answer_note", question_id=str(given.question_id), answer_id=str(given.pk), text=text)


@pytest.mark.django_db(transaction=True)
async def test_a_note_is_acknowledged_and_shown_to_who_watches(worker: Worker) -> None:
    interview, (first, _), ada = await watched()

    async with (
        connected(observer_of(interview, ada, worker)) as observer,
        connected(candidate_of(interview, worker)) as candidate,
    ):
        await joined(observer)
        await answer(candidate, first, babble(1))
        given = await the_answer(question=first)
        await note(candidate, given, f"  {NOTE} ")
        told, shown = await candidate.until("answer_noted"), await observer.until("answer_noted")
        observer.say("resync")
        snapshot = await observer.until("snapshot")

    fields = {"question_id": first, "answer_id": str(given.pk), "text": NOTE}
    assert fields.items() <= told.items() and fields.items() <= shown.items()
    assert snapshot["answers"][0]["candidate_note"] == NOTE
    assert snapshot["answers"][0]["text"] == text_of(babble(1))


@pytest.mark.django_db(transaction=True)
async def test_a_plain_script_is_told_that_its_note_is_kept(worker: Worker) -> None:
    interview, (first, _), _ = await watched()
    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        await candidate.until("question")
        await write(interview, first)

        await note(candidate, await the_answer(question=first), NOTE)

        assert (await candidate.until("answer_noted"))["text"] == NOTE


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", ["x" * 11, "a\0"])
async def test_a_note_that_can_not_be_kept_is_refused_with_its_question(
    worker: Worker, settings: Any, text: str
) -> None:
    settings.ANSWER_NOTE_MAX_CHARS = 10
    interview, (first, second), _ = await watched()
    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question")
        await write(interview, first)
        given = await the_answer(question=first)

        await note(candidate, given, text)
        refusal = await candidate.until("error")
        candidate.say("answer_note", question_id=second, answer_id=str(given.pk), text="short")
        other = await candidate.until("error")

    assert (refusal["code"], refusal["question_id"]) == ("INVALID_MESSAGE_FORMAT", first)
    assert (other["code"], other["question_id"]) == ("QUESTION_NOT_FOUND", second)


# The pages


@pytest.mark.django_db
def test_recruiters_read_it_as_the_candidates(client: Client) -> None:
    owner = a_recruiter()
    client.force_login(owner)
    interview = an_interview(owner)
    an_answer(interview.questions.get(position=1), "on strum", candidate_note="<b>Ångström</b>")

    page = client.get(reverse("interviews:interview", args=[interview.pk])).content.decode()

    assert "The candidate's note" in page
    assert "&lt;b&gt;Ångström&lt;/b&gt;" in page

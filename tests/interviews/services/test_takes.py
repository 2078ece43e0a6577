"""A question that may be answered more than once: its takes, the choice between them, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews import access
from interviews.database import in_database
from interviews.errors import Code, InterviewError
from interviews.live.worker import Worker
from interviews.models import Answer, AudioChunk, Interview, Question
from interviews.orchestration import Orchestrator
from interviews.processing.settling import claim, hand_over, settle, work_off_one
from interviews.queries import status
from interviews.services import answers, interviews, owing
from interviews.services.changes import Change
from interviews.services.takes import choose_last_take, choose_take
from interviews.wire.messages import QuestionMessage, TakeChosen, parts
from speech.metrics import unavailable
from tests.support import pages
from tests.support.answers import babble, text_of
from tests.support.live import PCM, Peer, a_live_interview, candidate_of, connected, eventually
from tests.support.media import wav
from tests.support.rows import a_recruiter, an_answer, an_interview
from tests.support.running import close_expired
from tests.support.speaking import say

pytestmark = pytest.mark.django_db(transaction=True)

Status = Answer.Status


def asked(text: str, takes_allowed: int = 3) -> dict[str, Any]:
    return {"text": text, "takes_allowed": takes_allowed}


class Recorder(Orchestrator):
    """Remembers which answers it was handed."""

    handed: list[Any] = []

    def handle_voice_answer(
        self, interview: Interview, question: Question, answer: Answer, *rest: Any
    ) -> None:
        self.handed.append(answer.pk)


@pytest.fixture(autouse=True)
def handed(settings: Any) -> list[Any]:
    settings.INTERVIEW_ORCHESTRATOR = "tests.interviews.services.test_takes.Recorder"
    Recorder.handed = []
    return Recorder.handed


@pytest.fixture
def interview() -> Interview:
    interview = an_interview(questions=[asked("Why you?"), "Why us?"])
    interviews.give_consent(interview, "2026-11")
    interviews.start(interview.pk)
    interview.refresh_from_db()
    return interview


def first_question(interview: Interview) -> Question:
    return interview.questions.get(position=1)


def begin(interview: Interview, *, new_take: bool = True) -> Answer:
    question_id = str(first_question(interview).pk)
    return answers.begin_answer(interview.pk, question_id, new_take=new_take).answer


def ended(interview: Interview) -> Change:
    """One take more."""
    answer = begin(interview)
    answers.finish_recording(answer)
    change = answers.complete_answer(answer, 2000, None, unavailable())
    owing.what_is_missing(answer)
    owing.leave(answer)
    return change


def take(interview: Interview) -> Answer:
    answer = ended(interview).answer
    assert answer
    return answer


def choose(interview: Interview, answer: Answer) -> Change:
    return choose_take(interview.pk, str(answer.question_id), answer.pk)


def refusal_of(action: Callable[[], Any]) -> Code:
    with pytest.raises(InterviewError) as caught:
        action()
    return caught.value.code


def fresh(interview: Interview) -> Interview:
    interview.refresh_from_db()
    return interview


# The way through


def test_after_a_take_the_candidate_is_asked_what_to_do_with_it(interview: Interview) -> None:
    change = ended(interview)

    question = change.messages[-1]
    assert isinstance(question, QuestionMessage) and change.answer
    assert (question.text, question.takes_allowed, question.takes_left) == ("Why you?", 3, 2)
    assert question.takes == [
        parts.Take(answer_id=change.answer.pk, status="complete", text="", duration_ms=2000)
    ]
    assert fresh(interview).current_question == first_question(interview)
    # Who comes back, here or elsewhere, is asked the same.
    assert status.welcome(interview.pk)[-1] == status.current_step(interview.pk)[-1] == question


def test_the_chosen_take_counts_and_the_interview_goes_on(interview: Interview) -> None:
    first, second = take(interview), take(interview)
    before = fresh(interview).revision

    change = choose(interview, first)

    assert change.revision == before + 1
    chosen, question = change.messages
    assert chosen == TakeChosen(question_id=first.question_id, answer_id=first.pk)
    assert isinstance(question, QuestionMessage) and question.text == "Why us?"
    assert list(Answer.objects.counting()) == [first]
    assert [(a.pk, a.counts) for a in Answer.objects.marked()] == [(first.pk, True), (second.pk, False)]  # type: ignore[attr-defined]
    (shown, other) = status.snapshot(interview.pk, None, []).answers
    assert (shown.is_chosen, other.is_chosen) == (True, False)


def test_choosing_again_changes_nothing_and_says_the_same(interview: Interview) -> None:
    first, second = take(interview), take(interview)
    change = choose(interview, first)

    again = choose(interview, first)

    assert (again.revision, again.messages) == (change.revision, change.messages)
    assert refusal_of(lambda: choose(interview, second)) == Code.QUESTION_ALREADY_ANSWERED


def test_there_are_no_more_takes_than_allowed(interview: Interview) -> None:
    for left in (2, 1, 0):
        assert status.current_step(interview.pk)[-1].takes_left == left + 1  # type: ignore[attr-defined]
        take(interview)

    assert refusal_of(lambda: begin(interview)) == Code.TAKES_EXHAUSTED
    assert Answer.objects.count() == 3


def test_a_take_that_failed_uses_none_up(interview: Interview) -> None:
    for _ in range(3):
        answers.fail_answer(begin(interview), Code.AUDIO_TOO_SHORT)

    assert take(interview).take == 4
    assert status.current_step(interview.pk)[-1].takes_left == 2  # type: ignore[attr-defined]


def test_going_on_with_a_take_that_has_ended_begins_no_other(interview: Interview) -> None:
    take(interview)

    assert refusal_of(lambda: begin(interview, new_take=False)) == Code.QUESTION_ALREADY_ANSWERED


def test_a_new_take_does_not_go_on_with_one_that_somebody_records(interview: Interview) -> None:
    answer = begin(interview)
    again = begin(interview)
    AudioChunk.objects.create(answer=answer, index=0, data=b"a")

    assert (again.pk, again.epoch) == (answer.pk, 2)
    assert refusal_of(lambda: begin(interview)) == Code.TAKE_UNDER_WAY
    assert begin(interview, new_take=False).pk == answer.pk


def test_one_take_is_no_choice() -> None:
    interview = an_interview(questions=[asked("Why you?", 1), "Why us?"])
    interviews.start(interview.pk)

    change = ended(interview)

    question = change.messages[-1]
    assert isinstance(question, QuestionMessage)
    assert (question.text, question.takes, question.takes_left) == ("Why us?", [], 1)
    assert refusal_of(lambda: begin(interview)) == Code.QUESTION_ALREADY_ANSWERED


def test_choosing_gives_up_what_is_being_recorded(interview: Interview) -> None:
    first, other = take(interview), begin(interview)

    choose(interview, first)

    other.refresh_from_db()
    assert (other.status, other.failure, other.epoch) == (Status.FAILED, "GIVEN_UP", 2)


def test_what_was_written_after_a_take_counts_in_its_place(interview: Interview) -> None:
    take(interview)

    change = answers.write_answer(interview.pk, str(first_question(interview).pk), "Because.")

    assert change.messages[-1].text == "Why us?"  # type: ignore[attr-defined]
    assert Answer.objects.counting().get().text == "Because."


def test_only_an_ended_take_of_the_question_is_chosen(interview: Interview) -> None:
    failed = begin(interview)
    answers.fail_answer(failed, Code.AUDIO_TOO_SHORT)
    take(interview)
    elsewhere = an_answer(an_interview().questions.get(position=1), "words")
    question_id = str(first_question(interview).pk)

    for answer_id in (failed.pk, begin(interview).pk, elsewhere.pk, uuid4()):
        code = refusal_of(lambda pk=answer_id: choose_take(interview.pk, question_id, pk))  # type: ignore[misc]
        assert code == Code.TAKE_NOT_FOUND
    other = str(elsewhere.question_id)
    assert refusal_of(lambda: choose_take(interview.pk, other, elsewhere.pk)) == Code.QUESTION_NOT_FOUND
    assert not Answer.objects.filter(chosen_at__isnull=False).exists()


def test_a_chosen_take_of_another_interview_says_nothing_of_it(interview: Interview) -> None:
    chosen = take(interview)
    choose(interview, chosen)
    other = an_interview(questions=[asked("Why?")])

    assert refusal_of(lambda: choose(other, chosen)) == Code.QUESTION_NOT_FOUND


def test_nothing_is_chosen_once_the_interview_is_over(interview: Interview) -> None:
    answer = take(interview)
    interviews.cancel(interview)

    assert refusal_of(lambda: choose(interview, answer)) == Code.INTERVIEW_ALREADY_COMPLETED


@pytest.mark.parametrize("takes_allowed", [0, 6])
def test_takes_are_allowed_within_reason(takes_allowed: int) -> None:
    with pytest.raises(ValidationError):
        an_interview(questions=[asked("Why?", takes_allowed)])


def test_a_recruiter_says_how_often_answers_may_be_recorded(client: Client) -> None:
    client.force_login(a_recruiter())
    fields = {"title": "Developer", "candidate_name": "Grace", "language": "en-US", "questions": "1\n2"}
    named = {**fields, "metrics_sharing": "shared", "link_days": 7}

    client.post(reverse("interviews:interview_new"), {**named, "takes_allowed": "3"})
    client.post(reverse("interviews:interview_new"), named)
    refused = client.post(reverse("interviews:interview_new"), {**named, "takes_allowed": "6"})

    allowed = Question.objects.order_by("interview__created_at", "position")
    assert list(allowed.values_list("takes_allowed", flat=True)) == [3, 3, 1, 1]
    assert set(refused.context["form"].errors) == {"takes_allowed"}


def test_the_command_says_it_too() -> None:
    named = ["create_interview", "--title=Developer", "--candidate=Grace", "--question=1"]

    call_command(*named, "--takes=2", "--think-seconds=0", "--answer-seconds=60")

    question = Question.objects.get()
    assert (question.takes_allowed, question.think_seconds, question.answer_seconds) == (2, 0, 60)
    with pytest.raises(CommandError):
        call_command(*named, "--takes=6")
    with pytest.raises(CommandError):
        call_command(*named, "--think-seconds=-1")


# What counts


@pytest.mark.parametrize(
    ("statuses", "chosen", "counts"),
    [
        ([Status.COMPLETE, Status.COMPLETE], None, 2),
        ([Status.COMPLETE, Status.PENDING], None, 2),
        ([Status.COMPLETE, Status.FAILED], None, 1),
        ([Status.COMPLETE, Status.RECORDING], None, 1),
        ([Status.COMPLETE, Status.COMPLETE, Status.COMPLETE], 2, 2),
        # Its audio turned out to be of no use.
        ([Status.FAILED, Status.COMPLETE, Status.COMPLETE], 1, 3),
        ([Status.FAILED], None, None),
    ],
)
def test_the_chosen_take_counts_or_else_the_last_that_ended(
    statuses: list[str], chosen: int | None, counts: int | None
) -> None:
    question, other = an_interview().questions.all()
    an_answer(other, "words", take=9)
    for number, ending in enumerate(statuses, start=1):
        chosen_at = timezone.now() if number == chosen else None
        an_answer(question, take=number, status=ending, chosen_at=chosen_at)

    assert [answer.take for answer in question.answers.counting()] == ([counts] if counts else [])


def test_the_transcript_shows_the_take_that_counts_and_folds_the_others(
    interview: Interview, client: Client
) -> None:
    client.force_login(a_recruiter(is_superuser=True))
    first, _ = take(interview), take(interview)
    url = reverse("interviews:interview", args=[interview.pk])

    last_counts = pages.text_of(client.get(url))
    choose(interview, first)
    first_counts = pages.text_of(client.get(url))

    assert ("> Counts <" in last_counts, "Chosen by" in last_counts) == (True, False)
    assert "Take 1, which does not count" in last_counts
    assert ("> Counts <" in first_counts, "Chosen by" in first_counts) == (False, True)
    assert "Take 2, which does not count" in first_counts


# Listening to them


def heard(client: Client, interview: Interview, answer: Answer) -> int:
    return client.get(reverse("interviews:take_audio", args=[interview.pk, answer.pk])).status_code


def with_audio(answer: Answer) -> Answer:
    answer.audio.save("take.flac", ContentFile(b"flac"))
    return answer


def test_candidates_hear_the_takes_that_they_choose_from_and_nothing_else(interview: Interview) -> None:
    mine = with_audio(take(interview))
    without = take(interview)
    other = an_interview(questions=[asked("Why?")])
    interviews.give_consent(other, "2026-11")
    interviews.start(other.pk)
    theirs = with_audio(take(other))
    candidate, stranger = Client(), Client()
    candidate.cookies[access.COOKIE_NAME] = access.candidate_cookie(interview)
    stranger.cookies[access.COOKIE_NAME] = access.candidate_cookie(other)

    assert heard(candidate, interview, mine) == 200
    assert heard(candidate, interview, without) == 404
    assert heard(candidate, interview, theirs) == heard(candidate, other, theirs) == 404
    assert heard(stranger, interview, mine) == heard(stranger, other, mine) == 404
    assert heard(Client(), interview, mine) == 404
    choose(interview, mine)
    assert heard(candidate, interview, mine) == 404


def test_who_may_record_once_hears_nothing(client: Client) -> None:
    interview = an_interview(questions=[asked("Why?", 1)])
    interviews.give_consent(interview, "2026-11")
    interviews.start(interview.pk)
    answer = an_answer(interview.questions.get(), "words", audio=b"flac")
    client.cookies[access.COOKIE_NAME] = access.candidate_cookie(interview)

    assert heard(client, interview, answer) == 404


def test_a_new_link_and_the_interviews_end_close_the_takes(interview: Interview, client: Client) -> None:
    answer = with_audio(take(interview))
    client.cookies[access.COOKIE_NAME] = access.candidate_cookie(interview)
    assert heard(client, interview, answer) == 200

    interviews.new_link(interview)
    assert heard(client, interview, answer) == 404
    client.cookies[access.COOKIE_NAME] = access.candidate_cookie(fresh(interview))
    assert heard(client, interview, answer) == 200
    interviews.cancel(interview)
    assert heard(client, interview, answer) == 404


# The hand-over


def test_no_take_is_handed_over_before_one_is_chosen(interview: Interview, handed: list[Any]) -> None:
    answer = take(interview)

    hand_over(answer.pk)

    assert (claim(), handed) == (None, [])


def test_the_take_that_counts_is_handed_over_and_no_other(interview: Interview, handed: list[Any]) -> None:
    first, second = take(interview), take(interview)
    choose(interview, first)

    for answer in (second, first, first):
        hand_over(answer.pk)

    assert handed == [first.pk]
    assert [owing.what_is_missing(answer) for answer in (first, second)] == [[], []]
    assert claim() is None


@pytest.mark.parametrize("end", [interviews.cancel, lambda interview: expired()])
def test_of_takes_that_nobody_chose_from_the_last_is_handed_over(
    interview: Interview, handed: list[Any], end: Callable[[Interview], Any]
) -> None:
    _, last = take(interview), take(interview)
    end(interview)

    claimed = claim()
    assert claimed
    hand_over(claimed.pk)

    assert (claimed, handed, claim()) == (last, [last.pk], None)


def expired() -> int:
    Interview.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    return close_expired()


def test_what_is_still_recorded_may_count_and_is_waited_for(interview: Interview, handed: list[Any]) -> None:
    take(interview)
    under_way = begin(interview)
    interviews.cancel(interview)

    assert claim() is None
    answers.finish_recording(under_way)
    answers.complete_answer(under_way, 2000, None, unavailable())
    owing.leave(under_way)

    assert claim() == under_way


async def test_a_chosen_take_whose_transcript_is_owed_is_handed_over_with_it(handed: list[Any]) -> None:
    interview, (_first, _) = await a_live_interview(asked("Why you?"), "Why us?")  # type: ignore[arg-type]
    await in_database(interviews.start, interview.pk)

    def owe() -> Answer:
        answer = begin(interview)
        answers.begin_part(answer, 0, None)
        AudioChunk.objects.create(answer=answer, index=0, data=wav(babble(1)))
        answers.finish_recording(answer)
        answers.owe_transcript(answer, Code.CAPACITY_EXCEEDED, 1000)
        owing.leave(answer)
        return answer

    answer = await in_database(owe)
    await in_database(choose, interview, answer)
    assert handed == []

    assert await work_off_one()

    assert handed == [answer.pk]
    await settle(answer)


# On the wire


async def new_take(candidate: Peer, question_id: str, pcm: bytes) -> dict[str, Any]:
    """One take more, to the question about it."""
    candidate.say("start_answer", question_id=question_id, format=PCM, new_take=True)
    await candidate.until("answer_started", question_id=question_id)
    await say(candidate, question_id, pcm)
    return await candidate.until("question", question_id=question_id)


async def test_a_candidate_records_again_and_chooses_the_first(worker: Worker, handed: list[Any]) -> None:
    interview, (first, second) = await a_live_interview(asked("Why you?", 2), "Why us?")  # type: ignore[arg-type]

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question", question_id=first)
        await new_take(candidate, first, babble(1))
    # They come back after a take, from wherever.
    async with connected(candidate_of(interview, worker)) as candidate:
        again = await candidate.until("question", question_id=first)
        both = await new_take(candidate, first, babble(1, seed=5))
        candidate.say("start_answer", question_id=first, format=PCM, new_take=True)
        await candidate.until("error", code="TAKES_EXHAUSTED")
        candidate.say("choose_take", question_id=first, answer_id=both["takes"][0]["answer_id"])
        await candidate.until("take_chosen")
        await candidate.until("question", question_id=second)

    assert [take["text"] for take in both["takes"]] == [text_of(babble(1)), text_of(babble(1, seed=5))]
    assert (again["takes"], again["takes_left"], both["takes_left"]) == (both["takes"][:1], 1, 0)
    await eventually(lambda: handed, "the chosen take is handed over")
    assert [str(pk) for pk in handed] == [both["takes"][0]["answer_id"]]


@pytest.mark.parametrize("answer_id", ["", "1", "00000000-0000-4000-8000-000000000000"])
async def test_a_take_that_is_none_is_refused(worker: Worker, answer_id: str) -> None:
    interview, (first,) = await a_live_interview(asked("Why?"))  # type: ignore[arg-type]

    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("choose_take", question_id=first, answer_id=answer_id)
        refused = await candidate.until("error")

    assert refused["code"] == ("TAKE_NOT_FOUND" if len(answer_id) > 1 else "INVALID_MESSAGE_FORMAT")


async def test_a_plain_script_goes_on_after_one_take(worker: Worker, handed: list[Any]) -> None:
    interview, (first, second) = await a_live_interview(asked("Why you?"), "Why us?")  # type: ignore[arg-type]

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        await candidate.until("question", question_id=first, takes_left=1)
        candidate.chunk(first, 0, babble(1), is_final=True, format="pcm_s16le")
        await candidate.until("question", question_id=second)

    assert [m["type"] for m in candidate.heard if m["type"] != "transcription"] == [
        "question",
        "voice_metrics",
        "question",
    ]
    await eventually(lambda: handed, "its one take is handed over")


async def test_a_plain_script_that_comes_back_after_its_take_goes_on(worker: Worker) -> None:
    interview, (_, second) = await a_live_interview(asked("Why you?"), "Why us?")  # type: ignore[arg-type]
    await in_database(interviews.start, interview.pk)
    await in_database(take, interview)

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        await candidate.until("question")

    assert [message["question_id"] for message in candidate.said("question")] == [second]


def test_who_is_not_asked_goes_on_with_the_last_take(interview: Interview) -> None:
    question = first_question(interview)
    assert choose_last_take(interview.pk, question.pk) is None
    _, last = take(interview), take(interview)

    change = choose_last_take(interview.pk, question.pk)

    assert change and change.answer == last
    assert list(Answer.objects.counting()) == [last]
    assert choose_last_take(interview.pk, question.pk) == change


def test_who_is_not_asked_is_told_where_an_interview_stands_that_went_on_by_another_s_choice(
    interview: Interview,
) -> None:
    first, _ = take(interview), take(interview)
    chosen = choose(interview, first)

    change = choose_last_take(interview.pk, first.question_id)

    assert change == chosen

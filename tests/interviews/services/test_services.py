from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.utils import timezone

from interviews.access import Watcher
from interviews.errors import Code, InterviewError, StaleEpoch
from interviews.live.broadcast import delivery_of
from interviews.models import Answer, AudioChunk, AudioPart, Interview, Segment
from interviews.queries import status as status
from interviews.services.answers import (
    Begun,
    add_segment,
    begin_answer,
    begin_part,
    complete_answer,
    fail_answer,
    finish_recording,
    give_up,
    keep,
    owe_transcript,
    record_only,
    release,
    take_over,
    write_answer,
)
from interviews.services.changes import Change
from interviews.services.interviews import cancel, create_interview, expire_interviews, give_consent, start
from interviews.wire.messages import (
    AnswerComplete,
    AnswerStarted,
    InterviewComplete,
    QuestionMessage,
    State,
    Transcription,
)
from interviews.wire.messages import VoiceMetricsMessage as Metrics
from interviews.wire.rows import metrics_fields
from speech.audio import AudioFormat
from speech.events import Final, Resume, Word
from speech.metrics import Measures, VoiceAnalyser, WordSource, unavailable
from tests.support.rows import a_recruiter, an_interview

pytestmark = pytest.mark.django_db

Status = Answer.Status


MEASURED = 0.8, unavailable()


def measures_of(words: list[Word]) -> Measures:
    analyser = VoiceAnalyser(WordSource(language="en-US", reports_confidence=True))
    analyser.add_words(words)
    return analyser.final()


def final(text: str = "because I care", start_ms: int = 0) -> Final:
    words = [
        Word(word, start_ms + number * 500, start_ms + number * 500 + 500, 0.8)
        for number, word in enumerate(text.split())
    ]
    resume = Resume(words[-1].end_ms * 16, {"cmn": [1.5]})
    return Final(text, start_ms, words[-1].end_ms, 0.8, tuple(words), resume, "scripted-1")


def a_running_interview(*questions: str) -> Interview:
    interview = an_interview(questions=questions or ("Why you?", "Why us?"))
    give_consent(interview, "2026-11")
    start(interview.pk)
    interview.refresh_from_db()
    return interview


def begin(interview: Interview) -> Begun:
    interview.refresh_from_db()
    return begin_answer(interview.pk, str(interview.current_question_id))


def a_finishing_answer(interview: Interview, *finals: Final) -> Answer:
    answer = begin(interview).answer
    for index, said in enumerate(finals):
        add_segment(answer, index, said)
    finish_recording(answer)
    return answer


def revision_of(interview: Interview) -> int:
    return Interview.objects.values_list("revision", flat=True).get(pk=interview.pk)


def chunks(answer: Answer, *data: bytes) -> None:
    for index, chunk in enumerate(data):
        AudioChunk.objects.create(answer=answer, index=index, data=chunk)


def types(change: Change) -> list[type]:
    return [type(message) for message in change.messages]


# Making an interview


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": "x" * 201},
        {"candidate_name": ""},
        {"candidate_email": "nobody"},
        {"language": "x" * 36},
        {"questions": ["Why?", ""]},
        {"questions": [{"text": "Why?", "difficulty": "deadly"}]},
    ],
)
def test_an_interview_that_can_not_be_is_not_made(fields: dict[str, Any]) -> None:
    named = {"title": "Developer", "candidate_name": "Grace", "questions": ["Why?"], **fields}

    with pytest.raises(ValidationError):
        create_interview(**named)

    assert not Interview.objects.exists()


def test_questions_keep_their_order_and_what_is_said_of_them() -> None:
    interview = an_interview(questions=["Why?", {"text": "How?", "difficulty": "hard", "think_seconds": 5}])

    first, second = interview.questions.all()
    assert (first.position, first.text, first.think_seconds) == (1, "Why?", 30)
    assert (second.position, second.text, second.difficulty, second.think_seconds) == (2, "How?", "hard", 5)


def test_consent_is_recorded_once() -> None:
    interview = an_interview()
    give_consent(interview, "2026-11")
    first = interview.consented_at

    give_consent(interview, "2027-01")

    assert (interview.consented_at, interview.consent_version, interview.revision) == (first, "2026-11", 1)


def test_starting_asks_the_first_question_once() -> None:
    interview = an_interview(questions=["Why?", "How?"])

    change = start(interview.pk)
    again = start(interview.pk)

    assert change and types(change) == [QuestionMessage]
    assert again is None
    interview.refresh_from_db()
    assert interview.status == Interview.Status.IN_PROGRESS
    assert interview.current_question == interview.questions.get(position=1)


def test_an_interview_without_questions_is_complete_at_once() -> None:
    interview = an_interview(questions=[])

    change = start(interview.pk)

    assert change and change.messages == [
        InterviewComplete(interview_id=interview.pk, total_questions=0, answered=0)
    ]


# Revisions


def changes(interview: Interview) -> dict[str, Callable[[], Change | bool | None]]:
    """Everything that changes what an observer sees, in an order in which it can happen."""
    answers: list[Answer] = []

    def begin_one() -> Change:
        begun = begin(interview)
        answers.append(begun.answer)
        return begun.change

    def current() -> str:
        interview.refresh_from_db()
        return str(interview.current_question_id)

    return {
        "consent": lambda: give_consent(interview, "2026-11"),
        "start": lambda: start(interview.pk),
        "begin": begin_one,
        "take over": begin_one,
        "segment": lambda: add_segment(answers[-1], 0, final()),
        "give up": lambda: give_up(answers[-1]),
        "a new take": begin_one,
        "fail": lambda: fail_answer(answers[-1], Code.AUDIO_TOO_SHORT),
        "another take": begin_one,
        "the end": lambda: finish_recording(answers[-1]),
        "complete": lambda: complete_answer(answers[-1], 2000, *MEASURED),
        "the second answer": begin_one,
        "the second end": lambda: finish_recording(answers[-1]),
        "owe": lambda: owe_transcript(answers[-1], Code.CAPACITY_EXCEEDED, 2000),
        "its transcript": lambda: complete_answer(answers[-1], 2000, *MEASURED),
        "write": lambda: write_answer(interview.pk, current(), "Because."),
        "cancel": lambda: cancel(interview),
    }


def test_every_change_raises_the_revision_by_one() -> None:
    interview = an_interview(questions=["1", "2", "3", "4"])

    for name, make in changes(interview).items():
        before = revision_of(interview)
        change = make()
        assert revision_of(interview) == before + 1, name
        if isinstance(change, Change):
            assert change.revision == before + 1, name
            assert change.interview_id == interview.pk, name


def test_a_segment_carries_the_revision_that_it_made() -> None:
    interview = a_running_interview()

    change = add_segment(begin(interview).answer, 0, final())

    assert Segment.objects.get().revision == change.revision


@pytest.mark.parametrize(
    "refused",
    [
        lambda i: begin_answer(i.pk, str(uuid4())),
        lambda i: begin_answer(i.pk, str(i.questions.get(position=2).pk)),
        lambda i: write_answer(i.pk, str(i.questions.get(position=2).pk), "Because."),
    ],
)
def test_what_is_refused_changes_nothing(refused: Callable[[Interview], Any]) -> None:
    interview = a_running_interview()
    before = revision_of(interview)

    with pytest.raises(InterviewError):
        refused(interview)

    assert revision_of(interview) == before
    assert not Answer.objects.exists()


# Beginning an answer


def test_an_answer_begins_with_take_1_and_chunk_0() -> None:
    interview = a_running_interview()

    begun = begin(interview)

    answer = Answer.objects.get()
    assert (answer.take, answer.status, answer.epoch) == (1, Status.RECORDING, 1)
    assert begun.change.messages == [begun.started]
    assert begun.started == AnswerStarted(
        question_id=interview.current_question_id,
        answer_id=answer.pk,
        take=1,
        next_chunk_index=0,
        segments=[],
    )


@pytest.mark.parametrize("status", [Status.RECORDING, Status.FINISHING])
def test_an_answer_that_is_under_way_is_taken_over_where_it_stands(status: str) -> None:
    interview = a_running_interview()
    first = begin(interview).answer
    begin_part(first, 0, AudioFormat("webm"))
    chunks(first, b"abc", b"de")
    add_segment(first, 0, final())
    Answer.objects.update(status=status)

    begun = begin(interview)

    assert (begun.answer.pk, begun.answer.epoch, begun.answer.status) == (first.pk, 2, Status.RECORDING)
    assert begun.started.next_chunk_index == 2
    assert begun.received_bytes == 5
    assert [part.encoding for part in begun.parts] == ["webm"]
    assert [segment["text"] for segment in begun.started.segments] == ["because I care"]
    assert begun.segments[-1].resume == {"offset_samples": 24_000, "state": {"cmn": [1.5]}}


def test_a_failed_take_is_followed_by_a_new_one() -> None:
    interview = a_running_interview()
    fail_answer(begin(interview).answer, Code.AUDIO_DECODING_FAILED)

    begun = begin(interview)

    assert (begun.answer.take, begun.started.next_chunk_index) == (2, 0)


def test_a_question_is_found_whatever_the_case_of_its_id() -> None:
    interview = a_running_interview()

    begun = begin_answer(interview.pk, str(interview.current_question_id).upper())

    assert begun.answer.question_id == interview.current_question_id


def code_of_beginning(interview: Interview, question_id: str) -> Code:
    with pytest.raises(InterviewError) as caught:
        begin_answer(interview.pk, question_id)
    return caught.value.code


def test_a_question_of_another_interview_is_not_found() -> None:
    other = a_running_interview()
    interview = a_running_interview()

    assert code_of_beginning(interview, str(other.current_question_id)) == Code.QUESTION_NOT_FOUND


@pytest.mark.parametrize("question_id", ["", "1", "\0", "00000000-0000-4000-8000-000000000000"])
def test_a_question_that_is_none_is_not_found(question_id: str) -> None:
    assert code_of_beginning(a_running_interview(), question_id) == Code.QUESTION_NOT_FOUND


def test_questions_are_answered_in_their_order() -> None:
    interview = a_running_interview()
    first, second = interview.questions.all()

    out_of_order = code_of_beginning(interview, str(second.pk))
    write_answer(interview.pk, str(first.pk), "Because.")

    assert out_of_order == Code.INVALID_STATE
    assert code_of_beginning(interview, str(first.pk)) == Code.QUESTION_ALREADY_ANSWERED


@pytest.mark.parametrize("kept", [{"status": Interview.Status.CANCELLED}, {"expires_at": timezone.now()}])
def test_nothing_is_answered_once_the_interview_is_over(kept: dict[str, Any]) -> None:
    interview = a_running_interview()
    Interview.objects.update(**kept)

    assert (
        code_of_beginning(interview, str(interview.current_question_id)) == Code.INTERVIEW_ALREADY_COMPLETED
    )


# Parts


def test_a_part_keeps_its_format() -> None:
    answer = begin(a_running_interview()).answer

    begin_part(answer, 3, AudioFormat("pcm_s16le", 48_000, 2))

    part = AudioPart.objects.get()
    assert (part.first_index, part.encoding, part.sample_rate, part.channels) == (3, "pcm_s16le", 48_000, 2)


def test_a_part_that_begins_again_takes_the_later_format() -> None:
    answer = begin(a_running_interview()).answer
    begin_part(answer, 0, AudioFormat("pcm_s16le", 48_000, 2))

    begin_part(answer, 0, None)

    assert AudioPart.objects.get().encoding == ""


def test_a_connection_that_was_replaced_begins_no_part() -> None:
    interview = a_running_interview()
    old = begin(interview).answer
    new = begin(interview).answer
    begin_part(new, 0, AudioFormat("webm"))

    with pytest.raises(StaleEpoch):
        begin_part(old, 0, AudioFormat("ogg"))

    assert AudioPart.objects.get().encoding == "webm"


# Ending


def test_a_complete_answer_is_made_of_its_segments() -> None:
    interview = a_running_interview()
    answer = a_finishing_answer(interview, final("because I care"), final("a lot", start_ms=3000))

    change = complete_answer(
        answer, 4000, 0.8, measures_of([word for s in answer.segments.all() for word in s.spoken])
    )

    answer.refresh_from_db()
    assert (answer.status, answer.text, answer.duration_ms) == (Status.COMPLETE, "because I care a lot", 4000)
    assert (answer.recogniser, answer.confidence) == ("scripted-1", pytest.approx(0.8))
    assert answer.voice_metrics
    assert metrics_fields(answer.voice_metrics)["speaking_rate_wpm"] == pytest.approx(75)
    assert types(change) == [Metrics, AnswerComplete, QuestionMessage]


@pytest.mark.parametrize(
    ("sharing", "kept", "observed"),
    [("shared", True, True), ("candidate", True, False), ("off", False, False)],
)
def test_voice_metrics_are_shown_to_whom_the_interview_says(sharing: str, kept: bool, observed: bool) -> None:
    interview = a_running_interview()
    Interview.objects.filter(pk=interview.pk).update(metrics_sharing=sharing)
    answer = a_finishing_answer(interview, final())

    change = complete_answer(answer, 4000, 0.8, None if sharing == "off" else unavailable())

    (shown,) = status.snapshot(interview.pk, None, []).answers
    ended = Answer.objects.get()
    told = [json.loads(text)["type"] for text in delivery_of(change).texts]
    assert (Metrics in types(change), ended.voice_metrics is not None) == (kept, kept)
    assert ("voice_metrics" in told, shown["voice_metrics"] is not None) == (observed, observed)
    assert (ended.shared_metrics is not None) == observed
    assert ended.confidence == pytest.approx(0.8)


def test_a_silent_answer_is_complete_without_words() -> None:
    interview = a_running_interview()

    complete_answer(a_finishing_answer(interview), 4000, None, unavailable())

    answer = Answer.objects.get()
    assert (answer.status, answer.text, answer.confidence, answer.recogniser) == (
        Status.COMPLETE,
        "",
        None,
        "",
    )


def test_the_last_answer_completes_the_interview() -> None:
    interview = a_running_interview("Why?")

    change = complete_answer(a_finishing_answer(interview, final()), 2000, *MEASURED)

    interview.refresh_from_db()
    assert change.messages[-1] == InterviewComplete(interview_id=interview.pk, total_questions=1, answered=1)
    assert (interview.status, interview.current_question) == (Interview.Status.COMPLETED, None)
    assert interview.completed_at is not None


def test_an_owed_transcript_lets_the_interview_go_on_and_follows_later() -> None:
    interview = a_running_interview()
    answer = a_finishing_answer(interview)

    owed = owe_transcript(answer, Code.CAPACITY_EXCEEDED, 2000)
    add_segment(answer, 0, final())
    complete = complete_answer(answer, 2000, *MEASURED)

    assert types(owed) == [AnswerComplete, QuestionMessage]
    assert types(complete) == [Metrics, AnswerComplete]
    answer.refresh_from_db()
    assert (answer.status, answer.failure, answer.text) == (Status.COMPLETE, "", "because I care")


def test_what_is_owed_is_not_claimed_while_its_audio_is_being_stored() -> None:
    interview = a_running_interview()
    answer = a_finishing_answer(interview)

    owe_transcript(answer, Code.CAPACITY_EXCEEDED, 2000)
    before = list(Answer.objects.owed())
    release(answer)

    assert before == []
    assert list(Answer.objects.owed()) == [answer]


@pytest.mark.parametrize(
    "end",
    [
        lambda answer: complete_answer(answer, 2000, *MEASURED),
        lambda answer: owe_transcript(answer, Code.STT_FAILED, 2000),
    ],
)
def test_what_ends_after_the_interview_was_cancelled_leaves_it_cancelled(
    end: Callable[[Answer], Change],
) -> None:
    interview = a_running_interview("Why?")
    answer = a_finishing_answer(interview, final())
    cancel(interview)

    change = end(answer)

    interview.refresh_from_db()
    assert (interview.status, interview.current_question) == (Interview.Status.CANCELLED, None)
    assert types(change)[-1] is AnswerComplete


def test_an_interview_is_cancelled_once() -> None:
    interview = a_running_interview()

    assert [cancel(interview), cancel(interview)] == [True, False]


def test_a_complete_interview_is_not_cancelled() -> None:
    interview = a_running_interview("Why?")
    write_answer(interview.pk, str(interview.current_question_id), "Because.")

    assert not cancel(interview)


def test_a_written_answer_gives_up_the_spoken_one() -> None:
    interview = a_running_interview()
    spoken = begin(interview).answer

    change = write_answer(interview.pk, str(interview.current_question_id), "Because.")

    spoken.refresh_from_db()
    written = Answer.objects.get(kind=Answer.Kind.TEXT)
    assert (spoken.status, spoken.failure, spoken.epoch) == (Status.FAILED, "GIVEN_UP", 2)
    assert (written.take, written.status, written.text) == (2, Status.COMPLETE, "Because.")
    assert (written.voice_metrics, written.duration_ms) == (None, None)
    assert types(change) == [AnswerComplete, QuestionMessage]


# Fencing

ends: dict[str, Callable[[Answer], Any]] = {
    "a segment": lambda answer: add_segment(answer, 7, final()),
    "the end": finish_recording,
    "complete": lambda answer: complete_answer(answer, 2000, *MEASURED),
    "owe": lambda answer: owe_transcript(answer, Code.STT_FAILED, 2000),
    "fail": lambda answer: fail_answer(answer, Code.AUDIO_TOO_SHORT),
    "record only": lambda answer: record_only(answer, Code.STT_FAILED),
    "give up": give_up,
    "keep": keep,
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

    assert (change.revision, types(change)) == (revision_of(interview) - 1, [State])
    assert (shown["failure"], shown_again["failure"]) == ("CAPACITY_EXCEEDED", "")


def test_a_segment_is_kept_once() -> None:
    answer = begin(a_running_interview()).answer
    add_segment(answer, 0, final())

    with pytest.raises(Exception, match="UNIQUE|unique"):
        add_segment(answer, 0, final("another"))


# Claiming


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
    answer = Answer.objects.create(question=question, lease_until=lease and timezone.now() + lease, **fields)

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


def test_an_interview_expires_when_its_time_is_over() -> None:
    early, late = a_running_interview(), a_running_interview()
    complete = an_interview(status="completed", expires_at=timezone.now() - timedelta(days=1))
    Interview.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    before = revision_of(late)

    counts = expire_interviews(), expire_interviews()

    for interview in (early, late, complete):
        interview.refresh_from_db()
    assert counts == (1, 0)
    assert [early.status, late.status, complete.status] == ["in_progress", "expired", "completed"]
    assert (late.current_question, late.revision) == (None, before + 1)


def test_nobody_is_shut_out_in_mid_answer() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer
    Interview.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    expired = expire_interviews()
    again = begin(interview)
    finish_recording(again.answer)
    change = complete_answer(again.answer, 2000, *MEASURED)

    interview.refresh_from_db()
    assert (expired, again.answer, interview.is_open) == (0, answer, False)
    assert types(change)[-1] is QuestionMessage
    assert expire_interviews() == 1


# What a connection asks


def test_the_welcome_says_what_is_under_way() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer
    chunks(answer, b"\0a", b"b")

    ready, _ = status.welcome(interview.pk)
    finish_recording(answer)
    finishing, _ = status.welcome(interview.pk)

    assert ready.under_way == {  # type: ignore[attr-defined]
        "question_id": answer.question_id,
        "answer_id": answer.pk,
        "next_chunk_index": 2,
    }
    # Its audio is all there: there is nothing to go on with.
    assert finishing.under_way is None  # type: ignore[attr-defined]


def test_the_welcome_says_what_is_answered_and_asks_the_current_question() -> None:
    interview = a_running_interview()
    first, second = interview.questions.all()
    write_answer(interview.pk, str(first.pk), "Because.")

    ready, question = status.welcome(interview.pk)

    assert ready.answered == [  # type: ignore[attr-defined]
        {"question_id": first.pk, "kind": "text", "status": "complete", "text": "Because."}
    ]
    assert question.question_id == second.pk  # type: ignore[attr-defined]
    assert (question.index, question.total) == (2, 2)  # type: ignore[attr-defined]


def test_the_welcome_keeps_later_questions_to_itself() -> None:
    interview = a_running_interview("Why?", "A secret for later")

    assert "A secret for later" not in str(status.welcome(interview.pk))


def test_the_last_ended_answer_is_told_again() -> None:
    interview = a_running_interview()
    complete_answer(a_finishing_answer(interview, final()), 2000, *MEASURED)

    messages = status.last_ended(interview.pk)

    assert [type(message) for message in messages] == [Metrics, AnswerComplete]


def test_a_stored_chunk_is_known_by_its_bytes() -> None:
    answer = begin(a_running_interview()).answer
    chunks(answer, b"\0a", b"b")

    assert status.is_stored_chunk(answer, 0, b"\0a")
    assert not status.is_stored_chunk(answer, 0, b"\0b")
    assert not status.is_stored_chunk(answer, 2, b"b")


@pytest.mark.parametrize("count", [1, 3])
def test_a_snapshot_shows_all_of_it_in_a_fixed_number_of_queries(
    count: int, django_assert_num_queries: Any
) -> None:
    interview = a_running_interview(*(f"Why {number}?" for number in range(count)))
    for _ in range(count):
        complete_answer(a_finishing_answer(interview, final(), final("a lot", 3000)), 4000, *MEASURED)

    with django_assert_num_queries(6):
        snapshot = status.snapshot(interview.pk, None, ["Ada"])

    assert snapshot.revision == revision_of(interview)
    assert [[segment["text"] for segment in answer["segments"]] for answer in snapshot.answers] == [
        ["because I care", "a lot"]
    ] * count
    assert [question["index"] for question in snapshot.questions] == list(range(1, count + 1))


def test_a_snapshot_has_the_text_of_its_segments_and_not_each_word() -> None:
    interview = a_running_interview()
    complete_answer(a_finishing_answer(interview, final("because")), 4000, *MEASURED)

    ((segment,),) = [answer["segments"] for answer in status.snapshot(interview.pk, None, []).answers]

    assert (segment["text"], "words" in segment) == ("because", False)


def test_a_snapshot_leaves_out_takes_that_failed() -> None:
    interview = a_running_interview()
    fail_answer(begin(interview).answer, Code.AUDIO_DECODING_FAILED)
    begin(interview)

    snapshot = status.snapshot(interview.pk, None, [])

    assert [answer["take"] for answer in snapshot.answers] == [2]


# Where everything stands


def a_watcher(name: str, **fields: Any) -> Watcher:
    user = a_recruiter(name, **fields)
    session = SessionStore()
    session.create()
    return Watcher(user.pk, name, str(session.session_key), user.get_session_auth_hash())


@pytest.mark.parametrize("count", [1, 3])
def test_standings_take_a_fixed_number_of_queries(count: int, django_assert_num_queries: Any) -> None:
    interviews = [a_running_interview() for _ in range(count)]
    answers = [begin(interview).answer for interview in interviews]
    sights = set()
    for number, interview in enumerate(interviews):
        watchers = a_watcher(f"own{number}"), a_watcher(f"watch{number}")
        Interview.objects.filter(pk=interview.pk).update(owner=watchers[0].user_id)
        interview.watchers.add(watchers[1].user_id)
        sights |= {(watcher, interview.pk) for watcher in watchers}

    with django_assert_num_queries(6):
        found = status.standings({i.pk for i in interviews}, {a.pk for a in answers}, sights)

    for interview, answer in zip(interviews, answers, strict=True):
        standing = found[interview.pk]
        assert (standing.revision, standing.is_over) == (revision_of(interview), False)
        assert standing.epochs[answer.pk] == 1
        assert standing.allowed == sights


@pytest.mark.parametrize(
    ("status", "is_over"),
    [
        ("scheduled", False),
        ("in_progress", False),
        ("completed", False),
        ("cancelled", True),
        ("expired", True),
    ],
)
def test_an_interview_is_over_for_its_candidate_when_it_was_ended_from_outside(
    status: str, is_over: bool
) -> None:
    interview = an_interview(status=status)

    assert status.standings({interview.pk}, set(), set())[interview.pk].is_over == is_over


def test_an_interview_that_is_no_more_is_over() -> None:
    gone: UUID = uuid4()

    assert status.standings({gone}, set(), set())[gone].is_over


def test_a_final_is_told_with_its_words() -> None:
    interview = a_running_interview()
    answer = begin(interview).answer

    change = add_segment(answer, 0, final("yes"))

    assert change.messages == [
        Transcription(
            question_id=answer.question_id,
            answer_id=answer.pk,
            segment=0,
            text="yes",
            is_final=True,
            confidence=0.8,
            start_ms=0,
            end_ms=500,
            words=[{"word": "yes", "start_ms": 0, "end_ms": 500, "confidence": 0.8}],
            recogniser="scripted-1",
        )
    ]

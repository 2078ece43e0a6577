from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from interviews.conf import conf
from interviews.errors import Code, InterviewError, StaleEpoch
from interviews.live.broadcast import delivery_of
from interviews.models import Answer, AudioPart, Interview
from interviews.queries import status
from interviews.services.answers import (
    add_segment,
    begin_answer,
    begin_part,
    complete_answer,
    fail_answer,
    owe_transcript,
    write_answer,
)
from interviews.services.changes import Change
from interviews.services.interviews import cancel
from interviews.services.owing import leave
from interviews.wire.messages import (
    AnswerComplete,
    AnswerStarted,
    InterviewComplete,
    QuestionMessage,
    Transcription,
    parts,
)
from interviews.wire.messages import VoiceMetricsMessage as Metrics
from interviews.wire.metrics import answer_metrics
from speech.audio import AudioFormat
from speech.events import Word
from speech.metrics import Measures, VoiceAnalyser, WordSource, unavailable
from tests.support.running import (
    MEASURED,
    a_finishing_answer,
    a_running_interview,
    begin,
    chunks,
    final,
    types,
)

pytestmark = pytest.mark.django_db

Status = Answer.Status


def measures_of(words: list[Word]) -> Measures:
    analyser = VoiceAnalyser(WordSource(language="en-US", reports_confidence=True))
    analyser.add_words(words)
    return analyser.final()


# Beginning an answer


def test_an_answer_begins_with_take_1_and_chunk_0() -> None:
    interview = a_running_interview()

    begun = begin(interview)

    answer = Answer.objects.get()
    assert (answer.take, answer.status, answer.epoch) == (1, Status.RECORDING, 1)
    assert answer.question_id == interview.current_question_id
    assert begun.change.messages == [begun.started]
    assert begun.started == AnswerStarted(
        question_id=answer.question_id,
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
    assert begun.room_bytes == conf.ANSWER_MAX_BYTES - 2 * 512
    assert [part.encoding for part in begun.parts] == ["webm"]
    assert [segment.text for segment in begun.started.segments] == ["because I care"]
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
    assert answer.recogniser == "scripted-1"
    assert answer.confidence == pytest.approx(0.8)
    assert answer.voice_metrics
    assert answer_metrics(answer.voice_metrics).speaking_rate_wpm == pytest.approx(75)
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
    assert ("voice_metrics" in told, shown.voice_metrics is not None) == (observed, observed)
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
    before = list(Answer.objects.due())
    leave(answer)

    assert before == []
    assert list(Answer.objects.due()) == [answer]


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
            words=[parts.Word(word="yes", start_ms=0, end_ms=500, confidence=0.8)],
            recogniser="scripted-1",
        )
    ]

"""Rows as the wire shows them."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from typing import Any
from uuid import UUID

import msgspec
from django.urls import reverse
from msgspec.structs import asdict

from interviews.conf import conf
from interviews.models import Answer, Interview, Question, Segment
from interviews.wire.messages import (
    AnswerComplete,
    AnswerStarted,
    InterviewComplete,
    OpenUtterance,
    QuestionMessage,
    RecognitionState,
    ServerMessage,
    SessionReady,
    Snapshot,
    Transcription,
    parts,
)
from interviews.wire.metrics import brief, metrics_message, shared_metrics
from speech.backends import get_recogniser


def _interview(interview: Interview) -> parts.Interview:
    return parts.Interview(
        interview_id=interview.pk,
        title=interview.title,
        candidate_name=interview.candidate_name,
        language=interview.language,
        status=interview.status,
    )


def _question(interview: Interview, question: Question, index: int, total: int) -> parts.Question:
    return parts.Question(
        question_id=question.pk,
        text=question.text,
        index=index,
        total=total,
        question_type=question.question_type,
        difficulty=question.difficulty,
        think_seconds=interview.lengthened(question.think_seconds),
        answer_seconds=interview.lengthened(question.answer_seconds),
        takes_allowed=question.takes_allowed,
    )


def _take(answer: Answer) -> parts.Take:
    return parts.Take(
        answer_id=answer.pk, status=answer.status, text=answer.text, duration_ms=answer.duration_ms
    )


def _segment(segment: Segment) -> parts.Segment:
    return parts.Segment(
        segment=segment.index,
        text=segment.text,
        confidence=segment.confidence,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        recogniser=segment.recogniser,
    )


def _spoken(segment: Segment) -> parts.SpokenSegment:
    return parts.SpokenSegment(**asdict(_segment(segment)), words=_words(segment))


def _words(segment: Segment) -> list[parts.Word]:
    return msgspec.convert(segment.words, list[parts.Word])


def sound_of(answer: Answer) -> parts.AnswerSound:
    """Of what was measured nothing, unless that is shared."""
    metrics = shared_metrics(answer)
    return parts.AnswerSound(
        answer_id=answer.pk,
        duration_ms=answer.duration_ms,
        peaks=None if answer.peaks is None else b64encode(answer.peaks).decode(),
        trace=metrics.trace if metrics else None,
        metrics=brief(metrics),
        segments=[
            parts.SegmentWords(segment=segment.index, words=_words(segment))
            for segment in answer.segments.only("answer_id", "index", "words")
        ],
    )


def question_message(interview: Interview, question: Question) -> QuestionMessage:
    ids = list(interview.questions.values_list("pk", flat=True))
    takes = question.answers.ended() if question.takes_allowed > 1 else ()
    return QuestionMessage(
        **asdict(_question(interview, question, ids.index(question.pk) + 1, len(ids))),
        takes_left=question.takes_allowed - len(takes),
        takes=[_take(answer) for answer in takes],
    )


def end_message(interview: Interview) -> InterviewComplete:
    questions = interview.questions
    answered = questions.filter(answers__in=Answer.objects.ended()).distinct()
    return InterviewComplete(
        interview_id=interview.pk, total_questions=questions.count(), answered=answered.count()
    )


def step_messages(interview: Interview) -> list[ServerMessage]:
    """Where the interview stands: its current question, or that it is complete; nothing before it begins."""
    if interview.status == Interview.Status.COMPLETED:
        return [end_message(interview)]
    if interview.current_question is None:
        return []
    return [question_message(interview, interview.current_question)]


def started_message(answer: Answer, next_chunk_index: int, segments: list[Segment]) -> AnswerStarted:
    return AnswerStarted(
        question_id=answer.question_id,
        answer_id=answer.pk,
        take=answer.take,
        next_chunk_index=next_chunk_index,
        segments=[_spoken(segment) for segment in segments],
    )


def recorded_only_message(answer: Answer) -> RecognitionState:
    return RecognitionState(question_id=answer.question_id, state="recorded_only", recogniser="")


def final_message(answer: Answer, segment: Segment) -> Transcription:
    return Transcription(
        question_id=answer.question_id, answer_id=answer.pk, is_final=True, **asdict(_spoken(segment))
    )


def complete_message(answer: Answer) -> AnswerComplete:
    return AnswerComplete(
        question_id=answer.question_id,
        answer_id=answer.pk,
        kind=answer.kind,
        text=answer.text,
        confidence=answer.confidence,
        duration_ms=answer.duration_ms,
        status=answer.status,
        failure=answer.failure,
    )


def ended_messages(answer: Answer) -> list[ServerMessage]:
    """What tells the end of an answer: its metrics, where it has any, then that it is complete."""
    messages: list[ServerMessage] = [complete_message(answer)]
    if answer.voice_metrics is not None:
        messages.insert(0, metrics_message(answer, answer.voice_metrics))
    return messages


def session_ready(interview: Interview, under_way: parts.UnderWay | None) -> SessionReady:
    questions = list(interview.questions.all())
    answers = Answer.objects.counting().filter(question__interview=interview)
    return SessionReady(
        interview=_interview(interview),
        # Without their texts: think time means something only for a question not seen before.
        questions=[
            parts.QuestionPlace(question_id=question.pk, index=index, total=len(questions))
            for index, question in enumerate(questions, start=1)
        ],
        answered=[
            parts.AnsweredQuestion(question_id=a.question_id, kind=a.kind, status=a.status, text=a.text)
            for a in answers
        ],
        under_way=under_way,
        limits=parts.Limits(
            frame_max_bytes=conf.AUDIO_FRAME_MAX_BYTES,
            backlog_bytes=conf.AUDIO_BACKLOG_BYTES,
            answer_max_seconds=conf.ANSWER_MAX_SECONDS,
            answer_grace_seconds=conf.ANSWER_GRACE_SECONDS,
            text_answer_max_chars=conf.TEXT_ANSWER_MAX_CHARS,
            answer_note_max_chars=conf.ANSWER_NOTE_MAX_CHARS,
            idle_seconds=conf.SOCKET_IDLE_SECONDS,
        ),
        recogniser=get_recogniser(interview.language).name,
    )


def snapshot_message(interview: Interview, interim: OpenUtterance | None, watchers: list[str]) -> Snapshot:
    """All that an observer shows. `interim` is the open utterance, `watchers` are names."""
    questions = {question.pk: question for question in interview.questions.all()}
    segments: dict[UUID, list[parts.Segment]] = defaultdict(list)
    found = Segment.objects.filter(answer__question__interview=interview)
    for segment in found.defer("words", "resume"):
        segments[segment.answer_id].append(_segment(segment))
    answers = Answer.objects.filter(question__in=questions).exclude(status=Answer.Status.FAILED)
    for answer in answers:
        # It tells whether its metrics are shared; to fetch it for each would be a query an answer.
        answer.question = questions[answer.question_id]
    return Snapshot(
        revision=interview.revision,
        interview=parts.ObservedInterview(
            **asdict(_interview(interview)),
            started_at=interview.started_at,
            completed_at=interview.completed_at,
            current_question_id=interview.current_question_id,
        ),
        questions=[
            _question(interview, question, index, len(questions))
            for index, question in enumerate(questions.values(), start=1)
        ],
        answers=[_answer(answer, segments[answer.pk]) for answer in answers],
        interim=interim,
        watchers=watchers,
    )


def _answer(answer: Answer, segments: list[parts.Segment]) -> parts.Answer:
    return parts.Answer(
        answer_id=answer.pk,
        question_id=answer.question_id,
        take=answer.take,
        kind=answer.kind,
        status=answer.status,
        failure=answer.failure,
        text=answer.text,
        confidence=answer.confidence,
        duration_ms=answer.duration_ms,
        is_chosen=answer.chosen_at is not None,
        voice_metrics=brief(shared_metrics(answer)),
        recogniser=answer.recogniser,
        candidate_note=answer.candidate_note,
        segments=segments,
    )


def lobby_entry(interview: Any) -> parts.LobbyEntry:
    """Of an interview annotated with how many of its questions are answered, and when it was sent last."""
    return parts.LobbyEntry(
        interview_id=interview.pk,
        title=interview.title,
        candidate_name=interview.candidate_name,
        status=interview.status,
        answered=interview.answered,
        total=interview.total,
        invited_at=interview.invited_at,
        url=reverse("interviews:dashboard", args=[interview.pk]),
    )

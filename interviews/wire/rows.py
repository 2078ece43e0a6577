"""Rows as the wire shows them."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.urls import reverse

from interviews.conf import conf
from interviews.models import Answer, Interview, Question, Segment
from interviews.wire.messages import (
    AnswerComplete,
    AnswerStarted,
    InterviewComplete,
    QuestionMessage,
    RecognitionState,
    ServerMessage,
    SessionReady,
    Snapshot,
    Transcription,
)
from interviews.wire.metrics import brief_metrics, metrics_message
from speech.backends import get_backend


def question_fields(interview: Interview, question: Question, index: int, total: int) -> dict[str, Any]:
    return {
        "question_id": question.pk,
        "text": question.text,
        "index": index,
        "total": total,
        "question_type": question.question_type,
        "difficulty": question.difficulty,
        "think_seconds": interview.lengthened(question.think_seconds),
        "answer_seconds": interview.lengthened(question.answer_seconds),
        "takes_allowed": question.takes_allowed,
    }


def _take_fields(answer: Answer) -> dict[str, Any]:
    return {
        "answer_id": answer.pk,
        "status": answer.status,
        "text": answer.text,
        "duration_ms": answer.duration_ms,
    }


def segment_fields(segment: Segment) -> dict[str, Any]:
    return {**_brief_segment_fields(segment), "words": segment.words}


def _brief_segment_fields(segment: Segment) -> dict[str, Any]:
    """Without the words one by one, which are ten times as long as the text."""
    return {
        "segment": segment.index,
        "text": segment.text,
        "confidence": segment.confidence,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "recogniser": segment.recogniser,
    }


def sound_fields(answer: Answer) -> dict[str, Any]:
    """What snapshots and pages leave out of an answer: what is drawn, its words one by one, its measures.

    Of what was measured nothing, unless that is shared.
    """
    metrics = answer.shared_metrics
    return {
        "answer_id": answer.pk,
        "duration_ms": answer.duration_ms,
        "peaks": None if answer.peaks is None else b64encode(answer.peaks).decode(),
        "trace": metrics.get("trace") if metrics else None,
        "metrics": brief_metrics(metrics) if metrics else None,
        "segments": [
            {"segment": segment.index, "words": segment.words}
            for segment in answer.segments.only("answer_id", "index", "words")
        ],
    }


def interview_fields(interview: Interview) -> dict[str, Any]:
    return {
        "interview_id": interview.pk,
        "title": interview.title,
        "candidate_name": interview.candidate_name,
        "language": interview.language,
        "status": interview.status,
    }


def question_message(interview: Interview, question: Question) -> QuestionMessage:
    ids = list(interview.questions.values_list("pk", flat=True))
    takes = question.answers.ended() if question.takes_allowed > 1 else ()
    return QuestionMessage(
        **question_fields(interview, question, ids.index(question.pk) + 1, len(ids)),
        takes_left=question.takes_allowed - len(takes),
        takes=[_take_fields(answer) for answer in takes],
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
        segments=[segment_fields(segment) for segment in segments],
    )


def recorded_only_message(answer: Answer) -> RecognitionState:
    return RecognitionState(question_id=answer.question_id, state="recorded_only", recogniser="")


def final_message(answer: Answer, segment: Segment) -> Transcription:
    return Transcription(
        question_id=answer.question_id, answer_id=answer.pk, is_final=True, **segment_fields(segment)
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


def session_ready(interview: Interview, under_way: dict[str, Any] | None) -> SessionReady:
    questions = list(interview.questions.all())
    answers = Answer.objects.counting().filter(question__interview=interview)
    return SessionReady(
        interview=interview_fields(interview),
        # Without their texts: think time means something only for a question not seen before.
        questions=[
            {"question_id": question.pk, "index": index, "total": len(questions)}
            for index, question in enumerate(questions, start=1)
        ],
        answered=[
            {"question_id": a.question_id, "kind": a.kind, "status": a.status, "text": a.text}
            for a in answers
        ],
        under_way=under_way,
        limits={
            "frame_max_bytes": conf.AUDIO_FRAME_MAX_BYTES,
            "backlog_bytes": conf.AUDIO_BACKLOG_BYTES,
            "answer_max_seconds": conf.ANSWER_MAX_SECONDS,
            "answer_grace_seconds": conf.ANSWER_GRACE_SECONDS,
            "text_answer_max_chars": conf.TEXT_ANSWER_MAX_CHARS,
            "answer_note_max_chars": conf.ANSWER_NOTE_MAX_CHARS,
            "idle_seconds": conf.SOCKET_IDLE_SECONDS,
        },
        recogniser=get_backend().name,
    )


def snapshot_message(interview: Interview, interim: dict[str, Any] | None, watchers: list[str]) -> Snapshot:
    questions = list(interview.questions.all())
    segments: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    found = Segment.objects.filter(answer__question__interview=interview)
    for segment in found.defer("words", "resume"):
        segments[segment.answer_id].append(_brief_segment_fields(segment))
    answers = Answer.objects.filter(question__interview=interview).exclude(status=Answer.Status.FAILED)
    return Snapshot(
        revision=interview.revision,
        interview=interview_fields(interview)
        | {
            "started_at": interview.started_at,
            "completed_at": interview.completed_at,
            "current_question_id": interview.current_question_id,
        },
        questions=[
            question_fields(interview, question, index, len(questions))
            for index, question in enumerate(questions, start=1)
        ],
        answers=[
            _answer_fields(answer, segments[answer.pk], shares_metrics=interview.shares_metrics)
            for answer in answers
        ],
        interim=interim,
        watchers=watchers,
    )


def _answer_fields(answer: Answer, segments: list[dict[str, Any]], *, shares_metrics: bool) -> dict[str, Any]:
    return {
        "answer_id": answer.pk,
        "question_id": answer.question_id,
        "take": answer.take,
        "kind": answer.kind,
        "status": answer.status,
        "failure": answer.failure,
        "text": answer.text,
        "confidence": answer.confidence,
        "duration_ms": answer.duration_ms,
        "is_chosen": answer.chosen_at is not None,
        "voice_metrics": brief_metrics(answer.voice_metrics)
        if answer.voice_metrics and shares_metrics
        else None,
        "recogniser": answer.recogniser,
        "candidate_note": answer.candidate_note,
        "segments": segments,
    }


def lobby_entry(interview: Any) -> dict[str, Any]:
    """Of an interview annotated with how many of its questions are answered, and when it was sent last."""
    return {
        "interview_id": interview.pk,
        "title": interview.title,
        "candidate_name": interview.candidate_name,
        "status": interview.status,
        "answered": interview.answered,
        "total": interview.total,
        "invited_at": interview.invited_at,
        "url": reverse("interviews:dashboard", args=[interview.pk]),
    }

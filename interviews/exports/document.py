"""All of an interview as JSON, as docs/export.schema.json describes it.

A field that is added, or means something else, is another version.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from msgspec import to_builtins

from interviews.exports.record import Asked, Passage, Record, Take
from interviews.models import Answer, Interview, Note, Retranscription
from interviews.wire.metrics import shared_metrics, without_drawings

VERSION = 1


def document(record: Record, exported_at: datetime | None = None) -> dict[str, Any]:
    """Ready for `json.dumps`. `notes` is there only where they were asked for."""
    fields = {
        "version": VERSION,
        "exported_at": _time(exported_at or timezone.now()),
        "interview": _interview(record.interview),
        "questions": [_question(asked) for asked in record.asked],
    }
    return fields if record.notes is None else {**fields, "notes": _notes(record)}


def _interview(interview: Interview) -> dict[str, Any]:
    return {
        "id": str(interview.pk),
        "title": interview.title,
        "candidate_name": interview.candidate_name,
        "candidate_email": interview.candidate_email,
        "language": interview.language,
        "status": interview.status,
        "created_at": _time(interview.created_at),
        "started_at": _time(interview.started_at),
        "completed_at": _time(interview.completed_at),
        "consented_at": _time(interview.consented_at),
        "consent_version": interview.consent_version,
    }


def _question(asked: Asked) -> dict[str, Any]:
    question = asked.question
    return {
        "id": str(question.pk),
        "position": question.position,
        "text": question.text,
        "type": question.question_type,
        "difficulty": question.difficulty,
        "takes": [_take(take) for take in asked.takes],
    }


def _take(take: Take) -> dict[str, Any]:
    answer = take.answer
    return {
        "id": str(answer.pk),
        "take": answer.take,
        "counts": take.counts,
        "kind": answer.kind,
        "status": answer.status,
        "failure": answer.failure,
        "text": take.text,
        "recognised_text": "" if take.is_written else answer.text,
        "candidate_note": answer.candidate_note,
        "confidence": answer.confidence,
        "duration_ms": answer.duration_ms,
        "recogniser": answer.recogniser,
        "started_at": _time(answer.started_at),
        "ended_at": _time(answer.ended_at),
        "segments": [_segment(passage) for passage in take.passages],
        "other_transcripts": [_other(one) for one in answer.retranscriptions.all() if not one.failure],
        "voice_metrics": _metrics(answer),
    }


def _segment(passage: Passage) -> dict[str, Any]:
    return {
        "index": passage.index,
        "text": passage.text,
        "recognised_text": passage.recognised_text,
        "corrected_at": _time(passage.corrected_at),
        "start_ms": passage.start_ms,
        "end_ms": passage.end_ms,
        "confidence": passage.confidence,
        "recogniser": passage.recogniser,
        "words": list(passage.words),
    }


def _other(transcript: Retranscription) -> dict[str, Any]:
    return {
        "backend": transcript.backend,
        "recogniser": transcript.recogniser,
        "text": transcript.text,
        "segments": transcript.segments,
        "done_at": _time(transcript.done_at),
    }


def _metrics(answer: Answer) -> dict[str, Any] | None:
    metrics = shared_metrics(answer)
    if metrics is None:
        return None
    return {
        "speaking_rate_wpm": metrics.speaking_rate_wpm,
        "intonation_score": metrics.intonation_score,
        "fluency_score": metrics.fluency_score,
        "confidence_score": metrics.confidence_score,
        "version": metrics.version,
        "measures": to_builtins(without_drawings(metrics.measures)),
    }


def _notes(record: Record) -> list[dict[str, Any]]:
    notes = [*(record.notes or []), *(n for asked in record.asked for t in asked.takes for n in t.notes)]
    return [_note(note) for note in notes]


def _note(note: Note) -> dict[str, Any]:
    return {
        "answer_id": note.answer_id and str(note.answer_id),
        "at_ms": note.at_ms,
        "kind": note.kind,
        "text": note.text,
        "created_at": _time(note.created_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()

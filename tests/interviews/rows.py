"""Rows for tests, as the product would make them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from interviews import services
from interviews.models import Answer, Interview, Question, Segment

METRICS = {
    "speaking_rate_wpm": 132.4,
    "confidence_score": 0.913,
    "fluency_score": None,
    "intonation_score": None,
    "version": 1,
    "measures": {},
    "window": "answer",
}


def a_recruiter(name: str = "ada", **fields: Any) -> User:
    # Without a password, whose hashing is slow on purpose.
    return User.objects.create_user(name, f"{name}@example.org", **fields)


def an_interview(owner: User | None = None, **fields: Any) -> Interview:
    return an_interview_and_token(owner, **fields)[0]


def an_interview_and_token(owner: User | None = None, **fields: Any) -> tuple[Interview, str]:
    changes = {name: fields.pop(name) for name in ("status", "expires_at", "consented_at") if name in fields}
    named: dict[str, Any] = {"title": "Developer", "candidate_name": "Grace Example", **fields}
    named.setdefault("questions", ["Why you?", "Why us?"])
    interview, token = services.create_interview(owner=owner, **named)
    Interview.objects.filter(pk=interview.pk).update(**changes)
    interview.refresh_from_db()
    return interview, token


def an_answer(question: Question, *texts: str, audio: bytes = b"", **fields: Any) -> Answer:
    """A complete answer with a segment for each text."""
    named = {"status": Answer.Status.COMPLETE, "text": " ".join(texts), "voice_metrics": METRICS, **fields}
    answer = Answer.objects.create(question=question, **named)
    for index, text in enumerate(texts):
        Segment.objects.create(
            answer=answer,
            index=index,
            revision=0,
            text=text,
            start_ms=index * 5000,
            end_ms=index * 5000 + 4000,
            recogniser="scripted",
        )
    if audio:
        answer.audio.save(f"{answer.pk.hex}.flac", ContentFile(audio))
    return answer

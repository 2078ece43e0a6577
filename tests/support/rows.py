"""Rows for tests, as the product would make them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from interviews.models import Answer, Interview, Question, Segment
from interviews.services import interviews

METRICS: dict[str, Any] = {
    "speaking_rate_wpm": 132.4,
    "confidence_score": 0.913,
    "fluency_score": None,
    "intonation_score": None,
    "version": 1,
    "measures": {},
    "window": "answer",
}

TRACE = {
    "start_ms": 0,
    "interval_ms": 50,
    "level_dbfs": [-62.0 if 60 <= n < 90 else -20.0 - 6 * (n % 8) / 8 for n in range(240)],
    "pitch_hz": [None if 60 <= n < 90 or n % 20 > 14 else 110.0 + 4 * (n % 20) for n in range(240)],
    "speech_ms": [[0, 3000], [4500, 12000]],
}


def a_reading(value: Any, unit: str, status: str = "ok") -> dict[str, Any]:
    return {"value": value, "unit": unit, "status": status}


MEASURED: dict[str, Any] = {
    "version": 2,
    "measures": {
        "duration_s": a_reading(12.0, "s"),
        "speech_time_s": a_reading(10.5, "s"),
        "phonation_time_ratio": a_reading(0.875, "ratio"),
        "pauses_per_minute": a_reading(5.0, "1/min"),
        "mean_pause_s": a_reading(1.5, "s"),
        "longest_pause_s": a_reading(1.5, "s"),
        "mean_length_of_run_words": a_reading(None, "words", "insufficient_speech"),
        "first_word_delay_s": a_reading(0.4, "s"),
        "speaking_rate_wpm": a_reading(120.0, "words/min"),
        "articulation_rate_syllables_per_s": a_reading(4.25, "syllables/s (estimated)"),
        "articulation_rate_sd": a_reading(None, "syllables/s (estimated)", "insufficient_speech"),
        "filled_pauses_per_minute": a_reading(None, "1/min", "unavailable"),
        "pitch_median_hz": a_reading(118.5, "Hz"),
        "pitch_sd_semitones": a_reading(2.67, "semitones"),
        "pitch_range_semitones": a_reading(None, "semitones", "noisy"),
        "speech_level_dbfs": a_reading(-23.5, "dBFS"),
        "snr_db": a_reading(31.2, "dB"),
        "clipped_ratio": a_reading(0.0, "ratio"),
        "recognition_confidence": a_reading(None, "ratio", "unavailable"),
    },
    "scores": {"intonation_score": 0.471, "fluency_score": None, "confidence_score": None},
    "trace": TRACE,
}


def some_words(text: str, start_ms: int) -> list[dict[str, Any]]:
    """Half a second for each."""
    starts = [start_ms + 500 * n for n in range(len(text.split()))]
    return [
        {"word": word, "start_ms": start, "end_ms": start + 400, "confidence": None}
        for word, start in zip(text.split(), starts, strict=True)
    ]


def a_recruiter(name: str = "ada", **fields: Any) -> User:
    # Without a password, whose hashing is slow on purpose.
    return User.objects.create_user(name, f"{name}@example.org", **fields)


def an_interview(owner: User | None = None, **fields: Any) -> Interview:
    return an_interview_and_token(owner, **fields)[0]


def an_interview_and_token(owner: User | None = None, **fields: Any) -> tuple[Interview, str]:
    changes = {name: fields.pop(name) for name in ("status", "expires_at", "consented_at") if name in fields}
    named: dict[str, Any] = {"title": "Developer", "candidate_name": "Grace Example", **fields}
    named.setdefault("questions", ["Why you?", "Why us?"])
    interview, token = interviews.create_interview(owner=owner, **named)
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
            words=some_words(text, index * 5000),
            recogniser="scripted",
        )
    if audio:
        answer.audio.save(f"{answer.pk.hex}.flac", ContentFile(audio))
    return answer

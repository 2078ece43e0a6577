"""Interviews under way, brought there by the product's own verbs."""

from __future__ import annotations

from typing import Any

from interviews.errors import Code
from interviews.models import Answer, AudioChunk, Interview, from_now
from interviews.services.answers import (
    Begun,
    add_segment,
    begin_answer,
    begin_part,
    finish_recording,
    owe_transcript,
)
from interviews.services.changes import Change
from interviews.services.interviews import expire, expired, give_consent, start
from interviews.services.owing import leave
from speech.audio import AudioFormat
from speech.events import Final, Resume, Word
from speech.metrics import unavailable
from tests.support.clients import chunks_of
from tests.support.rows import an_interview

PCM = AudioFormat("pcm_s16le")
MEASURED = 0.8, unavailable()


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


def recorded(interview: Interview, pcm: bytes, audio: AudioFormat = PCM, *, new_take: bool = False) -> Answer:
    """An answer whose chunks are all stored and which nobody has transcribed."""
    interview.refresh_from_db()
    if interview.status == Interview.Status.SCHEDULED:
        start(interview.pk)
        interview.refresh_from_db()
    question_id = str(interview.current_question_id)
    answer = begin_answer(interview.pk, question_id, new_take=new_take).answer
    begin_part(answer, 0, audio)
    AudioChunk.objects.bulk_create(
        AudioChunk(answer=answer, index=index, data=data) for index, data in enumerate(chunks_of(pcm))
    )
    finish_recording(answer)
    return answer


def owed(interview: Interview, pcm: bytes, audio: AudioFormat = PCM) -> Answer:
    answer = recorded(interview, pcm, audio)
    owe_transcript(answer, Code.CAPACITY_EXCEEDED, len(pcm) // 32)
    leave(answer)
    return answer


def files(settings: Any) -> list[str]:
    """What the media folder holds."""
    return sorted(path.name for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())


def everything_is_due() -> None:
    """Every lease runs out, and what was put off is due."""
    Answer.objects.exclude(owed_at=None).update(owed_at=from_now(-1))


def close_expired() -> int:
    """What a transcriber does every few seconds; how many there were."""
    return sum(expire(pk) for pk in expired())

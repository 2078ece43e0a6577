"""Interviews under way, brought there by the product's own verbs."""

from __future__ import annotations

from interviews.models import Answer, AudioChunk, Interview
from interviews.services.answers import Begun, add_segment, begin_answer, finish_recording
from interviews.services.changes import Change
from interviews.services.interviews import give_consent, start
from speech.events import Final, Resume, Word
from speech.metrics import unavailable
from tests.support.rows import an_interview

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

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from interviews.errors import Code
from interviews.wire.dialects import BasicDialect, V1Dialect, dialect_for
from interviews.wire.messages import (
    Ack,
    AnswerComplete,
    AnswerStarted,
    InterviewComplete,
    Pong,
    QuestionMessage,
    RecognitionState,
    ServerMessage,
    SessionReady,
    TakeChosen,
    Transcription,
    VoiceMetricsMessage,
    error,
    parts,
    warning,
)

Q, A, INTERVIEW = UUID(int=1), UUID(int=2), UUID(int=3)
QUESTION = QuestionMessage(
    question_id=Q,
    text="Why?",
    index=1,
    total=2,
    question_type="general",
    difficulty="medium",
    think_seconds=30,
    answer_seconds=180,
    takes_allowed=1,
    takes_left=1,
    takes=[],
)
METRICS = VoiceMetricsMessage(
    question_id=Q,
    answer_id=A,
    intonation_score=None,
    fluency_score=None,
    confidence_score=0.9,
    speaking_rate_wpm=120.0,
    real_time=False,
    version=1,
    measures={},
    window="answer",
)
TAKE = parts.Take(answer_id=A, status="complete", text="yes", duration_ms=2000)
YES = parts.Word(word="yes", start_ms=500, end_ms=900, confidence=None)
READY = SessionReady(
    interview=parts.Interview(
        interview_id=INTERVIEW,
        title="Developer",
        candidate_name="Grace",
        language="en-US",
        status="scheduled",
    ),
    questions=[],
    answered=[],
    under_way=None,
    limits=parts.Limits(
        frame_max_bytes=1,
        backlog_bytes=1,
        answer_max_seconds=1,
        answer_grace_seconds=1,
        text_answer_max_chars=1,
        answer_note_max_chars=1,
        idle_seconds=1,
    ),
    recogniser="scripted",
)
THE_END = InterviewComplete(interview_id=INTERVIEW, total_questions=2, answered=2)
V1_ONLY = [
    READY,
    Ack(question_id=str(Q), next_chunk_index=1),
    RecognitionState(question_id=Q, state="live", recogniser="scripted"),
    warning(Code.CAPACITY_EXCEEDED),
    Pong(),
]


def started(*texts: str) -> AnswerStarted:
    segments = [
        parts.SpokenSegment(
            segment=index, text=text, confidence=None, start_ms=0, end_ms=500, recogniser="scripted", words=[]
        )
        for index, text in enumerate(texts)
    ]
    return AnswerStarted(question_id=Q, answer_id=A, take=1, next_chunk_index=0, segments=segments)


def said(text: str, *, segment: int = 0, is_final: bool = False, **fields: Any) -> Transcription:
    named: dict[str, Any] = {"confidence": None, "start_ms": 500, "end_ms": 1500, **fields}
    return Transcription(question_id=Q, answer_id=A, segment=segment, text=text, is_final=is_final, **named)


def complete(**fields: Any) -> AnswerComplete:
    named: dict[str, Any] = {
        "kind": "voice",
        "text": "yes indeed",
        "confidence": 0.9,
        "duration_ms": 2000,
        "status": "complete",
        **fields,
    }
    return AnswerComplete(question_id=Q, answer_id=A, **named)


def adapted(*messages: ServerMessage, dialect: BasicDialect | None = None) -> list[ServerMessage]:
    return list((dialect or BasicDialect()).adapt(messages))


def test_the_subprotocol_chooses_the_dialect() -> None:
    assert isinstance(dialect_for(["chat", "interview.v1"]), V1Dialect)
    assert isinstance(dialect_for(["interview.v2"]), BasicDialect)
    assert isinstance(dialect_for([]), BasicDialect)


def test_v1_gets_everything_as_it_is() -> None:
    messages = [*V1_ONLY, QUESTION, METRICS, complete(), THE_END]

    assert list(V1Dialect().adapt(messages)) == messages


def test_basic_gets_nothing_that_a_plain_script_does_not_know() -> None:
    assert adapted(*V1_ONLY, QUESTION, error(Code.CHUNK_GAP), THE_END) == [
        QUESTION,
        error(Code.CHUNK_GAP),
        THE_END,
    ]


def test_basic_knows_of_one_take_and_of_no_choice() -> None:
    several = structs.replace(QUESTION, takes_allowed=3, takes_left=3)
    choice = structs.replace(several, takes_left=2, takes=[TAKE])

    assert adapted(several, choice, TakeChosen(question_id=Q, answer_id=A)) == [QUESTION]


def test_basic_interims_hold_the_whole_answer_so_far() -> None:
    dialect = BasicDialect()

    messages = adapted(
        started(),
        said("yes"),
        said("yes indeed", is_final=True, confidence=0.9, words=[YES]),
        said("because", segment=1),
        dialect=dialect,
    )

    assert messages == [
        said("yes", start_ms=0),
        said("yes indeed", start_ms=0),
        said("yes indeed because", start_ms=0),
    ]


def test_basic_interims_go_on_after_a_reconnect() -> None:
    assert adapted(started("yes", "indeed"), said("because", segment=2)) == [
        said("yes indeed because", start_ms=0)
    ]


def test_basic_interims_of_a_new_take_begin_anew() -> None:
    dialect = BasicDialect()
    adapted(started(), said("yes", is_final=True), dialect=dialect)

    assert adapted(started(), said("no"), dialect=dialect) == [said("no", start_ms=0)]


def test_basic_gets_one_final_with_the_whole_text_then_the_metrics_then_the_next_question() -> None:
    final = said("yes indeed", is_final=True, confidence=0.9, start_ms=0, end_ms=2000)

    assert adapted(METRICS, complete(), QUESTION) == [final, METRICS, QUESTION]


def test_basic_gets_no_final_of_a_written_answer() -> None:
    assert adapted(complete(kind="text"), QUESTION) == [QUESTION]


def test_basic_knows_no_warnings_but_one_that_ends_it() -> None:
    assert adapted(warning(Code.CAPACITY_EXCEEDED), warning(Code.SERVER_RESTARTING)) == [
        error(Code.SERVER_RESTARTING)
    ]


@pytest.mark.parametrize("code", [Code.CAPACITY_EXCEEDED, Code.STT_FAILED])
def test_basic_is_told_why_the_transcript_follows_later(code: Code) -> None:
    pending = complete(status="pending", text="", failure=code.value)

    assert adapted(pending, QUESTION) == [error(code, question_id=Q), QUESTION]


def test_basic_gets_no_final_of_a_failed_take() -> None:
    refusal = error(Code.AUDIO_DECODING_FAILED, question_id=Q, next_chunk_index=0)

    assert adapted(refusal, complete(status="failed", failure="AUDIO_DECODING_FAILED")) == [refusal]

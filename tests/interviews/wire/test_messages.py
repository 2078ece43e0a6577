from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviews.errors import ERRORS, Code
from interviews.wire.messages import (
    Ack,
    AudioChunk,
    EndAnswer,
    ErrorMessage,
    FormatField,
    KeepAlive,
    Ping,
    RequestRetry,
    Resync,
    Seen,
    StartAnswer,
    TextAnswer,
    candidate_decoder,
    decode,
    encode,
    error,
    observer_decoder,
    warning,
)


def heard(**fields: Any) -> Any:
    return decode(candidate_decoder, json.dumps(fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"type": "start_answer", "question_id": "q", "format": {"encoding": "webm"}},
            StartAnswer("q", FormatField("webm")),
        ),
        (
            {"type": "audio_chunk", "question_id": "q", "chunk_index": 3, "audio_data": "YQ=="},
            AudioChunk("q", 3, "YQ=="),
        ),
        (
            {
                "type": "audio_chunk",
                "question_id": "q",
                "chunk_index": 0,
                "audio_data": "",
                "is_final": True,
                "format": "webm",
            },
            AudioChunk("q", 0, "", is_final=True, format="webm"),
        ),
        ({"type": "end_answer", "question_id": "q", "chunk_count": 4}, EndAnswer("q", 4)),
        ({"type": "text_answer", "question_id": "q", "answer_text": "Yes."}, TextAnswer("q", "Yes.")),
        ({"type": "request_retry", "failed_message_type": "audio_chunk"}, RequestRetry("audio_chunk")),
        ({"type": "ping"}, Ping()),
        ({"type": "keep_alive", "of": "a later version"}, KeepAlive()),
    ],
)
def test_a_candidate_s_message_is_read(fields: dict[str, Any], message: Any) -> None:
    assert heard(**fields) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [('{"type": "resync"}', Resync()), ('{"type": "seen", "revision": 7}', Seen(7))],
)
def test_an_observer_s_message_is_read(text: str, message: Any) -> None:
    assert decode(observer_decoder, text) == message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.INVALID_MESSAGE_FORMAT),
        ("{", Code.INVALID_MESSAGE_FORMAT),
        ("null", Code.INVALID_MESSAGE_FORMAT),
        ("[]", Code.INVALID_MESSAGE_FORMAT),
        ('"ping"', Code.INVALID_MESSAGE_FORMAT),
        ('{"type": 1}', Code.INVALID_MESSAGE_FORMAT),
        ('{"type": null}', Code.INVALID_MESSAGE_FORMAT),
        ('{"type": "ping"} {"type": "ping"}', Code.INVALID_MESSAGE_FORMAT),
        ('{"type": "end_answer", "question_id": 1, "chunk_count": 1}', Code.INVALID_MESSAGE_FORMAT),
        ('{"type": "end_answer", "question_id": "q", "chunk_count": "1"}', Code.INVALID_MESSAGE_FORMAT),
        ('{"type": "end_answer", "question_id": "q", "chunk_count": 1.5}', Code.INVALID_MESSAGE_FORMAT),
        ('{"type": "text_answer", "question_id": "q", "answer_text": null}', Code.INVALID_MESSAGE_FORMAT),
        (
            '{"type": "text_answer", "question_id": "q", "answer_text": "\\ud800"}',
            Code.INVALID_MESSAGE_FORMAT,
        ),
        ('{"type": "ping", "x": ' + "[" * 100_000, Code.INVALID_MESSAGE_FORMAT),
        ("[" * 100_000 + "]" * 100_000, Code.INVALID_MESSAGE_FORMAT),
        ('{"type": "ping", "x": ' + "9" * 5000 + "}", None),
        ('{"type": "end_answer", "question_id": "q", "chunk_count": ' + "9" * 5000 + "}", None),
        ("{}", Code.MISSING_REQUIRED_FIELD),
        ('{"question_id": "q"}', Code.MISSING_REQUIRED_FIELD),
        ('{"type": "end_answer", "question_id": "q"}', Code.MISSING_REQUIRED_FIELD),
        ('{"type": "start_answer", "question_id": "q", "format": {}}', Code.MISSING_REQUIRED_FIELD),
        ('{"type": "dance"}', Code.UNKNOWN_MESSAGE_TYPE),
        ('{"type": ""}', Code.UNKNOWN_MESSAGE_TYPE),
        ('{"type": "resync"}', Code.UNKNOWN_MESSAGE_TYPE),
    ],
)
def test_what_can_not_be_read_says_why(text: str, code: Code | None) -> None:
    message = decode(candidate_decoder, text)

    assert message == error(code) if code else isinstance(message, Ping | ErrorMessage)


def test_an_observer_may_not_answer_questions() -> None:
    text = '{"type": "text_answer", "question_id": "q", "answer_text": "Yes."}'

    assert decode(observer_decoder, text) == error(Code.UNKNOWN_MESSAGE_TYPE)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["type", "question_id", "chunk_index", "audio_data", "format", "answer_text"])
values = st.sampled_from(["start_answer", "audio_chunk", "end_answer", "text_answer"]) | json_values


@given(st.dictionaries(names, values) | json_values)
def test_no_json_makes_it_raise(value: Any) -> None:
    decode(candidate_decoder, json.dumps(value))


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    decode(candidate_decoder, text)


def test_a_message_is_json_with_its_type() -> None:
    text = encode(Ack(question_id="q", next_chunk_index=3))

    assert json.loads(text) == {"type": "ack", "question_id": "q", "next_chunk_index": 3}


def test_an_error_says_what_helps_to_recover_and_nothing_that_it_does_not_know() -> None:
    assert json.loads(encode(error(Code.CHUNK_GAP, next_chunk_index=3))) == {
        "type": "error",
        "code": "CHUNK_GAP",
        "message": "A chunk is missing. Send again from next_chunk_index.",
        "recoverable": True,
        "retry_available": True,
        "fallback_option": None,
        "next_chunk_index": 3,
    }


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_sentence(code: Code) -> None:
    assert code.value == code.name
    assert ERRORS[code].message.endswith(".")
    assert warning(code).message == error(code).message

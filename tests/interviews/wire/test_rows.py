from __future__ import annotations

from typing import Any

import pytest

from interviews.wire.messages.parts import Word
from interviews.wire.rows import sound_of
from tests.support.rows import an_answer, an_interview

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("stored", "confidence"), [({}, None), ({"confidence": None}, None), ({"confidence": 0.5}, 0.5)]
)
def test_a_word_whose_confidence_was_not_stored_has_none(
    stored: dict[str, Any], confidence: float | None
) -> None:
    answer = an_answer(an_interview(questions=["Why you?"]).questions.get(), "yes")
    answer.segments.update(words=[{"word": "yes", "start_ms": 0, "end_ms": 400, **stored}])

    (segment,) = sound_of(answer).segments

    assert segment.words == [Word("yes", 0, 400, confidence)]

"""Voice metrics as an answer stores them and as the wire shows them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from interviews.models import Answer
from interviews.wire.messages import VoiceMetricsMessage
from speech.metrics import LiveMeasures, Measures

FIRST_VERSION = 1
DRAWN = {"pitch_contour"}


def stored_metrics(measures: Measures) -> dict[str, Any]:
    """What an answer keeps of its metrics, so that it shows later what it showed first."""
    return {**measures.as_dict(), "trace": asdict(measures.trace)}


def metrics_fields(stored: dict[str, Any]) -> dict[str, Any]:
    """The fields of `voice_metrics`: the four that every version has, beside the measures and the trace."""
    if stored["version"] == FIRST_VERSION:
        return stored
    rate = stored["measures"]["speaking_rate_wpm"]["value"]
    return {
        **stored["scores"],
        "speaking_rate_wpm": rate,
        "version": stored["version"],
        "measures": stored["measures"],
        "window": "answer",
        "trace": stored["trace"],
    }


def metrics_message(answer: Answer, stored: dict[str, Any]) -> VoiceMetricsMessage:
    return VoiceMetricsMessage(
        question_id=answer.question_id, answer_id=answer.pk, real_time=False, **metrics_fields(stored)
    )


def live_metrics_message(answer: Answer, live: LiveMeasures) -> VoiceMetricsMessage:
    fields = metrics_fields(stored_metrics(live.window)) | {"window": "last_10_s"}
    return VoiceMetricsMessage(
        question_id=answer.question_id,
        answer_id=answer.pk,
        real_time=True,
        so_far=_so_far(live.answer.as_dict()),
        **fields,
    )


def _so_far(stored: dict[str, Any]) -> dict[str, Any]:
    measures = without_drawings(stored["measures"])
    rate = measures["speaking_rate_wpm"]["value"]
    return {**stored["scores"], "speaking_rate_wpm": rate, "measures": measures}


def without_drawings(measures: dict[str, Any]) -> dict[str, Any]:
    return {name: measure for name, measure in measures.items() if name not in DRAWN}


def brief_metrics(stored: dict[str, Any]) -> dict[str, Any]:
    """For snapshots, which hold all answers: what is drawn is ten times as long as the numbers."""
    fields = metrics_fields(stored)
    return {**fields, "measures": without_drawings(fields["measures"]), "trace": None}

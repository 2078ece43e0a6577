"""Voice metrics as an answer stores them and as the wire shows them.

Stored is what was measured; a version's form stays as it was, since answers show later what they showed
first. `answer_metrics` reads all of them into one.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import asdict

from interviews.models import Answer
from interviews.wire.messages import VoiceMetricsMessage
from interviews.wire.messages.parts import AnswerMetrics, MainFigures, MeasuresSoFar, Reading, Trace
from speech.metrics import VERSION, LiveMeasures, Measures

# It stored the four figures alone, in the form of the wire.
FIRST_VERSION = 1
# What is drawn is ten times as long as the numbers.
DRAWN = {"pitch_contour"}


class Scores(msgspec.Struct):
    intonation_score: float | None
    fluency_score: float | None
    confidence_score: float | None


class StoredMetrics(msgspec.Struct):
    """What `Answer.voice_metrics` and `Remeasurement.metrics` hold since the second version."""

    version: int
    measures: dict[str, Reading]
    scores: Scores
    trace: Trace


def stored_metrics(measures: Measures) -> dict[str, Any]:
    """What an answer keeps of its metrics: `StoredMetrics` as JSON has it."""
    stored: dict[str, Any] = msgspec.to_builtins(_stored(measures))
    return stored


def answer_metrics(stored: dict[str, Any]) -> AnswerMetrics:
    """Metrics of any version, as they are shown."""
    if stored["version"] == FIRST_VERSION:
        return msgspec.convert(stored, AnswerMetrics)
    return _shown(msgspec.convert(stored, StoredMetrics))


def shared_metrics(answer: Answer) -> AnswerMetrics | None:
    """What anybody but the candidate is shown of them."""
    return answer_metrics(answer.shared_metrics) if answer.shared_metrics else None


def brief(metrics: AnswerMetrics | None) -> AnswerMetrics | None:
    """Without what is drawn, for whoever is shown many answers at once."""
    if metrics is None:
        return None
    return msgspec.structs.replace(metrics, measures=without_drawings(metrics.measures), trace=None)


def without_drawings(measures: dict[str, Reading]) -> dict[str, Reading]:
    return {name: reading for name, reading in measures.items() if name not in DRAWN}


def readings(measures: Measures) -> dict[str, Reading]:
    """All of them by name, in the catalogue's order."""
    return {name: Reading(one.value, one.unit, str(one.status)) for name, one in measures.readings.items()}


def metrics_message(answer: Answer, stored: dict[str, Any]) -> VoiceMetricsMessage:
    """Those that an answer ended with."""
    return _message(answer, answer_metrics(stored))


def live_metrics_message(answer: Answer, live: LiveMeasures) -> VoiceMetricsMessage:
    """Those of the last seconds, and over the answer so far."""
    metrics = _shown(_stored(live.window))
    metrics.window = "last_10_s"
    message = _message(answer, metrics)
    message.real_time = True
    message.so_far = _so_far(live.answer)
    return message


def _message(answer: Answer, metrics: AnswerMetrics) -> VoiceMetricsMessage:
    fields = msgspec.structs.asdict(metrics)
    return VoiceMetricsMessage(question_id=answer.question_id, answer_id=answer.pk, real_time=False, **fields)


def _stored(measures: Measures) -> StoredMetrics:
    return StoredMetrics(
        version=VERSION,
        measures=readings(measures),
        scores=_scores(measures),
        trace=msgspec.convert(measures.trace, Trace, from_attributes=True),
    )


def _scores(measures: Measures) -> Scores:
    return msgspec.convert(measures.scores, Scores)


def _shown(stored: StoredMetrics) -> AnswerMetrics:
    return AnswerMetrics(
        **asdict(_figures(stored.measures, stored.scores)),
        version=stored.version,
        measures=stored.measures,
        trace=stored.trace,
    )


def _so_far(measures: Measures) -> MeasuresSoFar:
    numbers = without_drawings(readings(measures))
    return MeasuresSoFar(**asdict(_figures(numbers, _scores(measures))), measures=numbers)


def _figures(measures: dict[str, Reading], scores: Scores) -> MainFigures:
    rate = measures["speaking_rate_wpm"].value
    # Only what is drawn is a list.
    assert not isinstance(rate, list)
    return MainFigures(**asdict(scores), speaking_rate_wpm=rate)

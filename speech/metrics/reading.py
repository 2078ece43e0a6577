"""A measure's value, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from speech.metrics.catalogue import BY_NAME, VERSION, Status
from speech.metrics.trace import Trace

Value = float | list[list[float | None]] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """`value` is None unless `status` is `ok`."""

    value: Value
    unit: str
    status: Status


def reading(name: str, status: Status, value: Value = None, unit: str | None = None) -> Reading:
    measure = BY_NAME[name]
    if status != Status.OK:
        value = None
    elif not isinstance(value, list):
        assert value is not None
        value = round(float(value), measure.digits)
    return Reading(value, unit or measure.unit, status)


@dataclass(frozen=True, slots=True)
class Measures:
    """All measures, by name and in the catalogue's order, and what is made of them."""

    readings: Mapping[str, Reading]
    scores: Mapping[str, float | None]
    trace: Trace

    def as_dict(self) -> dict[str, Any]:
        """As it is stored and printed."""
        return {
            "version": VERSION,
            "measures": {
                name: {"value": one.value, "unit": one.unit, "status": str(one.status)}
                for name, one in self.readings.items()
            },
            "scores": dict(self.scores),
        }

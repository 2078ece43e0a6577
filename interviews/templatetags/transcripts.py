"""How times and measures are written; `static/js/models` writes them alike."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()

METRICS = {
    "speaking_rate_wpm": lambda value: f"{value:.0f}",
    "confidence_score": lambda value: f"{value * 100:.0f} %",
    "fluency_score": lambda value: f"{value:.2f}",
    "intonation_score": lambda value: f"{value:.2f}",
}


@register.filter
def duration(ms: int | None) -> str:
    """Milliseconds as minutes and seconds: 83400 → 1:23."""
    if ms is None:
        return ""
    return f"{ms // 60_000}:{ms // 1000 % 60:02}"


@register.filter
def metric(metrics: dict[str, Any] | None, name: str) -> str | None:
    """A metric as text; None where it was not measured."""
    value = (metrics or {}).get(name)
    return None if value is None else METRICS[name](value)


@register.filter
def percent(value: float | None) -> str | None:
    return None if value is None else f"{value * 100:.0f} %"

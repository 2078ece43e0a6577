"""How times and measures are written; `static/interviews/js/models` writes them alike."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from interviews import access
from interviews.models import Answer, Correction, Segment
from interviews.users import name_of

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


@register.simple_tag(takes_context=True)
def audio_link(context: dict[str, Any], answer: Answer) -> str:
    """Lets whoever looks at the page hear the answer, for a while."""
    return reverse("interviews:media", args=[access.media_token(answer, context["request"].user)])


@register.filter
def versions(segment: Segment) -> list[dict[str, str]]:
    """All texts that a segment has had, the recogniser's first and the one that is shown last."""
    recognised = {"by": segment.recogniser, "at": "", "text": segment.text}
    return [recognised, *(_version(correction) for correction in segment.corrections.all())]


def _version(correction: Correction) -> dict[str, str]:
    author = correction.author
    name = name_of(author) if author else gettext("Somebody who has left")
    at = date_format(localtime(correction.created_at), "DATETIME_FORMAT")
    return {"by": name, "at": at, "text": correction.text}

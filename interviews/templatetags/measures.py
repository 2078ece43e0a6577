"""How measures are named and said; their definitions are those of `speech.metrics.catalogue`.

`static/interviews/js/models/measures.js` says values alike, with digits and reasons that the page brings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from speech.metrics.catalogue import BY_NAME

register = template.Library()

Text = str | Promise

UNITS: dict[str, Text] = {
    "s": _("{value} s"),
    "ratio": _("{value} %"),
    "1/min": _("{value} a minute"),
    "words": _("{value} words"),
    "words/min": _("{value} words a minute"),
    "syllables/s": _("{value} syllables a second"),
    "syllables/s (estimated)": _("{value} syllables a second (estimated)"),
    "Hz": _("{value} Hz"),
    "semitones": _("{value} semitones"),
    "dBFS": _("{value} dBFS"),
    "dB": _("{value} dB"),
}
NO_PAUSE = _("No pause")
TOO_FEW_WORDS = _("Too few words")


@dataclass(frozen=True)
class Wording:
    """`insufficient_speech`, `noisy` and `unavailable` say why there is no value."""

    name: str
    label: Text
    digits: int = 1
    # Translated when they are shown, not now.
    insufficient_speech: Text = _("Too little speech")  # noqa: RUF009
    noisy: Text = _("Too noisy")  # noqa: RUF009
    unavailable: Text = _("Not reported by this recogniser")  # noqa: RUF009
    is_main: bool = False
    """Whether it is among those that stand for the drawing where that can't be seen."""


GROUPS: list[tuple[Text, list[Wording]]] = [
    (
        _("Speech and pauses"),
        [
            Wording("duration_s", _("Length of the recording"), is_main=True),
            Wording("speech_time_s", _("Speech time"), is_main=True),
            Wording("phonation_time_ratio", _("Share of speech"), digits=0),
            Wording("pauses_per_minute", _("Pauses"), is_main=True),
            Wording("mean_pause_s", _("Pause, mean"), digits=2, insufficient_speech=NO_PAUSE),
            Wording(
                "longest_pause_s", _("Pause, longest"), digits=2, insufficient_speech=NO_PAUSE, is_main=True
            ),
            Wording(
                "first_word_delay_s",
                _("Delay before the first word"),
                insufficient_speech=TOO_FEW_WORDS,
                unavailable=_("Not told by these seconds"),
            ),
        ],
    ),
    (
        _("Pace"),
        [
            Wording(
                "speaking_rate_wpm",
                _("Speaking rate"),
                digits=0,
                insufficient_speech=TOO_FEW_WORDS,
                is_main=True,
            ),
            Wording("articulation_rate_syllables_per_s", _("Articulation rate")),
            Wording("articulation_rate_sd", _("Articulation rate, variation")),
            Wording("mean_length_of_run_words", _("Words between pauses, mean")),
            Wording("filled_pauses_per_minute", _("Filled pauses (um, uh)")),
        ],
    ),
    (
        _("Pitch"),
        [
            Wording("pitch_median_hz", _("Pitch, median"), digits=0, is_main=True),
            Wording("pitch_sd_semitones", _("Pitch, variation")),
            Wording("pitch_range_semitones", _("Pitch, range"), is_main=True),
        ],
    ),
    (
        _("Sound"),
        [
            Wording("speech_level_dbfs", _("Level of speech"), digits=0, is_main=True),
            Wording(
                "snr_db",
                _("Speech over background"),
                digits=0,
                unavailable=_("Too little background to tell"),
            ),
            Wording("clipped_ratio", _("Clipped samples"), digits=2),
        ],
    ),
    (
        _("Recognition"),
        [
            Wording(
                "recognition_confidence",
                _("Recognition confidence"),
                digits=0,
                insufficient_speech=TOO_FEW_WORDS,
            )
        ],
    ),
]
WORDINGS = {wording.name: wording for _label, wordings in GROUPS for wording in wordings}

SCORES: list[tuple[str, Text, list[str]]] = [
    ("intonation_score", _("Intonation score"), ["pitch_sd_semitones"]),
    (
        "fluency_score",
        _("Fluency score"),
        ["phonation_time_ratio", "pauses_per_minute", "mean_length_of_run_words"],
    ),
    ("confidence_score", _("Recognition confidence score"), ["recognition_confidence"]),
]


def decimal(value: float, digits: int) -> str:
    """As it is written in the language of the page."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return number_format(rounded, digits, force_grouping=False).replace("-", "\N{MINUS SIGN}")


def reading_text(reading: dict[str, Any], wording: Wording) -> str:
    """A reading's value with its unit, or why there is none."""
    if reading["status"] != "ok":
        return str(getattr(wording, reading["status"]))
    unit = reading["unit"]
    value = decimal(reading["value"] * (100 if unit == "ratio" else 1), wording.digits)
    return str(UNITS.get(unit, "{value} " + unit)).replace("{value}", value)


@register.simple_tag
def measure_groups(metrics: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The rows of the list. Without metrics they are there to be filled in by the page."""
    measures = (metrics or {}).get("measures")
    return [
        {"label": label, "rows": list(_rows(wordings, measures))}
        for label, wordings in GROUPS
        if measures is None or any(wording.name in measures for wording in wordings)
    ]


def _rows(wordings: list[Wording], measures: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    for wording in wordings:
        reading = measures.get(wording.name) if measures else None
        if measures and not reading:
            continue
        measure = BY_NAME[wording.name]
        yield {
            "wording": wording,
            "definition": gettext(measure.definition),
            "needs": gettext(measure.needs) if measure.needs != "nothing" else "",
            "text": reading_text(reading, wording) if reading else "",
            "is_given": not reading or reading["status"] == "ok",
        }


@register.simple_tag
def measure_scores(metrics: dict[str, Any] | None) -> list[dict[str, Any]]:
    given = (metrics or {}).get("scores", {})
    return [
        {
            "name": name,
            "label": label,
            "parts": [WORDINGS[part].label for part in parts],
            "text": None if given.get(name) is None else decimal(given[name], 2),
        }
        for name, label, parts in SCORES
    ]


@register.simple_tag
def measure_phrases() -> dict[str, Text]:
    return {f"unit.{unit}": text for unit, text in UNITS.items()}

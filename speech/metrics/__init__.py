"""Measures of delivery, from the audio and the recogniser's words: `docs/metrics.md` defines each.

    PCM ─→ frames ─→ pitch ─→ activity ─→ tally ─┬→ assessment ─→ readings ─→ scores
    words ───────────────────────────→ words ────┘

Pure: no clock, no input or output. `VoiceAnalyser` is the front; what was not measured is None.
"""

from __future__ import annotations

from speech.metrics.analyser import LiveMeasures, VoiceAnalyser
from speech.metrics.assessment import unavailable
from speech.metrics.catalogue import MEASURES, VERSION, Measure, Status
from speech.metrics.reading import Measures, Reading
from speech.metrics.trace import Trace
from speech.metrics.words import WeightedMean, WordSource, mean_confidence

__all__ = [
    "MEASURES",
    "VERSION",
    "LiveMeasures",
    "Measure",
    "Measures",
    "Reading",
    "Status",
    "Trace",
    "VoiceAnalyser",
    "WeightedMean",
    "WordSource",
    "mean_confidence",
    "unavailable",
]

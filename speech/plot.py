"""Measures as a picture: level, pitch, pauses and words over time, for `manage.py measure --plot`.

Imported only where a picture is asked for: matplotlib takes a second to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from speech.events import Word
from speech.metrics import Measures, Trace

MOST_WORDS = 400
LEVEL_COLOUR, PITCH_COLOUR, PAUSE_COLOUR = "#555555", "#1f5fa8", "#e4e4e4"


def save_plot(path: Path, measures: Measures, words: Sequence[Word]) -> None:
    """The path's ending says which format. Raises OSError."""
    trace = measures.trace
    seconds = max(trace.interval_ms * len(trace.level_dbfs) / 1000, 1.0)
    # Words stay readable up to a minute; the picture isn't made wider for longer ones.
    figure = Figure(figsize=(min(max(seconds, 8), 48), 6), layout="constrained")
    level, pitch, said = figure.subplots(3, 1, sharex=True, height_ratios=[3, 3, 2])
    _draw_level(level, trace)
    _draw_pitch(pitch, trace)
    _draw_words(said, words)
    said.set(xlim=(0, seconds), xlabel="s")
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "measure"}):
        figure.savefig(path, dpi=100, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def _draw_level(axes: Any, trace: Trace) -> None:
    axes.plot(_middles(trace), trace.level_dbfs, color=LEVEL_COLOUR, linewidth=1)
    axes.set(ylabel="level, dBFS", ylim=(-80, 0))
    _shade_pauses(axes, trace)


def _draw_pitch(axes: Any, trace: Trace) -> None:
    hz = [np.nan if value is None else value for value in trace.pitch_hz]
    axes.plot(_middles(trace), hz, color=PITCH_COLOUR, linewidth=1, marker=".", markersize=3)
    axes.set_yscale("log", base=2)
    axes.set(ylabel="pitch, Hz", ylim=(70, 520), yticks=(75, 100, 150, 200, 300, 400, 500))
    axes.yaxis.set_major_formatter("{x:.0f}")
    _shade_pauses(axes, trace)


def _draw_words(axes: Any, words: Sequence[Word]) -> None:
    axes.set(yticks=(), ylabel="words", ylim=(0, 1))
    for word in words:
        axes.axvspan(word.start_ms / 1000, word.end_ms / 1000, ymax=0.08, color=LEVEL_COLOUR, alpha=0.5)
    for word in words[:MOST_WORDS]:
        # What was said may hold a $, which would begin a formula.
        axes.text(word.start_ms / 1000, 0.12, word.word, rotation=60, fontsize=8, parse_math=False)


def _shade_pauses(axes: Any, trace: Trace) -> None:
    for (_, end), (start, _) in zip(trace.speech_ms, trace.speech_ms[1:], strict=False):
        axes.axvspan(end / 1000, start / 1000, color=PAUSE_COLOUR, linewidth=0)


def _middles(trace: Trace) -> Any:
    return (trace.start_ms + trace.interval_ms * (np.arange(len(trace.level_dbfs)) + 0.5)) / 1000

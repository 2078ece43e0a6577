from __future__ import annotations

import itertools
import json
import os
import pickle
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.events import Word
from speech.metrics import MEASURES, VERSION, Measures, VoiceAnalyser, WordSource
from speech.metrics.activity import Heard
from speech.metrics.analyser import Sound
from speech.metrics.catalogue import NAMES
from speech.metrics.scores import fluency, intonation
from speech.metrics.tally import STRETCHES_KEPT, Tally
from speech.metrics.trace import MOST_POINTS
from tests.support import sounds
from tests.support.sounds import answer, pcm

SOURCE = WordSource(reports_confidence=True)
SPOKEN = pcm(
    answer(0.5, 0.8, 0.3, before=0.3) + sounds.noise(len(answer(0.5, 0.8, 0.3, before=0.3)) / 16_000, 0.001)
)
WORDS = [Word("word", start, start + 300, 0.5) for start in range(400, 12_000, 350)]


def fed(pieces: list[bytes], words: Sequence[Word] = WORDS) -> VoiceAnalyser:
    """Words come with the audio that they are in."""
    analyser = VoiceAnalyser(SOURCE if words else None)
    heard, waiting = 0, list(words)
    for piece in pieces:
        analyser.add_pcm(piece)
        heard += len(piece)
        while waiting and waiting[0].end_ms * 32 <= heard:
            analyser.add_words([waiting.pop(0)])
    if waiting:
        analyser.add_words(waiting)
    return analyser


def cut(audio: bytes, size: int) -> list[bytes]:
    return [audio[start : start + size] for start in range(0, len(audio), size)]


@pytest.fixture(scope="module")
def whole() -> Measures:
    return fed([SPOKEN]).final()


@pytest.mark.parametrize("size", [32, 3200, 3201, 100_000], ids=["1 ms", "100 ms", "odd", "3 s"])
def test_pieces_of_any_size_measure_the_same(whole: Measures, size: int) -> None:
    assert fed(cut(SPOKEN, size)).final() == whole


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, len(SPOKEN)), max_size=8).map(sorted))
def test_audio_may_be_cut_anywhere(whole: Measures, at: list[int]) -> None:
    edges = [0, *at, len(SPOKEN)]
    pieces = [SPOKEN[start:end] for start, end in itertools.pairwise(edges)]

    assert fed(pieces).final() == whole


def test_words_may_come_before_their_audio_or_after(whole: Measures) -> None:
    before, after = VoiceAnalyser(SOURCE), VoiceAnalyser(SOURCE)

    before.add_words(WORDS)
    before.add_pcm(SPOKEN)
    after.add_pcm(SPOKEN)
    for word in WORDS:
        after.add_words([word])

    assert before.final() == after.final() == whole


def test_asking_changes_nothing_and_the_last_live_value_is_the_final_one(whole: Measures) -> None:
    analyser = VoiceAnalyser(SOURCE)
    for piece in cut(SPOKEN, 12_345):
        analyser.add_pcm(piece)
        analyser.live()
    analyser.add_words(WORDS)

    assert analyser.live().answer == whole
    assert analyser.final() == whole


def test_the_window_is_the_last_ten_seconds() -> None:
    loud_then_soft = np.concatenate([sounds.tone(300, 30.0, 0.2), sounds.tone(150, 11.0, 0.1)])
    analyser = VoiceAnalyser()
    analyser.add_pcm(pcm(loud_then_soft))

    live = analyser.live()

    assert sounds.value(live.window, "pitch_median_hz") == pytest.approx(150, rel=0.003)
    assert sounds.value(live.answer, "pitch_median_hz") == pytest.approx(300, rel=0.003)
    assert sounds.value(live.window, "duration_s") == 10
    assert sounds.value(live.answer, "duration_s") == 41
    assert live.window.trace.start_ms == 31_000


def test_an_answer_shorter_than_the_window_is_in_it() -> None:
    analyser = VoiceAnalyser()
    analyser.add_pcm(pcm(answer(0.5)[: 16_000 * 9]))

    live = analyser.live()

    assert live.window.readings == live.answer.readings


def test_memory_is_flat_over_the_length_of_an_answer() -> None:
    """Of minutes; of an hour with MEASURED_MINUTES=60."""
    minutes = int(os.environ.get("MEASURED_MINUTES", "6"))
    analyser = VoiceAnalyser(SOURCE)
    minute = pcm(np.tile(answer(0.5, 0.8), 6))[: 60 * 32_000]

    sizes = []
    for number in range(minutes):
        for piece in cut(minute, 32_000):
            analyser.add_pcm(piece)
        start = number * 60_000
        analyser.add_words([Word("word", start + at, start + at + 300, 0.5) for at in range(0, 59_000, 400)])
        sizes.append(len(pickle.dumps(analyser)))

    # What grows is the list of stretches, up to its bound.
    assert max(sizes) < sizes[1] + STRETCHES_KEPT * 16
    measures = analyser.final()
    assert sounds.value(measures, "duration_s") == minutes * 60
    assert len(measures.trace.pitch_hz) <= MOST_POINTS
    assert sounds.value(measures, "pitch_median_hz") == pytest.approx(171.4, rel=0.02)
    one = fed([minute], words=[]).final()
    for name in ("pauses_per_minute", "phonation_time_ratio", "pitch_sd_semitones", "speech_level_dbfs"):
        assert sounds.value(measures, name) == pytest.approx(sounds.value(one, name), rel=0.05), name


def test_of_many_stretches_the_last_are_kept_and_all_are_counted() -> None:
    tally = Tally()
    heard = _heard_of(pcm(np.concatenate([sounds.tone(200, 0.3), sounds.silent(0.3)])))
    for _ in range(STRETCHES_KEPT + 100):
        tally.add(heard)
    tally.finish()

    assert len(tally.stretches) == STRETCHES_KEPT
    assert tally.pauses == STRETCHES_KEPT + 99
    assert tally.until(1e9) == (tally.speech_seconds, tally.pauses)


def _heard_of(audio: bytes) -> Heard:
    sound = Sound()
    sound.add(audio)
    return sound.ended().recent


def test_what_is_stored_has_its_names_units_and_version(whole: Measures) -> None:
    stored = json.loads(json.dumps(whole.as_dict()))

    assert set(stored) == {"version", "measures", "scores"}
    assert stored["version"] == VERSION
    assert tuple(stored["measures"]) == NAMES
    assert {frozenset(one) for one in stored["measures"].values()} == {frozenset({"value", "unit", "status"})}
    assert set(stored["scores"]) == {"intonation_score", "fluency_score", "confidence_score"}
    for one in stored["measures"].values():
        assert (one["value"] is None) == (one["status"] != "ok")


def test_scores_grow_with_what_they_are_made_of_and_stay_between_0_and_1() -> None:
    spread = [intonation(sd) for sd in (0, 0.5, 1, 2, 3, 5, 20)]
    phonation = [fluency(ratio, 15, 6) for ratio in (0, 0.2, 0.5, 0.9, 1)]
    pauses = [fluency(0.8, rate, 6) for rate in (240, 60, 30, 10, 0)]
    run = [fluency(0.8, 15, words) for words in (0, 1, 3, 10, 1000)]

    for scores in (spread, phonation, pauses, run):
        assert scores == sorted(scores) and len(set(scores)) == len(scores)
        assert all(0 <= score <= 1 for score in scores)
    assert intonation(3) == 0.5
    assert fluency(1, 0, 6) == pytest.approx((1 + 1 + 0.5) / 3)


def test_the_document_defines_every_measure_as_the_program_does() -> None:
    document = (Path(__file__).resolve().parents[3] / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", document, re.MULTILINE)

    assert rows == [(one.name, one.unit, one.definition, one.source, one.needs) for one in MEASURES]
    assert f"Version {VERSION}" in document

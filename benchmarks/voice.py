"""Voice measures beside Praat's on the same recordings, and what they cost.

Praat, through parselmouth, is the reference of phonetics; it is GPL, and used for nothing else. Pauses
and speech time are those of the published method (de Jong & Wempe 2009, with its values: 25 dB below
the 99 % quantile of intensity, pauses from 0.3 s, sounds from 0.1 s), done by Praat's own commands.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import parselmouth
from numpy.typing import NDArray
from parselmouth.praat import call

from benchmarks.speech import answer_of
from benchmarks.table import milliseconds, ratio, show
from speech.events import BYTES_PER_SECOND, SAMPLE_RATE
from speech.metrics import Measures, VoiceAnalyser
from speech.metrics.frames import FRAMES_PER_SECOND, HOP, MAX_HZ, MIN_HZ, WINDOW, Framer
from speech.metrics.pitch import PitchPath
from speech.voice import VoiceMeter, open_meter, word_source

ROUNDS = 15
ANSWERS = 50
SECONDS_TOGETHER = 20
PAUSE_SECONDS = 0.3
# Praat's decibels are over 20 µPa, ours below full scale, which it takes for 1 Pa.
PRAAT_FULL_SCALE_DB = 93.979

Floats = NDArray[np.float64]


def run(spoken: list[bytes]) -> None:
    # Each recording alone, and all of them as one answer with pauses between.
    _compare([b"".join(spoken) if len(spoken) > 1 else spoken[0]], "all recordings in a row")
    _compare(spoken, "each recording, the largest difference")
    _cost(answer_of(60, spoken))
    asyncio.run(_together(answer_of(SECONDS_TOGETHER, spoken)))


def _compare(recordings: list[bytes], title: str) -> None:
    differences = [_differences(pcm) for pcm in recordings]
    rows = [
        [name, max(differences, key=lambda one: abs(one[name][0]))[name][1], limit]
        for name, limit in LIMITS.items()
    ]
    show(f"Voice measures beside Praat's: {title}", ["", "difference", "wanted"], rows)


LIMITS = {
    "pitch, frames voiced in both (median)": "≤ 0.25 semitones",
    "voicing, frames that differ": "≤ 10 %",
    "pitch median": "≤ 2 %",
    "pitch standard deviation": "≤ 0.5 semitones",
    "level of speech": "≤ 1 dB",
    "speech time": "≤ 5 %",
    "pauses of 300 ms a minute": "≤ 1",
}


def _differences(pcm: bytes) -> dict[str, tuple[float, str]]:
    sound = _sound(pcm)
    theirs = _praat_pitch(sound)
    ours = _our_pitch(pcm)[2 : 2 + len(theirs)]
    analyser = VoiceAnalyser()
    analyser.add_pcm(pcm)
    measures = analyser.final()
    stretches = _praat_speech(sound)
    both = (ours > 0) & (theirs > 0)
    semitones = 12 * np.abs(np.log2(ours[both] / theirs[both]))
    voiced = theirs[theirs > 0]
    speech, pauses = _speech_and_pauses(stretches)
    our_speech, our_pauses = _speech_and_pauses(
        [(start / 1000, end / 1000) for start, end in measures.trace.speech_ms]
    )
    values = [
        (float(np.median(semitones)), "{:.3f} semitones"),
        (100 * float(np.mean((ours > 0) != (theirs > 0))), "{:.1f} %"),
        (100 * (_value(measures, "pitch_median_hz") / float(np.median(voiced)) - 1), "{:+.1f} %"),
        (
            _value(measures, "pitch_sd_semitones") - float(np.std(12 * np.log2(voiced))),
            "{:+.2f} semitones",
        ),
        (_value(measures, "speech_level_dbfs") - _praat_level(sound, measures), "{:+.2f} dB"),
        (100 * (our_speech / speech - 1), "{:+.1f} %"),
        ((our_pauses - pauses) * 60 / sound.duration, "{:+.1f}"),
    ]
    return {name: (value, form.format(value)) for name, (value, form) in zip(LIMITS, values, strict=True)}


def _value(measures: Measures, name: str) -> float:
    value = measures.readings[name].value
    assert isinstance(value, float), (name, measures.readings[name])
    return value


def _sound(pcm: bytes) -> Any:
    """Of a length at which Praat's frames lie on ours, the first one on our third."""
    samples = np.frombuffer(pcm, "<i2") / 32768
    whole = WINDOW + (len(samples) - WINDOW) // HOP * HOP
    return parselmouth.Sound(samples[:whole], SAMPLE_RATE)


def _praat_pitch(sound: Any) -> Floats:
    pitch = sound.to_pitch_ac(time_step=1 / FRAMES_PER_SECOND, pitch_floor=MIN_HZ, pitch_ceiling=MAX_HZ)
    hz: Floats = pitch.selected_array["frequency"]
    return hz


def _our_pitch(pcm: bytes) -> Floats:
    framer, path = Framer(), PitchPath()
    tracks = [path.add(frames) for frames in framer.add(pcm)]
    rest = framer.rest()
    assert rest is not None
    tracks.append(path.add(rest, are_last=True))
    return np.concatenate([track.hz for track in tracks])


def _praat_speech(sound: Any) -> list[tuple[float, float]]:
    intensity = sound.to_intensity(50.0)
    loudest = call(intensity, "Get maximum", 0, 0, "Parabolic")
    threshold = call(intensity, "Get quantile", 0, 0, 0.99) - 25
    grid = call(intensity, "To TextGrid (silences)", threshold - loudest, PAUSE_SECONDS, 0.1, "-", "+")
    return [
        (
            call(grid, "Get start time of interval", 1, number),
            call(grid, "Get end time of interval", 1, number),
        )
        for number in range(1, call(grid, "Get number of intervals", 1) + 1)
        if call(grid, "Get label of interval", 1, number) == "+"
    ]


def _speech_and_pauses(stretches: list[tuple[float, float]]) -> tuple[float, int]:
    """Shorter pauses are part of speech, in the one method as in the other."""
    gaps = [start - end for (_, end), (start, _) in itertools.pairwise(stretches)]
    pauses = [gap for gap in gaps if gap >= PAUSE_SECONDS]
    return stretches[-1][1] - stretches[0][0] - sum(pauses), len(pauses)


def _praat_level(sound: Any, measures: Measures) -> float:
    """Its intensity, over what is speech for us."""
    intensity = sound.to_intensity(MIN_HZ)
    times = intensity.xs()
    is_speech = np.zeros(len(times), np.bool_)
    for start, end in measures.trace.speech_ms:
        is_speech |= (times >= start / 1000) & (times < end / 1000)
    power = 10 ** (intensity.values[0][is_speech] / 10)
    return float(10 * np.log10(power.mean())) - PRAAT_FULL_SCALE_DB


def _cost(pcm: bytes) -> None:
    """In turns, and the least of each: whatever else the machine does only adds to it."""
    sound, seconds = _sound(pcm), len(pcm) / BYTES_PER_SECOND
    praat, analysed, live = (
        [_cpu(work) / seconds for work in round_]
        for round_ in zip(
            *(
                (lambda: _praat_pitch(sound), lambda: _analyse(pcm), lambda: _analyse(pcm, live=True))
                for _ in range(ROUNDS)
            ),
            strict=True,
        )
    )
    rows = [
        [name, f"{min(times) * 1000:.2f} ms", ratio(min(times), min(praat))]
        for name, times in (
            ("Praat's To Pitch (ac) alone", praat),
            ("all measures", analysed),
            ("all measures, asked for once a second", live),
        )
    ]
    show("CPU for a second of audio", ["", "", "of Praat's pitch (wanted ≤ 1.3)"], rows)


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _analyse(pcm: bytes, *, live: bool = False) -> Measures:
    analyser = VoiceAnalyser()
    for count, start in enumerate(range(0, len(pcm), BYTES_PER_SECOND // 10), 1):
        analyser.add_pcm(pcm[start : start + BYTES_PER_SECOND // 10])
        if live and count % 10 == 0:
            analyser.live()
    return analyser.final()


async def _together(pcm: bytes) -> None:
    idle = await _lags(asyncio.sleep(5))
    meters = [await open_meter(word_source(language="en-US")) for _ in range(ANSWERS)]
    try:
        busy = await _lags(asyncio.gather(*(_speak(meter, pcm, turn) for turn, meter in enumerate(meters))))
        answers = [time_ for meter in meters for time_ in [await _ask(meter)]]
        assert not any(meter.is_lost for meter in meters)
    finally:
        await asyncio.gather(*(meter.aclose() for meter in meters))
    rows = [
        [name, *(milliseconds(float(np.percentile(lags, share))) for share in (50, 99, 100))]
        for name, lags in (("nothing to do", idle), (f"{ANSWERS} answers measured at once", busy))
    ]
    show("How late the event loop is (wanted: p99 ≤ 20 ms)", ["", "median", "p99", "most"], rows)
    print(f"\n  A live value took {milliseconds(median(answers))} (median).")


async def _lags(work: Any) -> list[float]:
    """How late a timer of 5 ms is, while something else is done."""
    lags: list[float] = []
    loop = asyncio.get_running_loop()

    async def tick() -> None:
        while True:
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            lags.append(loop.time() - due)

    ticking = asyncio.create_task(tick())
    try:
        await work
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
    return lags


async def _speak(meter: VoiceMeter, pcm: bytes, turn: int) -> None:
    """In real time, 100 ms a piece, asked once a second; people don't begin all at the same moment."""
    loop = asyncio.get_running_loop()
    began = loop.time() + turn / ANSWERS / 10
    for count, start in enumerate(range(0, len(pcm), BYTES_PER_SECOND // 10), 1):
        await asyncio.sleep(began + count / 10 - loop.time())
        await meter.push(pcm[start : start + BYTES_PER_SECOND // 10])
        if count % 10 == turn % 10:
            await meter.live()


async def _ask(meter: VoiceMeter) -> float:
    began = time.perf_counter()
    await meter.live()
    return time.perf_counter() - began

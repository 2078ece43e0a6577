"""Every measure: its name, unit, definition, source, and what it needs to be given at all.

docs/metrics.md shows this table; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

VERSION: Final = 2
"""Of definitions, thresholds and scores. Grows with any change that changes a number."""

MIN_WORDS: Final = 5
MIN_SYLLABLES: Final = 10
MIN_SPEECH_SECONDS: Final = 3.0
MIN_RATE_SECONDS: Final = 2.0
MIN_STRETCHES: Final = 3
MIN_VOICED_SECONDS: Final = 0.5
MIN_SPREAD_SECONDS: Final = 1.0
MIN_BACKGROUND_SECONDS: Final = 0.2
MIN_SNR_DB: Final = 5.0


class Status(StrEnum):
    OK = "ok"
    INSUFFICIENT_SPEECH = "insufficient_speech"
    """Too little of what the measure is taken from."""
    NOISY = "noisy"
    """The background is too loud, or too much like a voice, to tell it from the speaker."""
    UNAVAILABLE = "unavailable"
    """The recogniser doesn't report what is needed, or the recording doesn't hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    name: str
    unit: str
    definition: str
    source: str
    needs: str
    digits: int = 2


CUCCHIARINI: Final = "Cucchiarini, Strik & Boves 2000"
BOERSMA: Final = "Boersma 1993"
GEMAPS: Final = "Eyben et al. 2016 (GeMAPS)"
PAUSES: Final = "Goldman-Eisler 1968; De Jong & Bosker 2013"
NUCLEI: Final = "de Jong & Wempe 2009"


def gettext_noop(text: str) -> str:
    """Marks a text for those who translate it; whoever shows it looks the translation up."""
    return text


MEASURES: Final = (
    Measure(
        name="duration_s",
        unit="s",
        definition=gettext_noop("Length of the recording."),
        source="count of samples",
        needs=gettext_noop("nothing"),
    ),
    Measure(
        name="speech_time_s",
        unit="s",
        definition=gettext_noop(
            "Time from the start of speech to its end, without silent pauses. "
            "Speech is sound at most 25 dB below the voice's loudest, in stretches that hold a voice."
        ),
        source=NUCLEI,
        needs=gettext_noop("one stretch of speech"),
    ),
    Measure(
        name="phonation_time_ratio",
        unit="ratio",
        definition=gettext_noop("Speech time over the time from the start of speech to its end."),
        source=CUCCHIARINI,
        needs=gettext_noop("3 s of speech"),
        digits=3,
    ),
    Measure(
        name="pauses_per_minute",
        unit="1/min",
        definition=gettext_noop(
            "Silent pauses of 250 ms or more between two stretches of speech, "
            "for each minute from the start of speech to its end."
        ),
        source=PAUSES,
        needs=gettext_noop("3 s of speech"),
    ),
    Measure(
        name="mean_pause_s",
        unit="s",
        definition=gettext_noop("Mean length of these pauses."),
        source=PAUSES,
        needs=gettext_noop("one pause"),
    ),
    Measure(
        name="longest_pause_s",
        unit="s",
        definition=gettext_noop("Length of the longest of these pauses."),
        source=PAUSES,
        needs=gettext_noop("one pause"),
    ),
    Measure(
        name="mean_length_of_run_words",
        unit="words",
        definition=gettext_noop(
            "Recognised words over the number of runs, a run being what lies between two pauses."
        ),
        source=CUCCHIARINI,
        needs=gettext_noop("5 words, 3 s of speech"),
    ),
    Measure(
        name="first_word_delay_s",
        unit="s",
        definition=gettext_noop("From the start of the recording to the first recognised word."),
        source="the recogniser's times",
        needs=gettext_noop("one word"),
    ),
    Measure(
        name="speaking_rate_wpm",
        unit="words/min",
        definition=gettext_noop(
            "Recognised words a minute from the first one's start to the last one's end, pauses included."
        ),
        source=CUCCHIARINI,
        needs=gettext_noop("5 words over 2 s"),
        digits=1,
    ),
    Measure(
        name="articulation_rate_syllables_per_s",
        unit="syllables/s",
        definition=gettext_noop(
            "Syllables of the recognised words over speech time. Syllables are the vowels of the "
            "recogniser's dictionary; counted by spelling, the unit says that they are estimated."
        ),
        source=CUCCHIARINI,
        needs=gettext_noop("10 syllables over 2 s of speech"),
    ),
    Measure(
        name="articulation_rate_sd",
        unit="syllables/s",
        definition=gettext_noop(
            "Standard deviation of the articulation rate from one run of words to the next "
            "(runs of four syllables and more, between gaps of 250 ms between words)."
        ),
        source="Jacewicz, Fox & Wei 2010",
        needs=gettext_noop("3 such runs"),
    ),
    Measure(
        name="filled_pauses_per_minute",
        unit="1/min",
        definition=gettext_noop(
            "um, uh and the like among the recognised words, "
            "for each minute from the start of speech to its end."
        ),
        source="Clark & Fox Tree 2002",
        needs=gettext_noop(
            "a recogniser that reports them, in a language whose forms are known, 3 s of speech"
        ),
    ),
    Measure(
        name="pitch_median_hz",
        unit="Hz",
        definition=gettext_noop(
            "Median of the fundamental frequency over voiced frames of 10 ms, between 75 and 500 Hz."
        ),
        source=BOERSMA,
        needs=gettext_noop("0.5 s of voice"),
        digits=1,
    ),
    Measure(
        name="pitch_sd_semitones",
        unit="semitones",
        definition=gettext_noop(
            "Standard deviation of the fundamental frequency over the same frames, in semitones."
        ),
        source=f"{BOERSMA}; {GEMAPS}",
        needs=gettext_noop("1 s of voice"),
    ),
    Measure(
        name="pitch_range_semitones",
        unit="semitones",
        definition=gettext_noop(
            "From the 5 % to the 95 % quantile of the fundamental frequency over the same frames."
        ),
        source=f"{BOERSMA}; {GEMAPS}",
        needs=gettext_noop("1 s of voice"),
    ),
    Measure(
        name="speech_level_dbfs",
        unit="dBFS",
        definition=gettext_noop(
            "Mean power of speech without its offset, over speech time, in decibels below full scale "
            "(a full-scale sine is -3 dBFS)."
        ),
        source="ITU-T P.56 (2011)",
        needs=gettext_noop("one stretch of speech"),
    ),
    Measure(
        name="snr_db",
        unit="dB",
        definition=gettext_noop(
            "Power of speech, less that of the background, over that of the background: "
            "the median of frames that are 50 ms or more away from any speech."
        ),
        source="ours",
        needs=gettext_noop("speech, and 0.2 s of background that is no digital silence"),
    ),
    Measure(
        name="clipped_ratio",
        unit="ratio",
        definition=gettext_noop("Share of samples at full scale."),
        source="count of samples",
        needs=gettext_noop("nothing"),
        digits=6,
    ),
    Measure(
        name="recognition_confidence",
        unit="ratio",
        definition=gettext_noop(
            "Mean of the confidence that the recogniser gives its words, weighted with their "
            "durations. It says nothing about the speaker."
        ),
        source="the recogniser",
        needs=gettext_noop("a recogniser that reports it, one word"),
        digits=4,
    ),
    Measure(
        name="pitch_contour",
        unit="[s, Hz]",
        definition=gettext_noop(
            "The fundamental frequency over time, for drawing: the mean of each 50 ms, or of longer "
            "steps in recordings of more than 100 s; null where there is no voice."
        ),
        source=BOERSMA,
        needs=gettext_noop("0.5 s of voice"),
    ),
)

NAMES: Final = tuple(measure.name for measure in MEASURES)
BY_NAME: Final = {measure.name: measure for measure in MEASURES}

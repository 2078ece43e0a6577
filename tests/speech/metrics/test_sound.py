"""What is measured of sounds whose truth is known: the right value, or the right reason for none."""

from __future__ import annotations

import numpy as np
import pytest

from speech.metrics import Measures
from tests.support import sounds
from tests.support.sounds import answer, measured, pauses_of, value

PITCH = "pitch_median_hz", "pitch_sd_semitones", "pitch_range_semitones", "pitch_contour"
BLURRED = *PITCH, "speech_time_s", "pauses_per_minute"
PAUSES = 0.3, 0.5, 0.8, 1.2


def status(measures: Measures, name: str) -> str:
    return str(measures.readings[name].status)


def cents(hz: float, reference: float) -> float:
    return 1200 * float(np.log2(hz / reference))


@pytest.mark.parametrize("hz", [76, 100.3, 150, 220, 333, 440, 495])
def test_a_tone_has_its_pitch_within_5_cents(hz: float) -> None:
    measures = measured(sounds.tone(hz))

    assert abs(cents(value(measures, "pitch_median_hz"), hz)) < 5
    assert value(measures, "pitch_sd_semitones") < 0.05


def test_a_sweep_has_its_pitch_within_5_cents_all_along() -> None:
    contour = measured(sounds.sweep(100, 400, 8.0)).readings["pitch_contour"].value

    assert isinstance(contour, list)
    inner = [point for point in contour if 0.2 < (point[0] or 0) < 7.8]
    assert len(inner) > 140
    for seconds, hz in inner:
        assert seconds is not None and hz is not None
        # A point is about the 50 ms from its time, whose frames are centred from 0 to 40 ms.
        assert abs(cents(hz, 100 * 2 ** ((seconds + 0.02) / 4))) < 5


def test_a_sweep_is_as_wide_as_it_is() -> None:
    measures = measured(sounds.sweep(100, 200, 6.0))

    assert abs(cents(value(measures, "pitch_median_hz"), 100 * 2**0.5)) < 5
    assert value(measures, "pitch_sd_semitones") == pytest.approx(12 / 12**0.5, abs=0.05)
    assert value(measures, "pitch_range_semitones") == pytest.approx(0.9 * 12, abs=0.05)


def test_a_voice_without_its_fundamental_is_not_taken_for_its_octave() -> None:
    harmonics = sum((sounds.tone(110 * n, 2.0, 0.05) for n in (2, 3, 4, 5)), np.zeros(32_000))

    assert abs(cents(value(measured(harmonics), "pitch_median_hz"), 110)) < 5


@pytest.mark.parametrize("background", [0.0, 0.003], ids=["digital", "room"])
def test_pauses_have_their_lengths_within_50_ms(background: float) -> None:
    sound = answer(*PAUSES)
    measures = measured(sound + sounds.noise(len(sound) / 16_000, background))

    assert pauses_of(measures) == pytest.approx(PAUSES, abs=0.05)
    assert value(measures, "longest_pause_s") == pytest.approx(1.2, abs=0.05)
    assert value(measures, "mean_pause_s") == pytest.approx(0.7, abs=0.05)
    spoken = sum(map(len, sounds.sentences())) / 16_000
    assert value(measures, "speech_time_s") == pytest.approx(spoken, rel=0.02)
    assert value(measures, "phonation_time_ratio") == pytest.approx(spoken / (spoken + 2.8), abs=0.01)
    assert value(measures, "pauses_per_minute") == pytest.approx(4 * 60 / (spoken + 2.8), rel=0.02)


def test_a_gap_too_short_for_a_pause_is_part_of_speech() -> None:
    measures = measured(answer(0.15, 0.4))

    assert len(pauses_of(measures)) == 1


@pytest.mark.parametrize("gain_db", [-6, -12, -20, -30])
def test_level_follows_gain_within_half_a_decibel(gain_db: float) -> None:
    sound = answer(0.5) * 0.9

    whole, less = measured(sound), measured(sound * 10 ** (gain_db / 20))

    difference = value(less, "speech_level_dbfs") - value(whole, "speech_level_dbfs")
    assert difference == pytest.approx(gain_db, abs=0.5)
    assert pauses_of(less) == pytest.approx(pauses_of(whole), abs=0.05)


def test_level_is_that_of_speech_alone() -> None:
    level = value(measured(answer(2.0, before=5.0)), "speech_level_dbfs")

    assert level == pytest.approx(20 * np.log10(sounds.rms_of_speech()), abs=0.5)


def test_a_full_scale_sine_is_3_decibels_below_full_scale() -> None:
    assert value(measured(sounds.tone(200, amplitude=0.99)), "speech_level_dbfs") == pytest.approx(
        -3.1, abs=0.1
    )


@pytest.mark.parametrize("snr_db", [30, 20, 15, 10, 6, 3, 0])
def test_noise_is_measured_within_3_decibels(snr_db: float) -> None:
    sound = answer(*PAUSES)
    rms = sounds.rms_of_speech() * 10 ** (-snr_db / 20)

    measures = measured(sound + sounds.noise(len(sound) / 16_000, rms))

    # Where nothing stands out of the noise, there is no telling how loud it is.
    if snr_db > 0 or status(measures, "snr_db") != "noisy":
        assert value(measures, "snr_db") == pytest.approx(snr_db, abs=3)
    if snr_db >= 6:
        assert value(measures, "pitch_median_hz") == pytest.approx(171.4, rel=0.02)
    if snr_db >= 10:
        assert len(pauses_of(measures)) == len(PAUSES)
    if snr_db <= 3:
        assert {status(measures, name) for name in (*PITCH, "speech_time_s", "pauses_per_minute")} == {
            "noisy"
        }


@pytest.mark.parametrize("rms", [0.0, 0.2 / 32768], ids=["gated", "rounded away"])
def test_digital_silence_is_no_background(rms: float) -> None:
    sound = answer(*PAUSES)

    measures = measured(sound + sounds.noise(len(sound) / 16_000, rms))

    assert status(measures, "snr_db") == "unavailable"
    assert pauses_of(measures) == pytest.approx(PAUSES, abs=0.05)


def test_the_softest_room_that_16_bits_can_hold_is_a_background() -> None:
    sound = answer(*PAUSES)

    measures = measured(sound + sounds.noise(len(sound) / 16_000, 1 / 32768))

    assert value(measures, "snr_db") == pytest.approx(20 * np.log10(sounds.rms_of_speech() * 32768), abs=3)


@pytest.mark.parametrize(
    "sound",
    [
        sounds.silent(3),
        sounds.noise(10, 0.0001),
        sounds.noise(10),
        np.concatenate([sounds.silent(1), sounds.slam(), sounds.silent(2)]),
        np.full(48_000, 0.25),
        sounds.silent(0.005),
        sounds.silent(0),
    ],
    ids=["silence", "soft noise", "loud noise", "door slam", "offset", "5 ms", "nothing"],
)
def test_what_is_no_speech_has_no_numbers(sound: sounds.Sound) -> None:
    measures = measured(sound)

    assert sounds.values(measures) == {}
    assert set(measures.scores.values()) == {None}
    assert {status(measures, name) for name in (*PITCH, "speech_time_s", "snr_db")} == {"insufficient_speech"}


def test_one_word_has_no_rates_and_no_scores() -> None:
    word = sounds.sentences()[2][:8_000]

    measures = measured(np.concatenate([sounds.silent(1), word, sounds.silent(1)]))

    assert value(measures, "speech_time_s") == pytest.approx(0.5, abs=0.15)
    for name in ("phonation_time_ratio", "pauses_per_minute", "mean_pause_s", "pitch_sd_semitones"):
        assert status(measures, name) == "insufficient_speech"
    assert set(measures.scores.values()) == {None}


def test_clipped_samples_are_counted_and_pitch_is_still_right() -> None:
    clipped = np.clip(answer(0.5) * 8, -1, 1)
    share = np.mean(np.abs(np.frombuffer(sounds.pcm(clipped), "<i2").astype(int)) >= 32767)

    measures = measured(clipped)

    assert value(measures, "clipped_ratio") == pytest.approx(share, abs=1e-5)
    reference = value(measured(answer(0.5)), "pitch_median_hz")
    assert value(measures, "pitch_median_hz") == pytest.approx(reference, rel=0.01)


def test_speech_is_not_clipped() -> None:
    assert value(measured(answer(0.5)), "clipped_ratio") == 0


@pytest.mark.parametrize("offset", [-0.2, 0.1])
def test_an_offset_changes_nothing(offset: float) -> None:
    sound = answer(0.5, 0.8) * 0.5

    plain, shifted = measured(sound), measured(sound + offset)

    for name, reading in plain.readings.items():
        if isinstance(reading.value, float) and name != "snr_db":
            assert value(shifted, name) == pytest.approx(reading.value, rel=0.01), name


@pytest.mark.parametrize("at", [0.3, 1.0 + 0.4], ids=["before", "in a pause"])
def test_a_door_slam_changes_nothing(at: float) -> None:
    sound = answer(1.2, 0.5)
    if at > 1:
        at += len(sounds.sentences()[0]) / 16_000
    slammed = sound.copy()
    start = round(at * 16_000)
    slammed[start : start + 4800] += sounds.slam()

    plain, disturbed = measured(sound), measured(slammed)

    for name, reading in plain.readings.items():
        if isinstance(reading.value, float) and name != "clipped_ratio":
            assert value(disturbed, name) == pytest.approx(reading.value, rel=0.02), name


@pytest.mark.parametrize("below_db", [5, 10, 15, 20])
def test_a_voice_over_music_is_not_measured(below_db: float) -> None:
    sound = answer(*PAUSES)
    music = sounds.chord(len(sound) / 16_000, sounds.rms_of_speech() * 10 ** (-below_db / 20))

    measures = measured(sound + music)

    assert {status(measures, name) for name in BLURRED} == {"noisy"}
    assert set(measures.scores.values()) == {None}


def test_a_soft_hum_changes_no_pause_and_no_pitch() -> None:
    sound = answer(*PAUSES)

    measures = measured(sound + sounds.tone(100, len(sound) / 16_000, 0.005))

    assert pauses_of(measures) == pytest.approx(PAUSES, abs=0.05)
    assert value(measures, "pitch_median_hz") == pytest.approx(171.4, rel=0.02)

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from speech.metrics.catalogue import NAMES
from tests.support import sounds
from tests.support.media import encode
from tests.support.voices import STABLE_SENTENCES, read_pcm, save, speak


def measure(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("measure", str(path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def recording() -> Path:
    return speak(*STABLE_SENTENCES[:3])


def test_it_prints_a_table_with_units(recording: Path) -> None:
    lines = measure(recording).splitlines()

    table = {line.split()[0]: line.split()[1:] for line in lines}
    assert table["pitch_median_hz"][1] == "Hz" and 165 < float(table["pitch_median_hz"][0]) < 178
    assert table["filled_pauses_per_minute"] == ["–", "unavailable"]
    assert table["articulation_rate_syllables_per_s"][1] == "syllables/s"
    assert set(table) == set(NAMES) - {"pitch_contour"} | {
        "intonation_score",
        "fluency_score",
        "confidence_score",
    }


def test_json_is_what_is_stored(recording: Path) -> None:
    printed = json.loads(measure(recording, "--json"))

    measures = printed["measures"]
    assert set(printed) == {"version", "measures", "scores"} and tuple(measures) == NAMES
    assert measures["pauses_per_minute"]["status"] == "ok"
    assert measures["first_word_delay_s"]["value"] == pytest.approx(0.3, abs=0.15)
    words = sum(len(sentence.split()) for sentence in STABLE_SENTENCES[:3])
    assert measures["mean_length_of_run_words"]["value"] == pytest.approx(words / 3, abs=0.1)
    assert all(0 < score < 1 for score in printed["scores"].values())


def test_syllables_are_those_that_were_said(recording: Path) -> None:
    measures = json.loads(measure(recording, "--json"))["measures"]

    # As an English speaker counts them, sentence by sentence.
    said = 24 + 19 + 15
    counted = measures["articulation_rate_syllables_per_s"]["value"] * measures["speech_time_s"]["value"]
    assert counted == pytest.approx(said, rel=0.05)


def test_any_container_is_measured(tmp_path: Path, recording: Path) -> None:
    webm = tmp_path / "answer.webm"
    webm.write_bytes(encode(read_pcm(recording), "webm"))

    plain, encoded = (
        json.loads(measure(path, "--json", "--no-words"))["measures"] for path in (recording, webm)
    )

    for name in ("pitch_median_hz", "pitch_sd_semitones", "speech_time_s"):
        assert encoded[name]["value"] == pytest.approx(plain[name]["value"], rel=0.03), name


@pytest.mark.parametrize(("ending", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_it_draws(tmp_path: Path, recording: Path, ending: str, head: bytes) -> None:
    plot = tmp_path / f"plot.{ending}"

    measure(recording, f"--plot={plot}")

    drawn = plot.read_bytes()
    assert drawn.startswith(head)
    if ending == "svg":
        assert b"company" in drawn and b"pitch, Hz" in drawn


def test_silence_has_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    save(path, bytes(64_000))

    measures = json.loads(measure(path, "--json", f"--plot={tmp_path / 'silence.png'}"))["measures"]

    given = {name for name, one in measures.items() if one["value"] is not None}
    assert given == {"duration_s", "clipped_ratio"}


def test_a_tone_has_its_pitch(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    save(path, sounds.pcm(sounds.tone(220)))

    assert json.loads(measure(path, "--json"))["measures"]["pitch_median_hz"]["value"] == pytest.approx(
        220, rel=0.002
    )


def test_a_picture_has_a_known_ending(recording: Path) -> None:
    with pytest.raises(CommandError, match=r"ends with neither .png nor .svg"):
        measure(recording, "--plot=plot.jpeg")


def test_a_picture_that_cannot_be_written_is_an_error(recording: Path) -> None:
    with pytest.raises(CommandError, match="can't be written: No such file or directory"):
        measure(recording, "--no-words", "--plot=/nowhere/plot.png")


def test_what_draws_pictures_may_be_missing(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "speech.plot", raising=False)

    with pytest.raises(CommandError, match="Pictures need matplotlib"):
        measure(recording, "--no-words", "--plot=plot.png")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read: No such file or directory"):
        measure(tmp_path / "missing.wav")


def test_a_language_without_a_model_is_an_error_that_helps(recording: Path) -> None:
    with pytest.raises(CommandError, match=r"no model for de-DE \(--no-words does without\)"):
        measure(recording, "--language=de-DE")

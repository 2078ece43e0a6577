from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.support.voices import SPEECH, STABLE_SENTENCES, save, speak


def transcribe(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("transcribe", str(path), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.wav"
    save(path, SPEECH)
    return path


def test_it_prints_a_transcript_with_times() -> None:
    printed = transcribe(speak(*STABLE_SENTENCES[2:4]))
    sentences = [f"{sentence.capitalize()}." for sentence in STABLE_SENTENCES[2:4]]

    lines = printed.splitlines()
    assert re.fullmatch(rf"00:00\.\d – 00:0\d\.\d  {sentences[0]}  \(\d\d%\)", finals(lines)[0])
    assert " ".join(sentences) in lines


def finals(lines: list[str]) -> list[str]:
    return [line for line in lines if "–" in line]


def test_words_are_printed_while_they_come(recording: Path) -> None:
    lines = transcribe(recording, "--backend=scripted").splitlines()

    assert lines[0].startswith("00:00.0   … ")
    assert len(lines[0].split()) == 3 and len(lines[1].split()) == 4


def test_json_is_an_object_a_line(recording: Path) -> None:
    objects = [
        json.loads(line) for line in transcribe(recording, "--backend=scripted", "--json").splitlines()
    ]

    kinds = [said["type"] for said in objects]
    assert set(kinds) == {"interim", "final", "transcript"}
    assert kinds.count("final") == 4 and kinds[-1] == "transcript"
    segments = [said for said in objects if said["type"] == "final"]
    assert objects[-1]["text"] == " ".join(segment["text"] for segment in segments)
    assert segments[0]["words"][1]["start_ms"] == 500


def test_silence_is_said_to_be_silence(tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    save(path, bytes(32_000))

    assert transcribe(path) == "\nNo words were recognised.\n"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read: No such file or directory"):
        transcribe(tmp_path / "missing.wav")


def test_a_file_that_is_no_audio_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_text("<html></html>" * 100)

    with pytest.raises(CommandError, match=r"page\.wav can't be used: "):
        transcribe(page)


def test_a_language_without_a_model_is_an_error(recording: Path) -> None:
    with pytest.raises(CommandError, match="Moonshine has no model for de-DE"):
        transcribe(recording, "--language=de-DE")


def test_an_unknown_backend_is_an_error(recording: Path) -> None:
    with pytest.raises(CommandError, match="SPEECH_BACKENDS has no 'nobody'"):
        transcribe(recording, "--backend=nobody")

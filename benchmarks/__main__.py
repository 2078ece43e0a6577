from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interview_project.settings")
django.setup()

# What follows reads settings, which are there only now.
from benchmarks import accuracy, azure, fanout, frames, journal, latency, pages, speech, voice  # noqa: E402
from tests.support.servers import new_site  # noqa: E402


def main() -> None:
    parser = ArgumentParser(prog="make bench", description="How fast the product is, on this machine.")
    parser.add_argument("--audio-dir", type=Path, help="a folder of WAV files to measure with")
    audio_dir = parser.parse_args().audio_dir
    with tempfile.TemporaryDirectory() as folder:
        latency.run(new_site(Path(folder)), speech.sentences(audio_dir))
        scripted = Path(folder) / "scripted"
        scripted.mkdir()
        frames.run(new_site(scripted, SPEECH_BACKEND="scripted"))
    journal.run()
    fanout.run()
    pages.run()
    voice.run(speech.sentences(audio_dir))
    accuracy.run(audio_dir)
    azure.run()


main()

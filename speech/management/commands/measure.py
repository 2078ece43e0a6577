from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from speech.events import Word
from speech.exceptions import AudioError, SpeechError
from speech.metrics import Measures, Reading, VoiceAnalyser
from speech.transcription import heard_by, transcribe

PLOT_ENDINGS = ".png", ".svg"


class Command(BaseCommand):
    help = "Measure the voice in an audio file: pace, pauses, pitch, level (see docs/metrics.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="WAV, WebM, Ogg, FLAC or MP4")
        parser.add_argument("--json", action="store_true", help="print what is stored with an answer")
        parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it: a .png or .svg file")
        parser.add_argument("--language", default="en-US", help="BCP 47 tag, en-US by default")
        parser.add_argument("--backend", default="default", help="alias in SPEECH_BACKENDS")
        parser.add_argument("--no-words", action="store_true", help="measure the sound alone")

    def handle(self, *, file: Path, plot: Path | None, **options: Any) -> None:
        if plot and plot.suffix.lower() not in PLOT_ENDINGS:
            raise CommandError(f"{plot} ends with neither .png nor .svg")
        # Asked before anything takes its time.
        draw = _drawing() if plot else None
        try:
            measures, words = asyncio.run(_measure(file, **options))
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror or error}") from error
        except AudioError as error:
            raise CommandError(f"{file} can't be used: {error}") from error
        except (SpeechError, ImproperlyConfigured) as error:
            raise CommandError(f"{file} can't be recognised: {error} (--no-words does without)") from error
        if plot and draw:
            try:
                draw(plot, measures, words)
            except OSError as error:
                raise CommandError(f"{plot} can't be written: {error.strerror or error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(measures.as_dict()))
        else:
            self._print(measures)

    def _print(self, measures: Measures) -> None:
        for name, reading in measures.readings.items():
            if not isinstance(reading.value, list):
                self.stdout.write(f"{name:34}{in_words(reading)}")
        for name, score in measures.scores.items():
            self.stdout.write(f"{name:34}{'–' if score is None else f'{score:.2f}'}")


def _drawing() -> Callable[[Path, Measures, list[Word]], None]:
    # matplotlib takes a second to load, and not every site has it.
    try:
        from speech.plot import save_plot  # noqa: PLC0415
    except ImportError as error:
        raise CommandError("Pictures need matplotlib: pip install matplotlib") from error
    return save_plot


async def _measure(
    file: Path, *, language: str, backend: str, no_words: bool, **_: object
) -> tuple[Measures, list[Word]]:
    if not no_words:
        said = await transcribe(file, language=language, backend=backend)
        return said.measures, [word for segment in said.segments for word in segment.words]
    analyser = VoiceAnalyser()
    async with aclosing(heard_by(analyser, file)) as pieces:
        async for _piece in pieces:
            pass
    return analyser.final(), []


def in_words(reading: Reading) -> str:
    if reading.value is None:
        return f"–  {reading.status}"
    return f"{reading.value:g} {reading.unit}"

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from speech.events import Event, Final, Interim
from speech.exceptions import AudioError, SpeechError
from speech.stream import open_stream
from speech.transcription import recognise


class Command(BaseCommand):
    help = "Transcribe an audio file, showing the words while they are recognised."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="WAV, WebM, Ogg, FLAC or MP4")
        parser.add_argument("--json", action="store_true", help="print one JSON object a line")
        parser.add_argument("--language", default="en-US", help="BCP 47 tag, en-US by default")
        parser.add_argument("--backend", default="default", help="alias in SPEECH_BACKENDS")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            asyncio.run(self._transcribe(file, **options))
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror or error}") from error
        except AudioError as error:
            raise CommandError(f"{file} can't be used: {error}") from error
        except (SpeechError, ImproperlyConfigured) as error:
            raise CommandError(f"{file} can't be transcribed: {error}") from error

    async def _transcribe(self, file: Path, *, language: str, backend: str, **options: Any) -> None:
        say = self._say_json if options["json"] else self._say
        finals: list[Final] = []
        stream = open_stream(language=language, backend=backend)
        async with aclosing(recognise(stream, file)) as events:
            async for event in events:
                say(event)
                if isinstance(event, Final):
                    finals.append(event)
        text = " ".join(final.text for final in finals)
        if options["json"]:
            self.stdout.write(json.dumps({"type": "transcript", "text": text}))
        else:
            self.stdout.write(f"\n{text or 'No words were recognised.'}")

    def _say(self, said: Event) -> None:
        match said:
            case Interim():
                self.stdout.write(f"{clock(said.start_ms)}   … {said.text}")
            case Final():
                confidence = "" if said.confidence is None else f"  ({said.confidence:.0%})"
                self.stdout.write(f"{clock(said.start_ms)} – {clock(said.end_ms)}  {said.text}{confidence}")

    def _say_json(self, said: Event) -> None:
        match said:
            case Interim() | Final():
                line = {"type": type(said).__name__.lower()} | asdict(said)
                self.stdout.write(json.dumps(line))


def clock(ms: int) -> str:
    return f"{ms // 60_000:02}:{ms // 1000 % 60:02}.{ms % 1000 // 100}"

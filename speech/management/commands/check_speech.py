from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from speech.audio import read_pcm
from speech.backends import get_backend, usable
from speech.backends.base import BaseBackend, Recognition
from speech.events import BYTES_PER_SECOND, Final, Interim, Resume
from speech.exceptions import SpeechError
from speech.processes.cores import count_cores

# Synthetic, so that it may go anywhere: flite's voice slt, and a second of silence.
SAMPLE = Path(__file__).resolve().parents[2] / "check.flac"
SENTENCE = "i believe that clear communication is the key to good work"
LANGUAGE = "en-US"
PIECE_BYTES = BYTES_PER_SECOND // 10
TIMEOUT_SECONDS = 90
# Of the machine; the rest is for sockets, decoding and measuring, and for what comes at the same time.
SHARE = 0.5


@dataclass
class Report:
    recogniser: str = ""
    finals: tuple[Final, ...] = ()
    first_words_seconds: float | None = None
    """From the first audio."""
    last_words_seconds: float | None = None
    """From the end of the audio; below 0 if they came before it."""
    speed: float | None = None
    """Seconds of speech that are recognised in a second; None where another machine does it."""


class Command(BaseCommand):
    help = "Say a sentence to the recogniser, at the pace of speech, and tell what came back and when."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--backend", default="default", help="alias in SPEECH_BACKENDS")

    def handle(self, *, backend: str, **options: Any) -> None:
        try:
            alias = self._alias(backend)
            report = asyncio.run(self._check(alias))
        except ImproperlyConfigured as error:
            raise CommandError(
                f"{error}\nWhat to do: correct the settings, and see manage.py check."
            ) from error
        except TimeoutError:
            raise CommandError(f"{backend} said nothing within {TIMEOUT_SECONDS} s.") from None
        except SpeechError as error:
            raise CommandError(explain(error)) from error
        self._tell(report, get_backend(alias).places)

    def _alias(self, asked: str) -> str:
        """What candidates get under that name."""
        alias = usable(LANGUAGE)[0] if asked == "default" else asked
        if alias != asked:
            self.stdout.write(f"not used:    {asked}, since {get_backend(asked).problem}")
        return alias

    async def _check(self, alias: str) -> Report:
        pcm = b"".join([piece async for piece in read_pcm(SAMPLE)])
        async with asyncio.timeout(TIMEOUT_SECONDS):
            report = await listen(get_backend(alias), pcm)
            if report.finals and get_backend(alias).places is not None:
                report.speed = await speed(get_backend(alias), pcm)
            return report

    def _tell(self, report: Report, places: int | None) -> None:
        self.stdout.write(f"recogniser:  {report.recogniser}")
        self.stdout.write(f"said:        {SENTENCE}")
        self.stdout.write(f"understood:  {' '.join(final.text for final in report.finals) or 'nothing'}")
        if report.first_words_seconds is not None:
            self.stdout.write(f"first words: {report.first_words_seconds:.1f} s after the first sound")
        if not report.finals:
            raise CommandError(
                "It answers, but understood nothing.\nWhat to do: is its language English? The sentence is."
            )
        self.stdout.write(f"last words:  {report.last_words_seconds:+.1f} s from the end of the sound")
        if report.speed is not None:
            cores = count_cores()
            self.stdout.write(f"cores:       {cores}")
            self.stdout.write(f"speed:       {report.speed:.1f} × real time on one of them")
            count = max(1, int(cores.count * report.speed * SHARE))
            self.stdout.write(
                f"at once:     about {count} live answers, if nothing else runs here; {places} are allowed"
            )


async def listen(backend: BaseBackend, pcm: bytes) -> Report:
    recognition = await backend.start(language=LANGUAGE, resume=Resume())
    async with aclosing(recognition):
        feeding = asyncio.create_task(feed(recognition, pcm))
        try:
            return await hear(recognition, len(pcm) / BYTES_PER_SECOND)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


async def speed(backend: BaseBackend, pcm: bytes) -> float:
    """Of one recognition, given everything at once."""
    pcm *= 4
    recognition = await backend.start(language=LANGUAGE, resume=Resume())
    async with aclosing(recognition):
        began = time.monotonic()
        feeding = asyncio.create_task(push(recognition, pcm))
        async for _ in recognition:
            pass
        await feeding
        return len(pcm) / BYTES_PER_SECOND / (time.monotonic() - began)


async def push(recognition: Recognition, pcm: bytes) -> None:
    await recognition.push(pcm)
    await recognition.end_input()


async def hear(recognition: Recognition, length_seconds: float) -> Report:
    report = Report(recognition.recogniser)
    began = time.monotonic()
    async for event in recognition:
        if isinstance(event, Interim | Final) and report.first_words_seconds is None:
            report.first_words_seconds = time.monotonic() - began
        if isinstance(event, Final):
            report.finals += (event,)
            report.last_words_seconds = time.monotonic() - began - length_seconds
    return report


async def feed(recognition: Recognition, pcm: bytes) -> None:
    """What goes wrong here is told where the events are read."""
    async for piece in at_the_pace_of_speech(pcm):
        await recognition.push(piece)
    await recognition.end_input()


async def at_the_pace_of_speech(pcm: bytes) -> AsyncIterator[bytes]:
    began = time.monotonic()
    for start in range(0, len(pcm), PIECE_BYTES):
        await asyncio.sleep(began + start / BYTES_PER_SECOND - time.monotonic())
        yield pcm[start : start + PIECE_BYTES]


def explain(error: SpeechError) -> str:
    again = "Trying again as it is won't help." if error.permanent else "It may pass by itself."
    return f"{error}\n{again}" + (f"\nWhat to do: {error.hint}" if error.hint else "")

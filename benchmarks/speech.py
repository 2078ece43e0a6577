"""Speech to measure with: sentences from a synthesiser, or the WAV files of a folder."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import cycle
from pathlib import Path

from speech.audio import read_pcm
from speech.events import BYTES_PER_SECOND
from tests.support.voices import STABLE_SENTENCES, silence, speak


def sentences(audio_dir: Path | None) -> list[bytes]:
    """PCM of one sentence each, with a second of silence behind it."""
    if audio_dir is None:
        paths = [speak(sentence) for sentence in STABLE_SENTENCES]
    else:
        paths = sorted(audio_dir.glob("*.wav"))
        if not paths:
            raise SystemExit(f"There is no WAV file in {audio_dir}.")
    return [asyncio.run(_pcm(path)) + silence(1) for path in paths]


async def _pcm(path: Path) -> bytes:
    async with aclosing(read_pcm(path)) as blocks:
        return b"".join([block async for block in blocks])


def answer_of(seconds: float, spoken: list[bytes]) -> bytes:
    """About so long, whole sentences; each answer ends with the same one, so that the ends compare."""
    *others, last = spoken
    parts = [last]
    length = len(last)
    for part in cycle(others):
        if length + len(part) > seconds * BYTES_PER_SECOND:
            break
        parts.insert(-1, part)
        length += len(part)
    return b"".join(parts)

"""Speech to measure with: sentences from a synthesiser, or the WAV files of a folder."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from itertools import cycle
from pathlib import Path

from speech.audio import read_pcm
from speech.events import BYTES_PER_SECOND
from tests.support.voices import STABLE_SENTENCES, silence, speak
from tests.support.voices import read_pcm as read_wav

# What Flite says: nothing that a recogniser was chosen by.
SPOKEN = (
    "my last job was in a small team that looked after the payments of three hundred customers",
    "when the system broke down one night i called my colleague and we read the logs together",
    "i would rather ask one question too many than build the wrong thing for two weeks",
    "we measured first and found that nine of ten requests waited for the same lock",
    "after the review everybody agreed to write the test before the change",
    "my degree is in physics but i have been programming since i was twelve years old",
)

_TABLE_ROW = re.compile(r"^\| (\S+\.wav) \| (.+?) \|$", re.MULTILINE)


def references(audio_dir: Path | None) -> list[tuple[bytes, str]]:
    """PCM and what is said in it: a synthesiser's, and the folder's WAV files, as its README says."""
    found = [(read_wav(speak(sentence, pause_seconds=0)), sentence) for sentence in SPOKEN]
    readme = audio_dir / "README.md" if audio_dir else None
    if audio_dir and readme and readme.exists():
        for name, text in _TABLE_ROW.findall(readme.read_text()):
            found.append((asyncio.run(_pcm(audio_dir / name)), text))
    return found


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

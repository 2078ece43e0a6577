"""How often recognisers are wrong, side by side: words of speech, and words where nobody spoke."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.disturbances import Floats, as_pcm, floats, non_speech, telephone, voices, white, with_noise
from benchmarks.speech import references
from benchmarks.table import show
from speech import open_stream, transcribe
from speech.events import BYTES_PER_SECOND, SAMPLE_RATE, Final
from speech.spelling import spoken
from speech.transcription import Transcript, recognise

BACKENDS = "pocketsphinx", "moonshine"
SNRS_DB = 20, 10, 5
NON_SPEECH_SECONDS = 60


@dataclass
class Errors:
    """Words that are missing, added or others, of so many."""

    wrong: int = 0
    words: int = 0

    def __str__(self) -> str:
        return f"{100 * self.wrong / self.words:.1f} %"


def run(audio_dir: Path | None) -> None:
    recordings = references(audio_dir)
    clean = [floats(pcm) for pcm, _ in recordings]
    texts = [text for _, text in recordings]
    rows = []
    for condition, samples in conditions(clean):
        rows.append([condition, *(str(_errors(backend, samples, texts)) for backend in BACKENDS)])
    words = sum(len(plain_words(text)) for text in texts)
    show(f"Word error rates over {len(texts)} recordings, {words} words", ["", *BACKENDS], rows)
    rows = []
    for name, noise in non_speech(NON_SPEECH_SECONDS, clean).items():
        rows.append([name, *(_invented(backend, noise) for backend in BACKENDS)])
    show(
        "Words a minute where nobody speaks, in brackets those of which it was sure (0.6)",
        ["", *BACKENDS],
        rows,
    )
    pcm = b"".join(as_pcm(np.concatenate([samples, np.zeros(SAMPLE_RATE)])) for samples in clean)
    rows = [[backend, f"{_cpu(backend, pcm):.3f}"] for backend in BACKENDS]
    show("CPU seconds for a second of speech, as fast as it goes", ["", "all processes"], rows)


def conditions(clean: list[Floats]) -> Iterator[tuple[str, list[Floats]]]:
    yield "clean", clean
    yield "telephone band", [telephone(samples) for samples in clean]
    for snr_db in SNRS_DB:
        yield (
            f"white noise, {snr_db} dB",
            [with_noise(samples, white(len(samples), n), snr_db) for n, samples in enumerate(clean)],
        )
    for snr_db in SNRS_DB:
        yield (
            f"babble, {snr_db} dB",
            [with_noise(samples, voices(clean, len(samples), n), snr_db) for n, samples in enumerate(clean)],
        )


def _errors(backend: str, recordings: Sequence[Floats], texts: Sequence[str]) -> Errors:
    errors = Errors()
    for samples, text in zip(recordings, texts, strict=True):
        heard = heard_in(backend, as_pcm(np.concatenate([samples, np.zeros(SAMPLE_RATE)])))
        expected = plain_words(text)
        errors.wrong += distance(expected, plain_words(heard.text))
        errors.words += len(expected)
    return errors


def _invented(backend: str, noise: Floats) -> str:
    heard = heard_in(backend, as_pcm(noise))
    words = [word for segment in heard.segments for word in segment.words]
    sure = [word for word in words if word.confidence is None or word.confidence >= 0.6]
    minutes = NON_SPEECH_SECONDS / 60
    return f"{len(words) / minutes:.0f} ({len(sure) / minutes:.0f})"


def heard_in(backend: str, pcm: bytes) -> Transcript:
    return asyncio.run(transcribe(pcm, backend=backend))


def plain_words(text: str) -> list[str]:
    """As they are said, without case and punctuation; what is said in two ways in one of them."""
    plain = [part for word in text.split() for part in spoken(word)]
    return [{"mr": "mister", "mrs": "missus", "dr": "doctor"}.get(word, word) for word in plain]


def distance(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Of Levenshtein, in words."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(expected, start=1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def _cpu(backend: str, pcm: bytes) -> float:
    """Of this process and of all that recognise for it."""
    asyncio.run(_words(backend, pcm[: BYTES_PER_SECOND * 3]))
    before = cpu_seconds()
    asyncio.run(_words(backend, pcm))
    return (cpu_seconds() - before) / (len(pcm) / BYTES_PER_SECOND)


async def _words(backend: str, pcm: bytes) -> int:
    stream = open_stream(backend=backend, falls_back=False)
    async with aclosing(recognise(stream, pcm)) as events:
        return sum([len(event.words) async for event in events if isinstance(event, Final)])


def cpu_seconds() -> float:
    """Of this process and its children, and theirs that have ended."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    times = [process.cpu_times() for process in processes]
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))

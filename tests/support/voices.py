"""Synthetic speech for tests, made once and kept in var/voices."""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import tempfile
import wave
from pathlib import Path

from speech.events import BYTES_PER_SECOND, SAMPLE_RATE

FOLDER = Path(__file__).resolve().parents[2] / "var" / "voices"

# The offline recogniser understands every word of these, in every configuration tried.
STABLE_SENTENCES = (
    "i would like to work for your company because you care about the quality of your products",
    "i enjoy learning new things and i read a lot of books about software",
    "the customer was very happy with the result of our work",
    "i believe that clear communication is the key to good work",
    "it took six months to build the first version of the product",
)


def speak(*sentences: str, pause_seconds: float = 1.0) -> Path:
    """A 16 kHz mono WAV of the sentences, with that much silence after each."""
    name = hashlib.sha256(repr((sentences, pause_seconds)).encode()).hexdigest()[:16]
    path = FOLDER / f"{name}.wav"
    if not path.exists():
        pause = silence(pause_seconds)
        save(path, b"".join(_speak(sentence) + pause for sentence in sentences))
    return path


def read_pcm(path: Path) -> bytes:
    with wave.open(str(path), "rb") as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (SAMPLE_RATE, 1, 2)
        return wav.readframes(wav.getnframes())


def as_said(text: str) -> str:
    """What is displayed, without capitals and punctuation."""
    return re.sub(r"[^a-z ]", "", text.casefold())


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * SAMPLE_RATE) * 2)


def babble(seconds: float, seed: int = 1) -> bytes:
    """Loud noise, in which the scripted recogniser hears a word every half second."""
    return random.Random(seed).randbytes(int(seconds * BYTES_PER_SECOND))


def save(path: Path, pcm: bytes) -> None:
    """Whole or not at all: several test runs may make the same file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file, wave.open(file, "wb") as wav:
        wav.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        wav.writeframes(pcm)
    os.replace(file.name, path)


def seconds(pcm: bytes) -> float:
    return len(pcm) / BYTES_PER_SECOND


def _speak(sentence: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        try:
            subprocess.run(["flite", "-voice", "slt", "-t", sentence, "-o", str(path)], check=True)
        except FileNotFoundError:
            raise RuntimeError("Speech for tests needs flite: apt-get install flite") from None
        return read_pcm(path)


# What the scripted recogniser makes four segments of.
SPEECH = babble(3) + silence(1) + babble(2, 2) + silence(0.5) + babble(1.5, 3) + silence(2) + babble(0.7, 4)

"""Audio that is there already, as text: the same path as live audio takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from speech.audio import read_pcm
from speech.events import BYTES_PER_SECOND, Event, Final
from speech.metrics import Measures, VoiceAnalyser
from speech.stream import SpeechStream, open_stream
from speech.voice import word_source

Audio = bytes | Path | AsyncIterator[bytes]
"""16 kHz mono 16-bit PCM, whole or in pieces, or the path of a file that `speech.audio` reads."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was said in some audio: `text` is that of the `segments`, with blanks between."""

    text: str
    segments: tuple[Final, ...]
    measures: Measures


async def transcribe(audio: Audio, *, language: str = "en-US", backend: str = "default") -> Transcript:
    """What is said in the audio and how, as fast as it is recognised. `language` is a BCP 47 tag.

    Raises SpeechError, AudioError and OSError.
    """
    analyser = VoiceAnalyser(word_source(language=language, backend=backend))
    stream = open_stream(language=language, backend=backend)
    async with (
        aclosing(heard_by(analyser, audio)) as pieces,
        aclosing(recognise(stream, pieces)) as events,
    ):
        segments = tuple([event async for event in events if isinstance(event, Final)])
    analyser.add_words(word for segment in segments for word in segment.words)
    return Transcript(" ".join(segment.text for segment in segments), segments, analyser.final())


async def heard_by(analyser: VoiceAnalyser, audio: Audio) -> AsyncGenerator[bytes, None]:
    """The audio's pieces, measured on their way."""
    async with aclosing(_pieces(audio)) as pieces:
        async for pcm in pieces:
            analyser.add_pcm(pcm)
            yield pcm


async def recognise(stream: SpeechStream, audio: Audio) -> AsyncGenerator[Event, None]:
    """All events of a stream that isn't begun yet. Close it (`aclosing`) to stop early.

    Raises what the stream raises, and whatever the audio does.
    """
    async with stream:
        feeding = asyncio.create_task(_feed(stream, audio))
        try:
            async for event in stream:
                yield event
            await feeding
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


async def _feed(stream: SpeechStream, audio: Audio) -> None:
    """What goes wrong here is raised where the events are read, which closing the stream ends."""
    try:
        async with aclosing(_pieces(audio)) as pieces:
            async for pcm in pieces:
                await stream.push(pcm)
        await stream.end_input()
    except BaseException:
        await stream.aclose()
        raise


async def _pieces(audio: Audio) -> AsyncGenerator[bytes, None]:
    if isinstance(audio, Path):
        async with aclosing(read_pcm(audio)) as pieces:
            async for pcm in pieces:
                yield pcm
    elif not isinstance(audio, bytes):
        async for pcm in audio:
            yield pcm
    else:
        for start in range(0, len(audio), BYTES_PER_SECOND):
            yield audio[start : start + BYTES_PER_SECOND]

"""One side of `benchmarks.azure`, in a process of its own: azure_side ADDRESS backend|bare COUNT"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from statistics import median

import azure.cognitiveservices.speech as sdk

from speech.backends.azure import AzureBackend
from speech.backends.base import Recognition
from speech.events import BYTES_PER_SECOND, Final, Resume

PIECE_BYTES = BYTES_PER_SECOND // 10
# Noise is words to the scripted recogniser. The audio ends in their middle, the last final comes after it.
SPEECH = random.Random(1).randbytes(5 * BYTES_PER_SECOND)
SECONDS = 10
AUDIO = SPEECH[: 4 * BYTES_PER_SECOND] + bytes(BYTES_PER_SECOND) + SPEECH

Recognise = Callable[[str, bytes], Awaitable[float]]


async def with_backend(url: str, pcm: bytes) -> float:
    """Seconds from the end of the audio to the last final."""
    recognition = await AzureBackend(host=url, key="none").start(language="en-US", resume=Resume())
    async with aclosing(recognition):
        last = asyncio.create_task(_last_final(recognition))
        await at_the_pace_of_speech(pcm, recognition.push)
        ended = time.monotonic()
        await recognition.end_input()
        return await last - ended


async def _last_final(recognition: Recognition) -> float:
    said = 0.0
    async for event in recognition:
        if isinstance(event, Final):
            said = time.monotonic()
    return said


async def with_bare_sdk(url: str, pcm: bytes) -> float:
    config = sdk.SpeechConfig(host=url, subscription="none")
    config.output_format = sdk.OutputFormat.Detailed
    config.request_word_level_timestamps()
    stream = sdk.audio.PushAudioInputStream()
    recogniser = sdk.SpeechRecognizer(config, sdk.audio.AudioConfig(stream=stream))
    said, is_over = [0.0], threading.Event()
    recogniser.recognizing.connect(lambda event: None)
    recogniser.recognized.connect(lambda event: said.append(time.monotonic()))
    recogniser.session_stopped.connect(lambda event: is_over.set())
    recogniser.start_continuous_recognition_async().get()

    async def write(piece: bytes) -> None:
        stream.write(piece)

    await at_the_pace_of_speech(pcm, write)
    ended = time.monotonic()
    stream.close()
    await asyncio.to_thread(is_over.wait)
    recogniser.stop_continuous_recognition_async().get()
    for signal in (recogniser.recognizing, recogniser.recognized, recogniser.session_stopped):
        signal.disconnect_all()
    return said[-1] - ended


async def at_the_pace_of_speech(pcm: bytes, push: Callable[[bytes], Awaitable[None]]) -> None:
    began = time.monotonic()
    for start in range(0, len(pcm), PIECE_BYTES):
        await asyncio.sleep(began + start / BYTES_PER_SECOND - time.monotonic())
        await push(pcm[start : start + PIECE_BYTES])


async def run(url: str, recognise: Recognise, count: int) -> dict[str, float]:
    # The first one loads the SDK.
    await recognise(url, SPEECH[:BYTES_PER_SECOND])
    began = time.process_time()
    tails = await asyncio.gather(*(delayed(recognise, url, number / count) for number in range(count)))
    cpu = time.process_time() - began
    return {"cpu": cpu / count / SECONDS, "tail": median(tails)}


async def delayed(recognise: Recognise, url: str, seconds: float) -> float:
    await asyncio.sleep(seconds)
    return await recognise(url, AUDIO)


if __name__ == "__main__":
    url, side, count = sys.argv[1:]
    recognise = with_backend if side == "backend" else with_bare_sdk
    print(json.dumps(asyncio.run(run(url, recognise, int(count)))))

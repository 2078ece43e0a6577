"""After a reconnect: how long until the first live word, and until measures are live again?"""

from __future__ import annotations

import asyncio
import io
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import median

import av
from websockets.exceptions import ConnectionClosed

from benchmarks.speech import answer_of, sentences
from benchmarks.table import show
from speech.events import BYTES_PER_SECOND
from tests.support.answers import begin
from tests.support.clients import Client, chunks_of, client, give_consent
from tests.support.media import encode
from tests.support.servers import ROOT, Created, Site, new_site

MINUTES = 1, 10, 60, 120
ENCODINGS = {"pcm_s16le": "PCM", "webm": "WebM/Opus"}
ROUNDS = 3
CHUNK_SECONDS = 0.1
# What is said after the reconnects, without a pause: each half second is a word.
LIVE_SECONDS = 300
LONGEST = {"ANSWER_MAX_SECONDS": "10000", "ANSWER_MAX_BYTES": str(1 << 30)}


def run(lengths: Sequence[int] = MINUTES) -> None:
    head = ["", "first live word", "measures live again"]
    with tempfile.TemporaryDirectory() as folder:
        site = new_site(Path(folder), SPEECH_BACKEND="scripted", **LONGEST)
        with site.serve():
            for encoding, name in ENCODINGS.items():
                rows = [asyncio.run(_row(site, encoding, minutes)) for minutes in lengths]
                show(
                    f"After a reconnect, {name}, scripted recogniser; words are medians of {ROUNDS}",
                    head,
                    rows,
                )


async def _row(site: Site, encoding: str, minutes: int) -> list[str]:
    interview = await asyncio.to_thread(site.create_interview)
    cookies = await asyncio.to_thread(give_consent, interview["candidate_url"])
    chunks = await asyncio.to_thread(chunks_for, encoding, minutes)
    await _start(site, interview, cookies, encoding, chunks[0])
    command = [sys.executable, "-m", "benchmarks.reconnect_side", encoding, str(minutes)]
    await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=site.environment, check=True)
    peer = partial(_reconnect, site, interview, cookies, encoding, chunks)
    words = [await peer("transcription") for _ in range(ROUNDS)]
    measures = await peer("voice_metrics")
    return [f"minute {minutes}", f"{median(words):.2f} s", f"{measures:.1f} s"]


async def _start(site: Site, interview: Created, cookies: str, encoding: str, chunk: bytes) -> None:
    """An answer of one chunk, to which the others are written."""
    async with client(site, interview["websocket_path"], cookies) as candidate:
        await begin(candidate, encoding)
        await candidate.frame(0, chunk)
        await candidate.until("ack", next_chunk_index=1)


async def _reconnect(
    site: Site, interview: Created, cookies: str, encoding: str, chunks: Sequence[bytes], awaited: str
) -> float:
    """Seconds until the first message of the awaited type that is about what is said now."""
    began = time.perf_counter()
    async with client(site, interview["websocket_path"], cookies) as candidate:
        _, first = await begin(candidate, encoding)
        speaking = asyncio.create_task(_speak(candidate, chunks, first))
        try:
            while True:
                message = await candidate.until(awaited)
                if message.get("real_time") or message.get("end_ms", 0) > 1000 * CHUNK_SECONDS * first:
                    return time.perf_counter() - began
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)


async def _speak(candidate: Client, chunks: Sequence[bytes], first: int) -> None:
    """In real time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    with suppress(ConnectionClosed):
        for index in range(first, len(chunks)):
            await candidate.frame(index, chunks[index])
            await asyncio.sleep(began + CHUNK_SECONDS * (index - first + 1) - loop.time())


# The audio


def chunks_for(encoding: str, minutes: int) -> list[bytes]:
    """So many minutes of speech, and what is said after the reconnects; chunks of about 100 ms each."""
    minute = answer_of(60, sentences(None)).ljust(60 * BYTES_PER_SECOND, b"\0")[: 60 * BYTES_PER_SECOND]
    live = random.Random(1).randbytes(LIVE_SECONDS * BYTES_PER_SECOND)
    if encoding == "pcm_s16le":
        return chunks_of(minute * minutes + live)
    container = _webm([minute] * minutes + [live])
    seconds = 60 * minutes + LIVE_SECONDS
    return chunks_of(container, round(len(container) * CHUNK_SECONDS / seconds))


def _webm(sounds: Sequence[bytes]) -> bytes:
    """One container of them all; each is compressed once, however often it comes."""
    packets = {sound: list(_packets(sound)) for sound in set(sounds)}
    file = io.BytesIO()
    with av.open(file, "w", format="webm", options={"live": "1", "cluster_time_limit": "1000"}) as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        stream.codec_context.open()
        at_ms = 0
        for sound in sounds:
            for data in packets[sound]:
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                packet.pts = packet.dts = at_ms
                container.mux(packet)
                at_ms += 20
    return file.getvalue()


def _packets(sound: bytes) -> Iterator[bytes]:
    """Of 20 ms each."""
    with av.open(io.BytesIO(encode(sound, "webm", layout="mono")), "r") as container:
        for packet in container.demux(audio=0):
            if packet.size:
                yield bytes(packet)


if __name__ == "__main__":
    # The lengths in minutes, if not all of them are asked for.
    run([int(minutes) for minutes in sys.argv[1:]] or MINUTES)

"""Reading audio files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import IO, Final

from speech.audio.decoder import decode
from speech.audio.formats import HEAD_BYTES, AudioFormat, sniff

_READ_BYTES: Final = 1 << 16


async def read_pcm(source: Path | IO[bytes], audio: AudioFormat | None = None) -> AsyncGenerator[bytes, None]:
    """The PCM of a file that is complete, FLAC too. An open file is left open, and read from where it stands.

    `audio` is needed for bare PCM only. Raises what `decode` does, and OSError.
    """
    if isinstance(source, Path):
        with closing(await asyncio.to_thread(source.open, "rb")) as file:
            async for pcm in read_pcm(file, audio):
                yield pcm
        return
    head = await asyncio.to_thread(source.read, HEAD_BYTES)
    if audio is None and sniff(head) == "flac":
        audio = AudioFormat("flac")
    async with aclosing(decode(_chunks(head, source), audio)) as pieces:
        async for pcm in pieces:
            yield pcm


async def _chunks(head: bytes, file: IO[bytes]) -> AsyncIterator[bytes]:
    yield head
    while chunk := await asyncio.to_thread(file.read, _READ_BYTES):
        yield chunk

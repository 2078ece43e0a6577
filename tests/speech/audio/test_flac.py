from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from speech.audio import read_pcm, write_flac
from tests.support.media import tone

PCM = tone(5)


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(path: Path) -> bytes:
    return b"".join([pcm async for pcm in read_pcm(path)])


@pytest.mark.parametrize("size", [2, 640, 100_000, 1_000_000])
async def test_what_is_written_is_what_is_read(tmp_path, size):
    path = tmp_path / "answer.flac"
    pcm = PCM[:6_402] if size == 2 else PCM

    samples = await write_flac(pieces(pcm, size), path)

    assert samples == len(pcm) // 2
    assert await read(path) == pcm


async def test_the_file_says_how_long_it_is_and_can_be_sought_in(tmp_path):
    path = tmp_path / "answer.flac"

    await write_flac(pieces(PCM, 3_200), path)

    # STREAMINFO, RFC 9639, 8.2: 36 bits of samples after 20 of rate, 3 of channels and 5 of width.
    word = int.from_bytes(path.read_bytes()[18:26])
    assert (word >> 44, word >> 41 & 7, word >> 36 & 31, word & (1 << 36) - 1) == (16_000, 0, 15, 80_000)
    with av.open(str(path)) as container:
        container.seek(3_000_000)
        frame = next(container.decode(audio=0))
        assert frame.time is not None and 2 <= frame.time <= 3
        at = round(frame.time * 16_000)
        assert np.array_equal(frame.to_ndarray()[0], np.frombuffer(PCM, "<i2")[at : at + frame.samples])


async def test_no_audio_makes_an_empty_file(tmp_path):
    path = tmp_path / "answer.flac"

    assert await write_flac(pieces(b"", 1), path) == 0
    assert path.read_bytes()[:4] == b"fLaC"


async def test_a_failing_source_leaves_no_file(tmp_path):
    async def failing() -> AsyncIterator[bytes]:
        yield PCM
        raise RuntimeError("the source is gone")

    with pytest.raises(RuntimeError, match="the source is gone"):
        await write_flac(failing(), tmp_path / "answer.flac")

    assert list(tmp_path.iterdir()) == []


async def test_a_cancelled_write_leaves_no_file(tmp_path):
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield PCM
            began.set()

    began = asyncio.Event()
    writing = asyncio.create_task(write_flac(endless(), tmp_path / "answer.flac"))
    await began.wait()

    writing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await writing
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_exists_stays_whole_until_the_new_one_is(tmp_path):
    path = tmp_path / "answer.flac"
    await write_flac(pieces(PCM, 3_200), path)

    async def checking() -> AsyncIterator[bytes]:
        yield PCM[:64_000]
        assert await read(path) == PCM

    await write_flac(checking(), path)

    assert await read(path) == PCM[:64_000]


async def test_a_missing_folder_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        await write_flac(pieces(PCM, 3_200), tmp_path / "missing" / "answer.flac")

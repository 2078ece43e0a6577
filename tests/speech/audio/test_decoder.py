"""Decoding in real child processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import psutil
import pytest

from speech.audio import AudioFormat, Decoder, decode, open_decoder, read_pcm
from speech.exceptions import AudioDecodingFailed, AudioFormatUnsupported, SpeechError
from speech.processes.children import warm_up
from tests.support.media import chunk, encode, riff, silent_opus, tone, wav, wav_format

SECONDS = 2
PCM = tone(SECONDS)
NATIVE = AudioFormat("pcm_s16le")
WEBM = AudioFormat("webm")
DEADLINE_SECONDS = 30


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: encode(PCM, name) for name in ("webm", "ogg", "mp4", "wav", "mp4-plain", "flac")}


def held() -> tuple[set[int], int, int]:
    """What a decoder may hold: processes, descriptors, tasks."""
    processes = {process.pid for process in psutil.Process().children(recursive=True)}
    return processes, len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    warm_up()
    await asyncio.to_thread(int)
    before = held()
    yield
    assert held() == before


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    def expire(*_: object) -> None:
        raise TimeoutError("the test takes too long")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(DEADLINE_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


async def pieces(data: bytes, size: int = 4096) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def whole(data: bytes, audio: AudioFormat | None = None) -> bytes:
    return b"".join([pcm async for pcm in decode(pieces(data), audio)])


async def drain(decoder: Decoder) -> bytes:
    return b"".join([pcm async for pcm in decoder])


async def child_of(decoder: Decoder, data: bytes) -> psutil.Process:
    """Begin to decode, and find the process that does it."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    await decoder.push(data)
    (child,) = {process.pid for process in psutil.Process().children(recursive=True)} - before
    return psutil.Process(child)


# Formats


@pytest.mark.parametrize("name", ["webm", "ogg", "mp4", "wav"])
@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_container_is_decoded(files, name, is_declared):
    pcm = await whole(files[name], AudioFormat(name) if is_declared else None)

    assert abs(len(pcm) // 2 - SECONDS * 16_000) < 1_600


async def test_bare_pcm_passes_as_it_is():
    assert await whole(PCM, NATIVE) == PCM


async def test_bare_pcm_of_another_rate_is_resampled():
    pcm = await whole(PCM, AudioFormat("pcm_s16le", 8_000, 1))

    assert abs(len(pcm) - 2 * len(PCM)) <= 8


@pytest.mark.parametrize("declared", [NATIVE, AudioFormat("ogg"), AudioFormat("wav")])
async def test_a_wrong_label_does_no_harm(files, declared):
    assert len(await whole(files["webm"], declared)) == len(PCM)


async def test_pieces_are_whole_samples_of_at_most_a_second():
    stereo = np.repeat(np.frombuffer(tone(5), "<i2"), 2).tobytes()
    for data, audio in [(tone(5), NATIVE), (wav(stereo, wav_format(1, 2, 16_000, 16)), None)]:
        sizes = [len(pcm) async for pcm in decode(pieces(data, 200_001), audio)]

        assert sum(sizes) == len(tone(5))
        assert max(sizes) <= 32_000
        assert {size % 2 for size in sizes} == {0}


async def test_odd_pieces_of_bare_pcm_are_joined_and_half_a_sample_is_left_out():
    async with open_decoder(NATIVE) as decoder:
        async for piece in pieces(PCM + b"\1", 7):
            await decoder.push(piece)
        await decoder.end_input()

        assert await drain(decoder) == PCM
        assert decoder.samples_out == SECONDS * 16_000
        assert decoder.warnings == ("the last sample is cut off",)


@pytest.mark.parametrize("length", [0, 1, 2, 15])
async def test_bare_pcm_may_be_very_short(length):
    assert await whole(PCM[:length], NATIVE) == PCM[: length // 2 * 2]


async def test_damage_is_reported_at_the_end(files):
    async with open_decoder(AudioFormat("wav")) as decoder:
        await decoder.push(files["wav"][:-100])
        await decoder.end_input()

        assert await drain(decoder) == PCM[:-100]
        assert decoder.warnings == ("the WAV file is shorter than its header says",)


# Streaming


@pytest.mark.parametrize(("name", "milliseconds"), [("webm", 110), ("wav", 20), ("mp4", 310)])
async def test_pcm_comes_while_the_audio_arrives(files, name, milliseconds):
    first = files[name][: len(files[name]) * milliseconds // (SECONDS * 1000)]
    async with open_decoder(AudioFormat(name)) as decoder:
        await decoder.push(first)

        pcm = await anext(decoder)

        assert len(pcm) > 0


async def test_every_chunk_gives_its_pcm_at_once(files):
    data = files["webm"]
    step = len(data) // (SECONDS * 10)
    async with open_decoder(WEBM) as decoder:
        await decoder.push(data[: 2 * step])
        for start in range(2 * step, len(data), step):
            await anext(decoder)
            await decoder.push(data[start : start + step])


@pytest.mark.parametrize("audio", [NATIVE, AudioFormat("pcm_s16le", 16_000, 2)])
async def test_push_waits_for_the_one_who_reads(audio):
    async with open_decoder(audio) as decoder:
        pushed = 0

        async def push_a_hundred_seconds() -> None:
            nonlocal pushed
            for _ in range(100):
                await decoder.push(PCM[:32_000])
                pushed += 1
            await decoder.end_input()

        pushing = asyncio.create_task(push_a_hundred_seconds())
        done, _ = await asyncio.wait({pushing}, timeout=0.5)
        assert not done
        # What lies in the buffers between here and there and back, which hold more if one side is slow.
        assert pushed < 60

        await drain(decoder)
        await pushing
        assert decoder.samples_out == 100 * 16_000 // audio.channels


async def test_a_bomb_waits_and_takes_no_memory():
    data = silent_opus(3600) * 3
    async with open_decoder(WEBM) as decoder:
        child = await child_of(decoder, data[:60_000])
        await anext(decoder)
        before = child.memory_info().rss

        async def push() -> None:
            async for piece in pieces(data[60_000:], 60_000):
                await decoder.push(piece)

        pushing = asyncio.create_task(push())
        while decoder.samples_out < 16_000 * 1200:
            await anext(decoder)

        assert child.memory_info().rss - before < 8 << 20
        assert not pushing.done()
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)


# Failures


@pytest.mark.parametrize(
    ("data", "audio", "error"),
    [
        (b"<!DOCTYPE html><html></html>" * 100, WEBM, AudioDecodingFailed),
        (b"<!DOCTYPE html><html></html>" * 100, NATIVE, AudioDecodingFailed),
        (b"", None, AudioDecodingFailed),
        (b"", WEBM, AudioDecodingFailed),
        (np.random.default_rng(0).bytes(50_000), None, AudioFormatUnsupported),
        (b"\x1a\x45\xdf\xa3" + np.random.default_rng(0).bytes(50_000), None, AudioDecodingFailed),
        (wav(PCM, wav_format(2, 1, 16_000, 8)), None, AudioFormatUnsupported),
        (b"fLaC" + bytes(100), NATIVE, AudioFormatUnsupported),
    ],
)
async def test_bad_audio_fails_with_its_reason(data, audio, error):
    with pytest.raises(error):
        await whole(data, audio)


async def test_the_audio_before_a_failure_is_given():
    got = b""

    with pytest.raises(AudioDecodingFailed):
        async for pcm in decode(pieces(wav(PCM) + bytes(range(128, 256)) * 100)):
            got += pcm

    assert got == PCM


async def test_a_failure_is_raised_on_both_sides_and_stays():
    async with open_decoder(WEBM) as decoder:
        await decoder.push(b"\x1a\x45\xdf\xa3" + b"\0" * 5000)
        await decoder.end_input()

        for _ in range(2):
            with pytest.raises(AudioDecodingFailed):
                await anext(decoder)
            with pytest.raises(AudioDecodingFailed):
                await decoder.push(b"more")


async def test_a_decoder_killed_by_somebody_is_no_fault_of_the_audio(files):
    async with open_decoder(WEBM) as decoder:
        child = await child_of(decoder, files["webm"][:10_000])
        child.kill()

        with pytest.raises(SpeechError, match="lost"):
            await drain(decoder)
        with pytest.raises(SpeechError, match="lost"):
            await decoder.push(b"more")


async def test_push_alone_sees_that_the_decoder_was_killed(files):
    async with open_decoder(WEBM) as decoder:
        child = await child_of(decoder, files["webm"][:10_000])
        child.kill()

        with pytest.raises(SpeechError, match="lost"):
            while True:
                await decoder.push(b"more")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGXCPU, signal.SIGABRT])
async def test_audio_that_brings_its_decoder_down_is_at_fault(files, number):
    async with open_decoder(WEBM) as decoder:
        child = await child_of(decoder, files["webm"][:10_000])
        child.send_signal(number)

        with pytest.raises(AudioDecodingFailed):
            await drain(decoder)


# Limits


async def test_audio_that_keeps_the_processor_busy_for_nothing_fails(settings):
    settings.SPEECH_DECODER_CPU_SECONDS = 1
    endless = riff(chunk(b"fmt ", wav_format(1, 1, 16_000, 16)), size=0) + chunk(b"JUNK", b"") * 3_000_000

    with pytest.raises(AudioDecodingFailed):
        await whole(endless)


async def test_time_is_given_in_proportion_to_the_audio(settings):
    settings.SPEECH_DECODER_CPU_SECONDS = 1
    async with open_decoder(WEBM) as decoder:
        child = await child_of(decoder, silent_opus(600))
        assert child.rlimit(psutil.RLIMIT_CPU)[0] <= 2

        while decoder.samples_out < 16_000 * 500:
            await anext(decoder)

        assert child.rlimit(psutil.RLIMIT_CPU)[0] >= 49


async def test_the_child_s_memory_has_the_limit_that_is_set(files, settings):
    limits = []
    for megabytes in (64, 512):
        settings.SPEECH_DECODER_MEMORY_MB = megabytes
        async with open_decoder(WEBM) as decoder:
            child = await child_of(decoder, files["webm"])
            await anext(decoder)
            limits.append(child.rlimit(psutil.RLIMIT_AS)[0] >> 20)

    # Beyond what each began with, which is about the same.
    assert limits[1] - limits[0] == pytest.approx(512 - 64, abs=32)


async def test_the_child_can_open_nothing(files):
    async with open_decoder(WEBM) as decoder:
        child = await child_of(decoder, files["webm"])
        await anext(decoder)

        assert child.rlimit(psutil.RLIMIT_NOFILE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)


# Ends at any time


@pytest.mark.parametrize("audio", [WEBM, NATIVE])
async def test_closing_ends_both_sides(files, audio):
    async with open_decoder(audio) as decoder:
        data = files["webm"] if audio == WEBM else PCM
        await decoder.push(data[:5000])
        reading = asyncio.create_task(drain(decoder))
        await asyncio.wait({reading}, timeout=0.05)

        await asyncio.gather(decoder.aclose(), decoder.aclose())
        await decoder.aclose()

        with pytest.raises(SpeechError, match="closed"):
            await reading
        with pytest.raises(SpeechError, match="closed"):
            await decoder.push(data)
        with pytest.raises(SpeechError, match="closed"):
            await decoder.end_input()


@pytest.mark.parametrize("steps", range(0, 40, 3))
async def test_closing_while_it_starts_leaves_nothing(files, steps):
    decoder = open_decoder(WEBM)
    pushing = asyncio.create_task(decoder.push(files["webm"]))
    for _ in range(steps):
        await asyncio.sleep(0)

    await decoder.aclose()

    with pytest.raises(SpeechError):
        await pushing
        await decoder.push(b"more")


@pytest.mark.parametrize("audio", [NATIVE, AudioFormat("pcm_s16le", 48_000, 2)])
async def test_closing_lets_a_waiting_push_go(audio):
    async with open_decoder(audio) as decoder:
        pushing = asyncio.create_task(decoder.push(bytes(64 << 20)))
        done, _ = await asyncio.wait({pushing}, timeout=0.05)
        assert not done

        await decoder.aclose()

        with pytest.raises(SpeechError, match="closed"):
            await pushing


@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_a_reader_may_leave_early(files, taken):
    async with aclosing(decode(pieces(files["webm"] * 20), WEBM)) as pcm:
        for _ in range(taken):
            await anext(pcm)


@pytest.mark.parametrize("audio", [WEBM, NATIVE])
async def test_cancelling_the_reader_leaves_nothing(files, audio):
    async def endless() -> AsyncIterator[bytes]:
        yield files["webm"] if audio == WEBM else PCM
        await asyncio.Event().wait()

    async def read() -> None:
        async with aclosing(decode(endless(), audio)) as pcm:
            async for _ in pcm:
                began.set()

    began = asyncio.Event()
    reading = asyncio.create_task(read())
    await began.wait()

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize("audio", [WEBM, NATIVE, None])
@pytest.mark.parametrize("error", [RuntimeError("lost the source"), AudioDecodingFailed("a bad source")])
async def test_an_error_of_the_source_reaches_the_reader(files, audio, error):
    async def failing() -> AsyncIterator[bytes]:
        yield (PCM if audio == NATIVE else files["webm"])[:8_000]
        raise error

    with pytest.raises(type(error), match="source"):
        async for _ in decode(failing(), audio):
            pass


async def test_the_source_is_closed_too(files):
    closed = []

    async def source() -> AsyncIterator[bytes]:
        try:
            while True:
                yield files["webm"]
        finally:
            closed.append(True)

    async with aclosing(decode(source(), WEBM)) as pcm:
        await anext(pcm)

    assert closed == [True]


# Files


@pytest.mark.parametrize("name", ["webm", "wav", "flac"])
async def test_a_file_is_read(files, tmp_path, name):
    path = tmp_path / "answer"
    path.write_bytes(files[name])

    from_path = b"".join([pcm async for pcm in read_pcm(path)])
    with path.open("rb") as file:
        from_file = b"".join([pcm async for pcm in read_pcm(file)])
        assert not file.closed

    assert from_path == from_file
    assert len(from_path) == len(PCM)


async def test_a_file_of_bare_pcm_needs_its_format(tmp_path):
    path = tmp_path / "answer.pcm"
    path.write_bytes(PCM)

    assert b"".join([pcm async for pcm in read_pcm(path, NATIVE)]) == PCM
    with pytest.raises(AudioFormatUnsupported):
        await anext(read_pcm(path))


async def test_a_missing_file_is_an_os_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        await anext(read_pcm(tmp_path / "missing"))


async def test_an_mp4_with_its_index_at_the_end_says_what_is_needed(files):
    with pytest.raises(AudioDecodingFailed, match="fragmented"):
        await whole(files["mp4-plain"])

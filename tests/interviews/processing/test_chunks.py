from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import NoneType
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from interviews.database import in_database
from interviews.models import Answer, AudioChunk, AudioPart
from interviews.processing.chunks import (
    LOAD_BYTES,
    LOAD_ROWS,
    WARM_UP_SAMPLES,
    ChunkReader,
    ChunksGone,
    PartedAudio,
    after,
)
from speech.events import BYTES_PER_SECOND, SAMPLE_RATE
from speech.exceptions import AudioDecodingFailed, AudioError, AudioFormatUnsupported
from tests.support.media import encode, tone
from tests.support.rows import an_interview

pytestmark = pytest.mark.django_db(transaction=True)


def an_answer_of(*chunks: bytes) -> Answer:
    answer = Answer.objects.create(question=an_interview().questions.all()[0])
    AudioChunk.objects.bulk_create(
        AudioChunk(answer=answer, index=index, data=data) for index, data in enumerate(chunks)
    )
    return answer


async def all_of(reader: ChunkReader) -> list[tuple[int, bytes]]:
    return [chunk async for chunk in chunks_in(reader)]


async def chunks_in(reader: ChunkReader) -> AsyncIterator[tuple[int, bytes]]:
    while (chunk := await reader.next()) is not None:
        yield chunk


def noise(seconds: float, seed: int = 1) -> bytes:
    samples = np.random.default_rng(seed).integers(-9000, 9000, int(seconds * SAMPLE_RATE))
    return samples.astype("<i2").tobytes()


def numbered(count: int, size: int = 4) -> list[bytes]:
    return [index.to_bytes(2, "big") * (size // 2) for index in range(count)]


async def test_it_reads_what_is_durable_from_the_rows() -> None:
    data = numbered(2 * LOAD_ROWS + 3)
    answer = await in_database(an_answer_of, *data)
    reader = ChunkReader(answer.pk, durable=len(data))
    reader.end(len(data))

    assert await all_of(reader) == list(enumerate(data))


async def test_it_reads_what_is_added_from_memory_alone() -> None:
    answer = await in_database(an_answer_of)
    reader = ChunkReader(answer.pk, durable=0, memory_bytes=100)
    for index, data in enumerate(numbered(10)):
        reader.add(index, data)
    reader.end(10)

    # No row is there: what it read, it held.
    assert await all_of(reader) == list(enumerate(numbered(10)))


async def test_it_goes_from_the_rows_to_what_comes_meanwhile() -> None:
    data = numbered(20)
    answer = await in_database(an_answer_of, *data[:15])
    reader = ChunkReader(answer.pk, durable=15, memory_bytes=1000)
    reading = asyncio.create_task(all_of(reader))

    for index in range(15, len(data)):
        reader.add(index, data[index])
        await asyncio.sleep(0)
    reader.end(len(data))

    assert await reading == list(enumerate(data))


async def test_where_somebody_else_has_stored_the_audio_it_says_so() -> None:
    answer = await in_database(an_answer_of, *[bytes(LOAD_BYTES // 2)] * 3)
    reader = ChunkReader(answer.pk, durable=3)
    await reader.next()
    await in_database(AudioChunk.objects.all().delete)
    # Two had been read from the rows before they went.
    await reader.next()

    with pytest.raises(ChunksGone):
        await reader.next()


async def test_it_waits_for_more() -> None:
    answer = await in_database(an_answer_of)
    reader = ChunkReader(answer.pk, durable=0, memory_bytes=1000)
    waiting = asyncio.ensure_future(reader.next())
    await asyncio.sleep(0)
    before = waiting.done()
    reader.add(0, b"ab")

    assert (before, await waiting) == (False, (0, b"ab"))


async def test_it_ends_where_nothing_came() -> None:
    answer = await in_database(an_answer_of)
    reader = ChunkReader(answer.pk, durable=0)
    reading = asyncio.create_task(all_of(reader))
    await asyncio.sleep(0)

    reader.end(0)

    assert await reading == []


async def test_it_knows_whether_it_has_read_all_that_came() -> None:
    answer = await in_database(an_answer_of, b"ab")
    reader = ChunkReader(answer.pk, durable=1, memory_bytes=1000)
    seen = [reader.is_read]
    await reader.next()
    seen.append(reader.is_read)
    reader.add(1, b"cd")
    seen.append(reader.is_read)
    await reader.next()
    seen.append(reader.is_read)

    assert seen == [False, True, False, True]


@pytest.mark.parametrize("commit_first", [True, False])
async def test_memory_is_bounded_however_far_the_reader_is_behind(commit_first: bool) -> None:
    data = numbered(500, size=100)
    answer = await in_database(an_answer_of, *data)
    reader = ChunkReader(answer.pk, durable=0, memory_bytes=2000)

    most = 0
    for index, chunk in enumerate(data):
        reader.add(index, chunk)
        if commit_first or index % 10 == 9:
            reader.committed(index + 1)
        most = max(most, reader.held_bytes)
    reader.end(len(data))

    # What isn't durable is held in any case; the protocol bounds that.
    assert most <= 2000 + 10 * 100
    assert await all_of(reader) == list(enumerate(data))
    assert reader.held_bytes == 0


async def test_what_is_not_durable_is_held_though_it_is_over_the_bound() -> None:
    reader = ChunkReader(uuid4(), durable=0, memory_bytes=100)
    for index, data in enumerate(numbered(10, size=40)):
        reader.add(index, data)
    before = reader.held_bytes

    reader.committed(4)

    assert (before, reader.held_bytes) == (400, 240)


@pytest.mark.parametrize("size", [2, 3200, LOAD_BYTES // 2, LOAD_BYTES, 2 * LOAD_BYTES])
async def test_a_reader_that_fell_behind_reads_so_many_bytes_at_once(size: int) -> None:
    data = numbered(200, size) if size < 10_000 else [bytes(size)] * 5
    answer = await in_database(an_answer_of, *data)
    reader = ChunkReader(answer.pk, durable=len(data))
    reader.end(len(data))

    held = [reader.held_bytes async for _ in chunks_in(reader)]

    together = max(1, LOAD_BYTES // size)
    assert max(held) == (min(together, len(data)) - 1) * size
    assert held.count(0) == -(-len(data) // together)


async def test_chunks_of_different_sizes_are_read_up_to_the_bound() -> None:
    sizes = [10, 3201, LOAD_BYTES - 4000, 800, LOAD_BYTES * 3, 7, 1] * 2
    data = [bytes([index]) * size for index, size in enumerate(sizes)]
    answer = await in_database(an_answer_of, *data)
    reader = ChunkReader(answer.pk, durable=len(data))
    reader.end(len(data))

    held = [(reader.held_bytes, chunk) async for chunk in chunks_in(reader)]

    assert [chunk for _, chunk in held] == list(enumerate(data))
    assert max(size for size, _ in held) < LOAD_BYTES


# Sound


def a_parted_answer(*parts: tuple[str, bytes], chunk_bytes: int = 1000) -> tuple[Answer, int]:
    """Each part an encoding, empty where it is told by the first bytes, and its bytes."""
    answer = an_answer_of()
    index = 0
    for encoding, data in parts:
        AudioPart.objects.create(answer=answer, first_index=index, encoding=encoding)
        for start in range(0, len(data), chunk_bytes):
            AudioChunk.objects.create(answer=answer, index=index, data=data[start : start + chunk_bytes])
            index += 1
    return answer, index


async def pcm_of(answer: Answer, count: int) -> bytes:
    reader = ChunkReader(answer.pk, durable=count)
    reader.end(count)
    parted = PartedAudio(reader, await in_database(list, answer.parts.all()))
    async with aclosing(parted.pcm()) as blocks:
        return b"".join([block async for block in blocks])


async def test_pcm_comes_out_as_it_went_in() -> None:
    sound = tone(1)
    answer, count = await in_database(a_parted_answer, ("pcm_s16le", sound), chunk_bytes=999)

    assert await pcm_of(answer, count) == sound


async def test_each_part_is_decoded_by_itself() -> None:
    sound = tone(0.5)
    wav = encode(sound, "wav")
    answer, count = await in_database(a_parted_answer, ("wav", wav), ("", wav), ("pcm_s16le", sound))

    assert await pcm_of(answer, count) == sound * 3


async def test_a_part_that_begins_while_the_audio_is_read_is_decoded_by_itself() -> None:
    sound = tone(0.2)
    wav = encode(sound, "wav")
    answer = await in_database(an_answer_of)
    reader = ChunkReader(answer.pk, durable=0, memory_bytes=1 << 20)
    parted = PartedAudio(reader, [])
    reading = asyncio.create_task(joined(parted.pcm()))

    for index in range(2):
        parted.begin_part(AudioPart(answer=answer, first_index=index, encoding="wav"))
        reader.add(index, wav)
        await asyncio.sleep(0)
    reader.end(2)

    assert await reading == sound * 2


@pytest.mark.parametrize(
    ("encoding", "data", "problem"),
    [
        ("webm", b"\x1a\x45\xdf\xa3" + bytes(500), AudioDecodingFailed),
        ("webm", bytes(500), AudioDecodingFailed),
        ("", bytes(500), AudioFormatUnsupported),
        ("", b"fLaC" + bytes(500), AudioFormatUnsupported),
        ("pcm_s16le", b"fLaC" + bytes(500), AudioFormatUnsupported),
    ],
)
async def test_audio_that_can_not_be_read_says_so(
    encoding: str, data: bytes, problem: type[AudioError]
) -> None:
    answer, count = await in_database(a_parted_answer, (encoding, data))

    with pytest.raises(problem):
        await pcm_of(answer, count)


async def test_a_part_that_can_not_be_read_is_left_out_with_all_of_its_chunks() -> None:
    sound = tone(0.5)
    parts = [("pcm_s16le", sound), ("", b"fLaC" + bytes(20_000)), ("pcm_s16le", sound)]
    answer, count = await in_database(lambda: a_parted_answer(*parts))
    reader = ChunkReader(answer.pk, durable=count)
    reader.end(count)
    parted = PartedAudio(reader, await in_database(list, answer.parts.all()))

    heard = await joined(parted.pcm())

    assert heard == sound * 2
    assert [type(part.problem) for part in parted.parts] == [NoneType, AudioFormatUnsupported, NoneType]
    assert [(part.start_samples, part.samples) for part in parted.parts] == [
        (0, 8000),
        (8000, 0),
        (8000, 8000),
    ]


# What comes after a sample


@pytest.mark.parametrize("encoding", ["webm", "ogg", "pcm_s16le"])
async def test_of_what_is_longer_than_any_answer_the_beginning_is_heard(
    settings: Any, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """Hours of silence are some kilobytes, where they are encoded."""
    settings.ANSWER_MAX_SECONDS = 2
    monkeypatch.setattr("interviews.processing.chunks.LATE_SECONDS", 1)
    sound = encode(bytes(20 * BYTES_PER_SECOND), encoding)
    answer, count = await in_database(a_parted_answer, (encoding, sound), ("pcm_s16le", noise(1)))
    reader = ChunkReader(answer.pk, durable=count)
    reader.end(count)
    audio = PartedAudio(reader, await in_database(list, answer.parts.all()))

    heard = sum([len(block) // 2 async for block in audio.pcm()])

    # A decoder gives a second at a time.
    assert 3 * SAMPLE_RATE < heard <= 5 * SAMPLE_RATE
    assert [part.damage["code"] for part in audio.parts] == ["AUDIO_TOO_LONG"] * 2


def resampled(pcm: bytes, rate: int, channels: int = 1) -> bytes:
    """The same sound as bare PCM of another shape, interpolated, so that each of its samples differs."""
    samples = np.frombuffer(pcm, "<i2")
    times = np.arange(len(samples) * rate // SAMPLE_RATE) * SAMPLE_RATE / rate
    there = np.interp(times, np.arange(len(samples)), samples).astype("<i2")
    return there.repeat(channels).tobytes()


@dataclass
class Bare:
    """A part of bare PCM, cut into chunks of random sizes."""

    sound: bytes
    rate: int = SAMPLE_RATE
    channels: int = 1

    @property
    def format(self) -> dict[str, Any]:
        return {"encoding": "pcm_s16le", "sample_rate": self.rate, "channels": self.channels}

    @property
    def data(self) -> bytes:
        if self.rate == SAMPLE_RATE and self.channels == 1:
            return self.sound
        return resampled(self.sound, self.rate, self.channels)


@dataclass
class Contained:
    sound: bytes
    encoding: str
    declared: str = ""

    @property
    def format(self) -> dict[str, Any]:
        return {"encoding": self.declared}

    @property
    def data(self) -> bytes:
        return encode(self.sound, self.encoding)


def an_answer_with(parts: Sequence[Bare | Contained], largest: int = 9001) -> tuple[Answer, int]:
    answer, index, source = an_answer_of(), 0, random.Random(len(parts))
    for part in parts:
        AudioPart.objects.create(answer=answer, first_index=index, **part.format)
        rest = part.data
        while rest:
            size = source.randint(1 if index else 16, largest)
            AudioChunk.objects.create(answer=answer, index=index, data=rest[:size])
            rest, index = rest[size:], index + 1
    return answer, index


class Counting(ChunkReader):
    """Knows how many chunks it gave."""

    given = 0

    async def next(self) -> tuple[int, bytes] | None:
        self.given += 1
        return await super().next()


async def parted(answer: Answer, count: int) -> PartedAudio:
    reader = Counting(answer.pk, durable=count)
    reader.end(count)
    return PartedAudio(reader, await in_database(list, answer.parts.all()))


SOUND = [noise(2.3, seed) for seed in range(4)]
LAYOUTS: dict[str, list[Bare | Contained]] = {
    "PCM": [Bare(SOUND[0])],
    "PCM that ends with half a sample": [Bare(SOUND[0] + b"x")],
    "48 kHz": [Bare(SOUND[0], 48_000)],
    "44.1 kHz in stereo": [Bare(SOUND[0], 44_100, 2)],
    "8 kHz": [Bare(SOUND[0], 8000)],
    "a rate that nothing divides": [Bare(SOUND[0], 47_999)],
    "16 kHz in stereo": [Bare(SOUND[0], 16_000, 2)],
    "two rates": [Bare(SOUND[0], 44_100), Bare(SOUND[1])],
    "three rates": [Bare(SOUND[0], 22_050), Bare(SOUND[1], 48_000, 2), Bare(SOUND[2], 11_025)],
    "half a sample, then PCM": [Bare(SOUND[0] + b"x"), Bare(SOUND[1]), Bare(SOUND[2])],
    "PCM, then WebM, then PCM": [Bare(SOUND[0]), Contained(SOUND[1], "webm"), Bare(SOUND[2], 48_000)],
    "WebM, then PCM, then WebM": [
        Contained(SOUND[0], "webm", "webm"),
        Bare(SOUND[1]),
        Contained(SOUND[2], "webm"),
    ],
    "WAV, then PCM": [Contained(SOUND[0], "wav", "wav"), Bare(SOUND[1])],
    "WAV that says it was PCM": [Bare(encode(SOUND[0], "wav")), Bare(SOUND[1])],
    "a very short part between": [Bare(SOUND[0]), Bare(SOUND[1][:30], 48_000), Bare(SOUND[2])],
    "a part that is lost between": [Bare(SOUND[0]), Bare(b"fLaC" + SOUND[1]), Bare(SOUND[2], 8000)],
}


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_what_comes_after_a_sample_is_what_the_whole_has_there(layout: str) -> None:
    answer, count = await in_database(an_answer_with, LAYOUTS[layout])
    audio = await parted(answer, count)
    whole = await joined(audio.pcm())
    borders = [part.start_samples for part in audio.parts]
    source = random.Random(layout)
    anywhere = [source.randint(0, len(whole) // 2) for _ in range(6)]
    places = {0, 1, len(whole) // 2, *borders, *[border + 1 for border in borders], *anywhere}

    found = {}
    for place in sorted(places):
        audio = await parted(answer, count)
        found[place] = await joined(audio.pcm(place)), audio.samples

    assert {place for place in places if found[place][0] != whole[place * 2 :]} == set()
    assert {samples for _, samples in found.values()} == {len(whole) // 2}


@pytest.mark.parametrize("rate", [16_000, 44_100])
async def test_of_bare_pcm_only_what_is_wanted_is_read(rate: int) -> None:
    sound = noise(60)
    answer, count = await in_database(an_answer_with, [Bare(sound, rate), Bare(sound, rate)], 40_000)
    audio = await parted(answer, count)

    heard = await joined(audio.pcm(110 * SAMPLE_RATE))

    assert len(heard) == 10 * BYTES_PER_SECOND
    assert isinstance(audio.chunks, Counting)
    assert audio.chunks.given < count / 4


async def test_a_place_that_is_not_durable_yet_is_waited_for() -> None:
    """A final may be committed before the last of its audio is."""
    sound = noise(3)
    answer, count = await in_database(an_answer_with, [Bare(sound[:64_000], 16_000)])
    reader = ChunkReader(answer.pk, durable=count, memory_bytes=1 << 20)
    audio = PartedAudio(reader, await in_database(list, answer.parts.all()))
    reader.add(count, sound[64_000:])
    reader.end(count + 1)

    assert await joined(audio.pcm(40_000)) == sound[80_000:]


async def test_a_place_whose_chunk_is_gone_is_said_to_be() -> None:
    answer = await in_database(an_answer_of, *numbered(10, size=100))
    reader = ChunkReader(answer.pk, durable=10)
    unwanted = await reader.go_to(2, 555)
    place = await reader.next()
    await in_database(AudioChunk.objects.filter(index__gte=5).delete)

    with pytest.raises(ChunksGone):
        await reader.go_to(2, 555)

    assert (place, unwanted) == ((7, numbered(10, size=100)[7]), 55)


async def test_sound_in_the_middle_is_not_taken_for_a_beginning() -> None:
    """Bytes that would begin a foreign file are sound where nothing begins."""
    head = b"fLaC" + bytes(range(200))
    sound = SOUND[0][:40_000] + head + SOUND[1]
    answer, count = await in_database(an_answer_of, sound[:40_000], sound[40_000:]), 2
    await in_database(lambda: AudioPart.objects.create(answer=answer, first_index=0, **Bare(b"").format))

    audio = await parted(answer, count)

    assert await joined(audio.pcm(20_000 + WARM_UP_SAMPLES)) == sound[40_000 + 2 * WARM_UP_SAMPLES :]


async def test_no_chunks_are_no_sound() -> None:
    answer, count = await in_database(a_parted_answer)

    assert await pcm_of(answer, count) == b""


async def joined(blocks: AsyncIterator[bytes]) -> bytes:
    return b"".join([block async for block in blocks])


@pytest.mark.parametrize("samples", [0, 1, 3, 4, 5, 6, 100])
async def test_after_leaves_out_the_first_samples(samples: int) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for block in (b"0011", b"22", b"", b"334455"):
            yield block

    assert await joined(after(samples, blocks())) == b"001122334455"[samples * 2 :]

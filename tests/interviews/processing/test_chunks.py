from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import NoneType
from uuid import uuid4

import pytest

from interviews.database import in_database
from interviews.models import Answer, AudioChunk, AudioPart
from interviews.processing.chunks import BATCH, ChunkReader, ChunksGone, PartedAudio, after
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


def numbered(count: int, size: int = 4) -> list[bytes]:
    return [index.to_bytes(2, "big") * (size // 2) for index in range(count)]


async def test_it_reads_what_is_durable_from_the_rows() -> None:
    data = numbered(2 * BATCH + 3)
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
    data = numbered(BATCH + 5)
    answer = await in_database(an_answer_of, *data[:BATCH])
    reader = ChunkReader(answer.pk, durable=BATCH, memory_bytes=1000)
    reading = asyncio.create_task(all_of(reader))

    for index in range(BATCH, len(data)):
        reader.add(index, data[index])
        await asyncio.sleep(0)
    reader.end(len(data))

    assert await reading == list(enumerate(data))


async def test_where_somebody_else_has_stored_the_audio_it_says_so() -> None:
    answer = await in_database(an_answer_of, *numbered(BATCH + 1))
    reader = ChunkReader(answer.pk, durable=BATCH + 1)
    await reader.next()
    await in_database(AudioChunk.objects.all().delete)
    # One batch had been read from the rows before they went.
    for _ in range(BATCH - 1):
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


async def test_a_reader_that_fell_behind_reads_rows_in_batches() -> None:
    data = numbered(10 * BATCH)
    answer = await in_database(an_answer_of, *data)
    reader = ChunkReader(answer.pk, durable=len(data))
    reader.end(len(data))

    held = [reader.held_bytes async for _ in chunks_in(reader)]

    assert max(held) == (BATCH - 1) * 4
    assert held.count(0) == 10


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

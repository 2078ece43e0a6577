"""An answer of several recorders, devices and formats: all of each is heard, and at its own speed."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from asgiref.sync import sync_to_async

from interviews.database import in_database
from interviews.live.worker import Worker
from interviews.models import Answer, AudioChunk, AudioPart
from interviews.processing.audio_files import stored_pcm
from tests.support.clients import chunks_of
from tests.support.live import Peer, a_live_interview, candidate_of, connected, eventually
from tests.support.media import chunk, encode, riff, tone, wav, wav_format

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = tone(1)
STREAMING = 0xFFFF_FFFF


def at(rate: int, channels: int = 1) -> bytes:
    """The second of sound as bare PCM of another shape; repeated samples, so that nothing is interpolated."""
    assert rate % 16_000 == 0
    samples = np.frombuffer(SECOND, "<i2").repeat(rate // 16_000 * channels)
    return samples.astype("<i2").tobytes()


def pcm(rate: int = 16_000, channels: int = 1) -> dict[str, Any]:
    return {"encoding": "pcm_s16le", "sample_rate": rate, "channels": channels}


def wav_at(rate: int, channels: int = 1, *, size: int | None = None) -> bytes:
    fmt = chunk(b"fmt ", wav_format(1, channels, rate, 16))
    return riff(fmt, chunk(b"data", at(rate, channels), size=size), size=size)


class Part:
    """What one recorder sends: in its declared format, cut at `chunk_bytes`."""

    def __init__(self, format: dict[str, Any], data: bytes, chunk_bytes: int = 3200) -> None:
        self.format = format
        self.chunks = [data[i : i + chunk_bytes] for i in range(0, len(data), chunk_bytes)]


def of(encoding: str, data: bytes | None = None) -> Part:
    return Part({"encoding": encoding}, encode(SECOND, encoding) if data is None else data)


async def send(candidate: Peer, part: Part, first: int) -> int:
    for index, data in enumerate(part.chunks, start=first):
        candidate.frame(index, data)
    return first + len(part.chunks)


async def after_a_reconnect(worker: Worker, *parts: Part) -> tuple[Answer, list[dict[str, Any]]]:
    """Each part comes on a connection of its own, and names its format there."""
    interview, (question, *_) = await a_live_interview()
    told: list[dict[str, Any]] = []
    count = 0
    for number, part in enumerate(parts):
        async with connected(candidate_of(interview, worker)) as candidate:
            candidate.say("start_answer", question_id=question, format=part.format)
            started = await candidate.until("answer_started")
            assert started["next_chunk_index"] == count
            count = await send(candidate, part, count)
            await candidate.until("ack", next_chunk_index=count)
            if number == len(parts) - 1:
                candidate.say("end_answer", question_id=question, chunk_count=count)
                await candidate.until("answer_complete")
            told += candidate.heard
    return await settled(worker), told


async def on_one_connection(
    worker: Worker, *parts: Part, says_so: bool = False
) -> tuple[Answer, list[dict[str, Any]]]:
    """The recorder starts anew within a connection; with `says_so` the client tells."""
    interview, (question, *_) = await a_live_interview()
    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("start_answer", question_id=question, format=parts[0].format)
        count = 0
        for part in parts:
            if says_so and count:
                candidate.say("start_part", question_id=question, first_chunk_index=count, format=part.format)
            count = await send(candidate, part, count)
            await candidate.until("ack", next_chunk_index=count)
        candidate.say("end_answer", question_id=question, chunk_count=count)
        await candidate.until("answer_complete")
        heard = candidate.heard
    return await settled(worker), heard


async def settled(worker: Worker) -> Answer:
    await eventually(lambda: worker.is_idle, "the answer's file is stored")
    return await in_database(Answer.objects.get)


async def sound_of(answer: Answer) -> bytes:
    return b"".join([block async for block in stored_pcm(answer)])


async def left() -> tuple[int, int]:
    return await in_database(lambda: (AudioChunk.objects.count(), AudioPart.objects.count()))


def likeness(heard: bytes, second: int) -> float:
    """How alike one second of what was heard is to what was said in it; a container may be some ms late."""
    said = np.frombuffer(SECOND, "<i2").astype(float)[2000:14_000]
    best = 0.0
    whole = np.frombuffer(heard, "<i2").astype(float)
    for shift in range(-800, 2400, 4):
        start = second * 16_000 + 2000 + shift
        there = whole[max(0, start) : start + 12_000]
        if len(there) == len(said):
            norm = np.linalg.norm(said) * np.linalg.norm(there)
            best = max(best, float(said @ there / norm) if norm else 0.0)
    return best


SEVERAL = {
    "48 kHz PCM, then 16": (Part(pcm(48_000), at(48_000)), Part(pcm(), SECOND)),
    "16 kHz PCM, then 48 in stereo": (Part(pcm(), SECOND), Part(pcm(48_000, 2), at(48_000, 2))),
    "WebM, then PCM": (of("webm"), Part(pcm(), SECOND)),
    "PCM, then WebM": (Part(pcm(), SECOND), of("webm")),
    "WebM, then Ogg": (of("webm"), of("ogg")),
    "WebM, then WebM of another recorder": (of("webm"), of("webm")),
    "MP4, then MP4 of another recorder": (of("mp4"), of("mp4")),
    "WAV, then WAV of another rate": (of("wav", wav_at(48_000)), of("wav", wav_at(16_000))),
    "WAV, then WAV in stereo": (of("wav", wav_at(16_000)), of("wav", wav_at(16_000, 2))),
    "WAV, then WebM": (of("wav"), of("webm")),
    "a WAV without an end, then another": (of("wav", wav_at(16_000, size=STREAMING)), of("wav")),
    "an odd byte, then another format": (
        Part(pcm(), SECOND + b"\x55"),
        Part(pcm(48_000), at(48_000)),
    ),
}


@pytest.mark.parametrize("parts", SEVERAL.values(), ids=SEVERAL)
async def test_all_of_it_is_heard_whatever_comes_after_a_reconnect(
    worker: Worker, parts: tuple[Part, ...]
) -> None:
    answer, told = await after_a_reconnect(worker, *parts)

    heard = await sound_of(answer)
    assert len(heard) // 2 == pytest.approx(len(parts) * 16_000, abs=2 * 1600)
    assert min(likeness(heard, second) for second in range(len(parts))) > 0.9
    assert (answer.damage, await left()) == ([], (0, 0))
    assert [message for message in told if message["type"] in {"error", "warning"}] == []


BY_THEMSELVES = {name: parts for name, parts in SEVERAL.items() if "PCM" not in name and "odd" not in name}


@pytest.mark.parametrize("parts", BY_THEMSELVES.values(), ids=BY_THEMSELVES)
async def test_a_recorder_that_starts_anew_within_a_connection_is_noticed(
    worker: Worker, parts: tuple[Part, ...]
) -> None:
    answer, told = await on_one_connection(worker, *parts)

    heard = await sound_of(answer)
    assert len(heard) // 2 == pytest.approx(len(parts) * 16_000, abs=2 * 1600)
    assert min(likeness(heard, second) for second in range(len(parts))) > 0.9
    assert (answer.damage, await left()) == ([], (0, 0))
    assert [message for message in told if message["type"] in {"error", "warning"}] == []


@pytest.mark.parametrize("parts", SEVERAL.values(), ids=SEVERAL)
async def test_a_client_may_say_that_its_recorder_starts_anew(
    worker: Worker, parts: tuple[Part, ...]
) -> None:
    answer, _ = await on_one_connection(worker, *parts, says_so=True)

    heard = await sound_of(answer)
    assert len(heard) // 2 == pytest.approx(len(parts) * 16_000, abs=2 * 1600)
    assert min(likeness(heard, second) for second in range(len(parts))) > 0.9


async def test_an_odd_byte_before_a_restart_that_is_told_shifts_nothing(worker: Worker) -> None:
    parts = Part(pcm(), SECOND + b"\x55"), Part(pcm(), SECOND)

    answer, _ = await on_one_connection(worker, *parts, says_so=True)

    assert await sound_of(answer) == SECOND * 2
    assert (answer.damage, await left()) == ([], (0, 0))


async def test_the_header_of_a_second_wav_is_not_heard(worker: Worker) -> None:
    parts = of("wav", wav_at(16_000, size=STREAMING)), of("wav", wav_at(16_000, size=STREAMING))

    answer, _ = await on_one_connection(worker, *parts)

    assert await sound_of(answer) == SECOND * 2


async def test_whole_wavs_of_a_chunk_each_are_one_part(worker: Worker) -> None:
    pieces = [wav(piece) for piece in chunks_of(SECOND)]
    part = of("wav")
    part.chunks = pieces

    interview, (question, *_) = await a_live_interview()
    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("start_answer", question_id=question, format=part.format)
        await send(candidate, part, 0)
        await candidate.until("ack", next_chunk_index=len(pieces))
        parts = await in_database(AudioPart.objects.count)
        candidate.say("end_answer", question_id=question, chunk_count=len(pieces))
        await candidate.until("answer_complete")

    assert parts == 1
    assert await sound_of(await settled(worker)) == SECOND


async def test_a_page_of_an_ogg_that_goes_on_after_a_reconnect_begins_nothing(worker: Worker) -> None:
    ogg = encode(tone(2), "ogg")
    pages = [b"OggS" + page for page in ogg.split(b"OggS")[1:]]
    before, after = of("ogg"), of("ogg")
    before.chunks, after.chunks = pages[:8], pages[8:]

    answer, _ = await after_a_reconnect(worker, before, after)

    assert len(await sound_of(answer)) // 2 == pytest.approx(32_000, abs=1600)
    assert answer.damage == []


async def test_sound_that_looks_like_a_beginning_is_sound(worker: Worker) -> None:
    looks_like_it = encode(SECOND, "webm")[:3200]
    parts = Part(pcm(), SECOND), Part(pcm(), looks_like_it), Part(pcm(), SECOND)

    answer, _ = await on_one_connection(worker, *parts)

    assert await sound_of(answer) == SECOND + looks_like_it + SECOND


# What can't be used


GARBAGE = of("webm", b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 20)


async def test_a_part_that_can_not_be_used_loses_only_itself(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer, told = await after_a_reconnect(
            worker, Part(pcm(), SECOND), GARBAGE, Part(pcm(48_000), at(48_000))
        )

    heard = await sound_of(answer)
    assert answer.status == Answer.Status.COMPLETE
    assert len(heard) // 2 == pytest.approx(32_000, abs=16)
    assert min(likeness(heard, second) for second in range(2)) > 0.99
    assert "AUDIO_PART_LOST" in [m["code"] for m in told if m["type"] == "warning"]
    assert [(d["at_ms"], d["code"]) for d in answer.damage] == [(1000, "AUDIO_DECODING_FAILED")]


async def test_what_the_file_lacks_is_kept_and_told(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    """A hole in a container is no error to its decoder, only less sound."""
    data = encode(tone(4), "webm")
    holed = of("webm", data[:9600] + data[16_000:])

    with caplog.at_level(logging.ERROR, "interviews"):
        answer, _ = await on_one_connection(worker, holed)

    assert await left() == (len(holed.chunks), 1)
    assert len(answer.damage) == 1
    assert answer.audio
    assert str(answer.pk) in caplog.text


async def test_a_part_that_began_with_a_chunk_that_was_never_stored_did_not_begin(worker: Worker) -> None:
    interview, (question, *_) = await a_live_interview()
    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("start_answer", question_id=question, format=pcm())
        await candidate.until("answer_started")
        candidate.frames(chunks_of(SECOND))
        await candidate.until("ack", next_chunk_index=10)
    answer = await in_database(Answer.objects.get)
    await sync_to_async(AudioPart.objects.create)(
        answer=answer, first_index=10, encoding="pcm_s16le", sample_rate=48_000
    )

    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("start_answer", question_id=question, format=pcm())
        await candidate.until("answer_started")
        candidate.frames(chunks_of(SECOND * 2), first=10)
        candidate.say("end_answer", question_id=question, chunk_count=20)
        await candidate.until("answer_complete")

    assert await sound_of(await settled(worker)) == SECOND * 2


async def test_a_recorder_may_not_start_anew_for_ever(worker: Worker, settings: Any) -> None:
    settings.ANSWER_MAX_PARTS = 3
    interview, (question, *_) = await a_live_interview()
    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("start_answer", question_id=question, format={"encoding": "webm"})
        count = 0
        for _ in range(3):
            count = await send(candidate, of("webm"), count)
        candidate.frame(count, of("webm").chunks[0])
        refusal = await candidate.until("error")
        candidate.say("end_answer", question_id=question, chunk_count=count)
        await candidate.until("answer_complete")

    assert (refusal["code"], refusal["next_chunk_index"]) == ("AUDIO_TOO_LONG", count)
    assert len(await sound_of(await settled(worker))) // 2 == pytest.approx(48_000, abs=4800)

"""An answer that goes on after a reconnect: words first, and in the end what an undisturbed one has."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import pytest

from interviews.database import in_database
from interviews.live.worker import Worker
from interviews.models import Answer, AudioChunk
from interviews.processing.settling import settle
from interviews.services.changes import Change
from interviews.wire.messages import VoiceMetricsMessage
from interviews.wire.messages.parts import MeasuresSoFar
from speech.audio import AudioFormat
from speech.events import SAMPLE_RATE
from tests.interviews.live.recordings import PCM, begun, broken_off, ended, store
from tests.support.answers import QUIET, babble, segments_in, text_of
from tests.support.clients import chunks_of
from tests.support.live import a_live_interview, eventually, the_answer
from tests.support.media import encode

pytestmark = pytest.mark.django_db(transaction=True)

WEBM = AudioFormat("webm")
PCM_48 = AudioFormat("pcm_s16le", 48_000)
# By so much a decoder may be behind what it was given.
BEHIND_MS = 600


@dataclass
class Sent:
    """What a candidate sends: chunks, and which of them begin a part. `said_ms` is about where each ends."""

    chunks: list[bytes]
    parts: dict[int, AudioFormat]
    said_ms: list[float]


def sent(*parts: tuple[AudioFormat, bytes, int], sizes: Sequence[int] = (3200,)) -> Sent:
    """Each part, of so many ms, cut into chunks of these sizes, in turns of chance."""
    what = Sent([], {}, [])
    source = random.Random(1)
    begins_ms = 0
    for audio, data, duration_ms in parts:
        what.parts[len(what.chunks)] = audio
        start = 0
        while start < len(data):
            what.chunks.append(data[start : start + source.choice(sizes)])
            start += len(what.chunks[-1])
            what.said_ms.append(begins_ms + duration_ms * start / len(data))
        begins_ms += duration_ms
    return what


def spaced(segments: int, seed: int) -> bytes:
    """1.5 s between segments: what a filter smears over their edges leaves half a second quiet."""
    return b"".join(babble(1, seed=100 * seed + number) + QUIET * 2 for number in range(segments))


def pcm(segments: int, seed: int = 1) -> tuple[AudioFormat, bytes, int]:
    return PCM, babble(segments, seed=seed), 2000 * segments


def pcm_48(segments: int, seed: int = 1, size: int | None = None) -> tuple[AudioFormat, bytes, int]:
    data = at_48_khz(spaced(segments, seed))[:size]
    return PCM_48, data, len(data) // 96


def webm(segments: int, seed: int = 1) -> tuple[AudioFormat, bytes, int]:
    return WEBM, encode(spaced(segments, seed), "webm"), 3000 * segments


def at_48_khz(pcm: bytes) -> bytes:
    """Interpolated, so that no two samples are alike."""
    samples = np.frombuffer(pcm, "<i2")
    times = np.arange(3 * len(samples)) / 3
    return np.interp(times, np.arange(len(samples)), samples).astype("<i2").tobytes()


async def what_came(answer: Answer) -> dict[str, Any]:
    """All that its rows say of it, but for who made them and when."""
    await settle(await the_answer(pk=answer.pk))
    kept = await the_answer(pk=answer.pk)
    fields = "index", "text", "start_ms", "end_ms", "confidence", "words", "resume"
    segments = await in_database(lambda: list(kept.segments.values_list(*fields)))
    whole = ("text", "confidence", "duration_ms", "voice_metrics", "damage", "status", "recogniser")
    return {"segments": segments, **{name: getattr(kept, name) for name in whole}}


async def undisturbed(worker: Worker, what: Sent) -> dict[str, Any]:
    interview, _ = await a_live_interview()
    recording, _ = await begun(interview, worker)
    await ended(recording, what.chunks, parts=what.parts)
    return await what_came(recording.answer)


async def disturbed(worker: Worker, what: Sent, expected: dict[str, Any], *breaks: int) -> dict[str, Any]:
    """The connection is lost when so many chunks are durable, and heard."""
    interview, _ = await a_live_interview()
    first = 0
    for stop in breaks:
        recording, heard = await begun(interview, worker)
        known = await in_database(recording.answer.segments.count)
        said = finals_by(expected, what.said_ms[stop - 1] - BEHIND_MS)
        await broken_off(recording, heard, what.chunks[:stop], first, what.parts, finals=said - known)
        first = stop
    recording, _ = await begun(interview, worker)
    await ended(recording, what.chunks, first, what.parts)
    return await what_came(recording.answer)


def finals_by(expected: dict[str, Any], said_ms: float) -> int:
    ends = [resume["offset_samples"] * 1000 / SAMPLE_RATE for *_, resume in expected["segments"]]
    return sum(1 for end_ms in ends if end_ms <= said_ms)


ODD = (1, 7, 3199, 3201, 5000)
ANSWERS = {
    "PCM": sent(pcm(6)),
    "PCM in odd pieces": sent(pcm(6), sizes=ODD),
    "48 kHz in odd pieces": sent(pcm_48(6), sizes=(9000, *ODD)),
    "48 kHz, then 16 kHz": sent(pcm_48(3), pcm(3, seed=2)),
    "16 kHz, then 48 kHz": sent(pcm(3), pcm_48(3, seed=2)),
    "48 kHz that ends anywhere": sent(pcm_48(3, size=850_001), (PCM, spaced(3, 2), 9000), sizes=(9000, *ODD)),
    "WebM": sent(webm(6), sizes=(2000, 3000)),
    "PCM, then WebM, then PCM": sent(pcm(2), webm(2, seed=2), pcm(2, seed=3)),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_has_what_it_has_undisturbed(worker: Worker, name: str) -> None:
    what = ANSWERS[name]
    count = len(what.chunks)
    # Before anything is final, in each third, and at the very end of each part.
    places = {count // 20, count // 3, 2 * count // 3, count - 1, count, *what.parts} - {0}
    expected = await undisturbed(worker, what)

    assert expected["voice_metrics"]
    assert len(expected["segments"]) >= 5
    assert await disturbed(worker, what, expected, *sorted(places)) == expected


async def test_a_final_at_the_end_of_a_part_is_gone_on_from_in_the_next(worker: Worker) -> None:
    """Its last quiet half second ends a segment: where recognition goes on is where the parts meet."""
    what = sent(pcm(2), pcm_48(2, seed=2))
    border = [*what.parts][1]
    expected = await undisturbed(worker, what)

    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    await broken_off(recording, heard, what.chunks[:border], parts=what.parts, finals=2)
    recording, _ = await begun(interview, worker)
    await ended(recording, what.chunks, border, what.parts)

    assert expected["segments"][1][-1]["offset_samples"] == len(babble(2)) // 2
    assert await what_came(recording.answer) == expected


# Words first


# The meter is asked to wait for so long before it counts as lost.
PATIENCE_SECONDS = 10


@asynccontextmanager
async def meters_standing_still() -> AsyncIterator[None]:
    """The processes that let others go first, of which there must be some: an answer's meter."""
    stopped: list[psutil.Process] = []

    def stop() -> bool:
        children = psutil.Process().children(recursive=True)
        stopped.extend(child for child in children if child.nice() > 0)
        return bool(stopped)

    await eventually(stop, "a meter runs")
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()


async def test_words_do_not_wait_for_the_meter_and_the_end_hardly(worker: Worker) -> None:
    what = sent(pcm(60))
    stop = len(what.chunks) - 50
    expected = await undisturbed(worker, what)
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    await broken_off(recording, heard, what.chunks[:stop], finals=50)

    recording, heard = await begun(interview, worker)
    running = asyncio.create_task(recording.run())
    async with asyncio.timeout(PATIENCE_SECONDS - 2), meters_standing_still():
        await store(recording, what.chunks, stop)
        await eventually(lambda: heard.finals, "a word")
        recording.finish(len(what.chunks))
        change = await running
    complete = await the_answer(pk=recording.answer.pk)

    assert (complete.status, complete.text) == (Answer.Status.COMPLETE, expected["text"])
    assert complete.voice_metrics is None
    assert [m for m in change.messages if isinstance(m, VoiceMetricsMessage)] == []
    told: list[Change] = []
    await settle(complete, told.append)
    assert await what_came(complete) == expected
    assert [(type(m), change.shares_metrics) for change in told for m in change.messages] == [
        (VoiceMetricsMessage, True)
    ]


async def test_measures_are_shown_again_once_they_are_those_of_all(worker: Worker) -> None:
    chunks = chunks_of(babble(12))
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    await broken_off(recording, heard, chunks[:200], finals=9)
    recording, heard = await begun(interview, worker)
    running = asyncio.create_task(recording.run())

    await store(recording, chunks, 200)
    await eventually(lambda: any(isinstance(m, VoiceMetricsMessage) for m in heard.told), "measures")
    recording.finish(len(chunks))
    await running

    shown = next(m for m in heard.told if isinstance(m, VoiceMetricsMessage))
    assert isinstance(shown.so_far, MeasuresSoFar)
    assert shown.so_far.measures["duration_s"].value == pytest.approx(24, abs=1)


async def test_what_the_meter_can_not_read_again_costs_no_word(worker: Worker) -> None:
    chunks = chunks_of(pcm := babble(6))
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    await broken_off(recording, heard, chunks[:100], finals=4)
    recording, heard = await begun(interview, worker)
    running = asyncio.create_task(recording.run())
    await store(recording, chunks, 100)
    await eventually(lambda: heard.finals[-1:] == segments_in(pcm)[-1:], "all is final")

    await in_database(AudioChunk.objects.filter(index__lt=50).delete)
    recording.finish(len(chunks))
    await running

    kept = await the_answer(pk=recording.answer.pk)
    assert (kept.status, kept.text, kept.voice_metrics) == (Answer.Status.COMPLETE, text_of(pcm), None)


async def test_what_is_not_to_be_measured_is_not_afterwards_either(worker: Worker) -> None:
    chunks = chunks_of(babble(3))
    interview, _ = await a_live_interview(metrics_sharing="off")
    recording, heard = await begun(interview, worker)
    await broken_off(recording, heard, chunks[:40], finals=1)
    recording, _ = await begun(interview, worker)

    await ended(recording, chunks, 40)

    kept = await what_came(recording.answer)
    assert (kept["voice_metrics"], len(kept["segments"])) == (None, len(segments_in(babble(3))))

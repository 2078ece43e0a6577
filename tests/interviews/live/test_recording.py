from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import to_builtins

from interviews.database import in_database
from interviews.errors import StaleEpoch
from interviews.live.worker import Worker
from interviews.models import Answer, AudioPart
from interviews.wire.events import Part, Store
from interviews.wire.messages import AnswerComplete, VoiceMetricsMessage
from interviews.wire.messages.parts import MeasuresSoFar
from speech.metrics.catalogue import NAMES
from tests.interviews.live.recordings import PCM, WAV, begun, broken_off, ended, store
from tests.support.answers import SCRIPTED, babble, segments_in, text_of
from tests.support.clients import chunks_of
from tests.support.live import a_live_interview, eventually, the_answer
from tests.support.media import encode

pytestmark = pytest.mark.django_db(transaction=True)


async def test_it_acknowledges_in_order_and_ends_with_the_change(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    pcm = babble(2)

    change = await ended(recording, chunks_of(pcm))

    assert heard.acked == list(range(1, 41))
    assert heard.finals == segments_in(pcm)
    assert [type(m) for m in change.messages if isinstance(m, AnswerComplete)] == [AnswerComplete]
    assert change.answer == recording.answer
    assert not recording.has_failed


async def test_what_is_told_is_published_with_the_revision_that_it_builds_on(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)

    change = await ended(recording, chunks_of(babble(2)))

    assert [message for each in heard.published for message in each.messages] == heard.told
    revisions = [each.revision for each in heard.published]
    assert revisions == sorted(revisions)
    # Two finals and the end of the audio, and maybe what was said before any of them.
    assert set(revisions) - {change.revision - 4} == set(range(change.revision - 3, change.revision))


async def test_the_end_waits_until_everything_is_durable_and_said(worker: Worker, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 0.1}}}
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    pcm = babble(2)

    await ended(recording, chunks_of(pcm))

    kept = await the_answer()
    assert (kept.status, kept.text) == (Answer.Status.COMPLETE, text_of(pcm))
    assert heard.acked[-1] == 40


async def test_after_a_reconnect_only_what_was_not_final_is_recognised_again(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    chunks = chunks_of(pcm := babble(3))
    first, heard = await begun(interview, worker)
    running = asyncio.create_task(first.run())
    # A segment, and half of the next one.
    await store(first, chunks[:30])
    await eventually(lambda: len(heard.finals) == 1 and heard.acked[-1:] == [30], "a segment is final")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    second, heard_again = await begun(interview, worker)
    await ended(second, chunks, 30)

    assert heard.finals + heard_again.finals == segments_in(pcm)
    assert (await the_answer()).text == text_of(pcm)
    assert (await the_answer()).duration_ms == 6000
    assert heard_again.states == ["catching_up", "live"]


async def parts() -> list[tuple[int, str]]:
    return await in_database(lambda: list(AudioPart.objects.values_list("first_index", "encoding")))


async def test_a_container_goes_on_over_a_reconnect(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(2)
    chunks = chunks_of(encode(pcm, "wav"))
    first, heard = await begun(interview, worker)
    await broken_off(first, heard, chunks[:11], parts={0: WAV})

    second, _ = await begun(interview, worker)
    await ended(second, chunks, 11)

    assert await parts() == [(0, "wav")]
    assert (await the_answer()).text == text_of(pcm)


async def test_a_new_container_after_a_reload_is_a_part_of_its_own(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(1)
    chunks = chunks_of(encode(pcm, "wav"))
    first, heard = await begun(interview, worker)
    await broken_off(first, heard, chunks, parts={0: WAV})

    second, _ = await begun(interview, worker)
    await ended(second, [*chunks, *chunks], len(chunks), {len(chunks): WAV})

    assert await parts() == [(0, "wav"), (len(chunks), "wav")]
    assert (await the_answer()).text == text_of(pcm + pcm)


async def test_chunks_whose_connection_was_replaced_end_it(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    interview, _ = await a_live_interview()
    older, heard = await begun(interview, worker)
    chunks = chunks_of(babble(1))
    running = asyncio.create_task(older.run())
    await store(older, chunks[:5])
    await eventually(lambda: heard.acked[-1:] == [5], "the first are durable")
    newer, _ = await begun(interview, worker)

    await store(older, chunks, 5)
    with pytest.raises(StaleEpoch):
        await running
    await ended(newer, chunks, 5)

    assert (await the_answer()).text == text_of(babble(1))
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_the_end_of_one_that_was_replaced_is_not_the_answer_s_end(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    older, heard = await begun(interview, worker)
    chunks = chunks_of(babble(1))
    running = asyncio.create_task(older.run())
    await store(older, chunks)
    await eventually(lambda: heard.acked[-1:] == [len(chunks)], "all is durable")
    await begun(interview, worker)

    older.finish(len(chunks))
    with pytest.raises(StaleEpoch):
        await running

    assert (await the_answer()).status == Answer.Status.RECORDING


async def test_memory_stays_flat_over_a_long_answer(worker: Worker, settings: Any) -> None:
    settings.AUDIO_BACKLOG_BYTES = 64_000
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    running = asyncio.create_task(recording.run())
    chunks = chunks_of(babble(40))

    most = 0
    for index, data in enumerate(chunks):
        await recording.store(Store(index, data, Part(PCM) if index == 0 else None))
        # What isn't durable is bounded by the protocol.
        if index % 10 == 9:
            await eventually(lambda: heard.acked[-1:] == [index + 1], "it is durable")  # noqa: B023
        most = max(most, recording.held_bytes)
    recording.finish(len(chunks))
    await running

    assert 0 < most <= 64_000 + 10 * 3200
    assert (recording.held_bytes, recording.unacknowledged) == (0, 0)
    assert (await the_answer()).text == text_of(babble(40))


async def test_a_recogniser_that_dies_is_replaced_without_a_lost_word(worker: Worker, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 3000}}}
    interview, _ = await a_live_interview()
    recording, heard = await begun(interview, worker)
    pcm = babble(3)

    await ended(recording, chunks_of(pcm))

    assert (await the_answer()).text == text_of(pcm)
    assert (heard.states[0], heard.states[1]) == ("live", "catching_up")
    assert (heard.states[-1], heard.recognisers[-1]) == ("live", "scripted-1")


# Measures


async def measured(worker: Worker, sharing: str) -> tuple[Answer, list[VoiceMetricsMessage], list[Any]]:
    """The answer, the live measures that its candidate was told, and those that were published."""
    interview, _ = await a_live_interview(metrics_sharing=sharing)
    recording, heard = await begun(interview, worker)
    running = asyncio.create_task(recording.run())
    chunks = chunks_of(babble(4))
    await store(recording, chunks[:-1])
    if sharing != "off":
        await eventually(lambda: any(isinstance(m, VoiceMetricsMessage) for m in heard.told), "live measures")
    await recording.store(Store(len(chunks) - 1, chunks[-1]))
    recording.finish(len(chunks))
    await running
    told = [m for m in heard.told if isinstance(m, VoiceMetricsMessage)]
    published = [
        m for change in heard.published for m in change.messages if isinstance(m, VoiceMetricsMessage)
    ]
    return await the_answer(pk=recording.answer.pk), told, published


@pytest.mark.parametrize("sharing", ["shared", "candidate"])
async def test_measures_are_live_while_somebody_speaks_and_kept_in_the_end(
    worker: Worker, sharing: str
) -> None:
    answer, told, published = await measured(worker, sharing)

    assert answer.voice_metrics
    duration = answer.voice_metrics["measures"]["duration_s"]
    assert (duration["value"], duration["unit"], duration["status"]) == (8.0, "s", "ok")
    assert (told[0].real_time, told[0].window) == (True, "last_10_s")
    assert isinstance(so_far := told[0].so_far, MeasuresSoFar)
    assert set(to_builtins(so_far)) == {
        "intonation_score",
        "fluency_score",
        "confidence_score",
        "speaking_rate_wpm",
        "measures",
    }
    assert set(so_far.measures) == set(NAMES) - {"pitch_contour"}
    assert len(published) == (len(told) if sharing == "shared" else 0)


async def test_what_is_not_to_be_measured_is_not(worker: Worker) -> None:
    answer, told, published = await measured(worker, "off")

    assert (answer.voice_metrics, told, published) == (None, [], [])
    assert answer.confidence is not None


async def test_measures_are_those_of_the_whole_answer_after_a_take_over(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    chunks = chunks_of(babble(4))
    recording, heard = await begun(interview, worker)
    await broken_off(recording, heard, chunks[:50])
    second, _ = await begun(interview, worker)
    await ended(second, chunks, 50)
    resumed = await the_answer(pk=second.answer.pk)

    undisturbed, _, _ = await measured(worker, "shared")

    assert resumed.voice_metrics == undisturbed.voice_metrics

from __future__ import annotations

import asyncio
import time

import pytest

from speech.backends.base import BaseBackend
from speech.backends.scripted import MAX_WORDS, QUIET_PEAK, ScriptedBackend
from speech.events import BYTES_PER_SECOND, Ended, Event, Final, Interim, Resume, SpeechEnded, SpeechStarted
from speech.exceptions import CapacityExceeded, SpeechError
from tests.speech.contract import BackendContract, collect, feed, finals, recognise, running
from tests.support.voices import SPEECH, babble, silence


async def text(pcm: bytes) -> str:
    return " / ".join(final.text for final in finals(await recognise(ScriptedBackend(), pcm)))


@pytest.fixture(scope="module")
def backend() -> BaseBackend:
    return ScriptedBackend()


@pytest.fixture(scope="module")
def audio() -> bytes:
    return SPEECH


class TestScripted(BackendContract):
    pass


async def test_each_half_second_is_a_word_and_a_quiet_one_ends_the_segment() -> None:
    events = await recognise(ScriptedBackend(), babble(1) + silence(0.5))

    kinds = [type(event) for event in events]
    assert kinds == [SpeechStarted, Interim, Interim, Final, SpeechEnded, Ended]
    final = finals(events)[0]
    assert [(word.start_ms, word.end_ms) for word in final.words] == [(0, 500), (500, 1000)]
    assert final.resume == Resume(offset_samples=24_000)


async def test_a_last_piece_shorter_than_half_a_second_is_a_word() -> None:
    events = await recognise(ScriptedBackend(), babble(0.7))

    assert [(word.start_ms, word.end_ms) for word in finals(events)[0].words] == [(0, 500), (500, 700)]


async def test_the_words_are_the_same_each_time() -> None:
    assert await text(SPEECH) == await text(SPEECH)


@pytest.mark.parametrize("index", [0, 17, 20_000, 47_999])
async def test_a_lost_a_doubled_or_a_swapped_sample_changes_the_text(index: int) -> None:
    pcm = babble(3)
    at = index * 2
    sample, following = pcm[at : at + 2], pcm[at + 2 : at + 4]
    heard = await text(pcm)

    assert await text(pcm[:at] + pcm[at + 2 :]) != heard
    assert await text(pcm[:at] + sample + pcm[at:]) != heard
    if following:
        assert await text(pcm[:at] + following + sample + pcm[at + 4 :]) != heard


async def test_quiet_is_anything_below_a_threshold() -> None:
    hum = (QUIET_PEAK - 1).to_bytes(2, "little") * 8000
    buzz = (-QUIET_PEAK).to_bytes(2, "little", signed=True) * 8000

    assert await recognise(ScriptedBackend(), hum) == [Ended(500)]
    assert len(finals(await recognise(ScriptedBackend(), buzz))) == 1


async def test_speech_without_a_pause_is_cut() -> None:
    events = await recognise(ScriptedBackend(), babble(20))

    assert [len(final.words) for final in finals(events)] == [MAX_WORDS, 40 - MAX_WORDS]


async def test_it_fails_when_told_to() -> None:
    backend = ScriptedBackend(fail_after_ms=1500)

    async with running(backend) as recognition:
        with pytest.raises(SpeechError) as failure:
            await feed(recognition, SPEECH)
        with pytest.raises(SpeechError):
            await collect(recognition)

    assert not failure.value.permanent


async def test_what_was_said_before_the_failure_is_heard() -> None:
    heard: list[Event] = []

    async with running(ScriptedBackend(fail_after_ms=4000)) as recognition:
        await recognition.push(SPEECH[: BYTES_PER_SECOND * 4])
        with pytest.raises(SpeechError):
            await recognition.push(SPEECH[BYTES_PER_SECOND * 4 :])
        with pytest.raises(SpeechError):
            async for event in recognition:
                heard.append(event)

    assert len(finals(heard)) == 1


async def test_capacity_is_given_back_on_closing() -> None:
    backend = ScriptedBackend(capacity=1)

    async with running(backend):
        with pytest.raises(CapacityExceeded):
            await backend.start(language="en-US", resume=Resume())

    async with running(backend):
        pass


async def test_a_slow_one_takes_its_time() -> None:
    began = time.monotonic()

    await recognise(ScriptedBackend(seconds_per_second=0.1), babble(1))

    assert time.monotonic() - began >= 0.1


async def test_pushing_waits_while_nobody_takes_the_events() -> None:
    async with running(ScriptedBackend()) as recognition:
        pushing = asyncio.create_task(feed(recognition, babble(700)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pushing), 1)

        events = await collect(recognition)
        await pushing

    assert events[-1] == Ended(700_000)

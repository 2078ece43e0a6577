from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from speech.events import Word
from speech.metrics import VoiceAnalyser, WordSource, unavailable
from speech.voice import VoiceMeter, open_meter, word_source
from tests.support import sounds

SPOKEN = sounds.pcm(sounds.answer(0.5, 0.8))
WORDS = [Word("company", start, start + 300, 0.5) for start in range(1000, 11_000, 400)]


@pytest.fixture
def source() -> WordSource:
    return word_source(language="en-US")


@pytest_asyncio.fixture
async def meter(source: WordSource) -> AsyncIterator[VoiceMeter]:
    meter = await open_meter(source, patience_seconds=20)
    yield meter
    await meter.aclose()


async def test_a_meter_measures_what_an_analyser_does(meter: VoiceMeter, source: WordSource) -> None:
    analyser = VoiceAnalyser(source)
    analyser.add_pcm(SPOKEN)
    analyser.add_words(WORDS)

    await meter.push(SPOKEN[:12_345])
    meter.add_words(WORDS[:3])
    await meter.live()
    await meter.push(SPOKEN[12_345:])
    meter.add_words(WORDS[3:])

    assert await meter.live() == analyser.live()
    assert await meter.final() == analyser.final()


async def test_pushing_and_asking_at_once_mixes_nothing_up(meter: VoiceMeter) -> None:
    async def ask() -> None:
        for _ in range(5):
            live = await meter.live()
            assert live.answer.readings["duration_s"].value is not None

    async def push() -> None:
        for start in range(0, len(SPOKEN), 3200):
            await meter.push(SPOKEN[start : start + 3200])

    await asyncio.gather(push(), ask(), ask())

    assert sounds.value(await meter.final(), "duration_s") == pytest.approx(len(SPOKEN) / 32_000, abs=0.01)


async def test_a_meter_whose_process_is_killed_is_unavailable_and_fails_nobody(
    meter: VoiceMeter, caplog: pytest.LogCaptureFixture
) -> None:
    await meter.push(SPOKEN)
    assert meter.pid is not None
    os.kill(meter.pid, signal.SIGKILL)

    live = await meter.live()
    await meter.push(SPOKEN)
    meter.add_words(WORDS)

    assert live.answer == live.window == await meter.final() == unavailable()
    assert meter.is_lost
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_meter_whose_process_hangs_is_given_up(source: WordSource) -> None:
    meter = await open_meter(source, patience_seconds=0.3)
    assert meter.pid is not None
    os.kill(meter.pid, signal.SIGSTOP)

    for _ in range(4):
        await meter.push(SPOKEN)
    final = await meter.final()
    await meter.aclose()

    assert final == unavailable()


async def test_closing_ends_the_process_whatever_it_does(source: WordSource) -> None:
    meter = await open_meter(source)
    pid = meter.pid
    assert pid is not None
    await meter.push(SPOKEN)

    await meter.aclose()
    await meter.aclose()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_an_hours_words_are_taken_at_once(meter: VoiceMeter) -> None:
    meter.add_words(Word("company", start, start + 300, 0.5) for start in range(0, 3_600_000, 360))

    assert sounds.value(await meter.final(), "speaking_rate_wpm") == pytest.approx(60_000 / 360, rel=0.001)


def test_the_default_recogniser_has_a_dictionary_in_english_alone(source: WordSource) -> None:
    assert source.reports_confidence and not source.reports_fillers
    assert source.pronunciations is not None and source.pronunciations.endswith("cmudict-en-us.dict")
    assert word_source(language="de-DE").pronunciations is None
    assert word_source(language="en-US", backend="scripted").pronunciations is None

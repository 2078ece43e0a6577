from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from speech import Ended, Event, Final, Interim, SpeechStream, open_stream, transcribe
from speech.exceptions import AudioError, CapacityExceeded, SpeechError
from speech.metrics import VoiceAnalyser
from speech.voice import word_source
from tests.support.footprint import nothing_left_behind
from tests.support.voices import SPEECH, STABLE_SENTENCES, read_pcm, speak


@pytest.fixture(autouse=True)
def backends(settings: Settings, tmp_path: Path) -> None:
    scripted = "speech.backends.scripted.ScriptedBackend"
    settings.SPEECH_BACKENDS = {
        "default": {"BACKEND": scripted},
        "single": {"BACKEND": scripted, "OPTIONS": {"capacity": 1}},
        "failing": {"BACKEND": scripted, "OPTIONS": {"fail_after_ms": 4000}},
        "pocketsphinx": {
            "BACKEND": "speech.backends.pocketsphinx.PocketSphinxBackend",
            "OPTIONS": {"slots_directory": tmp_path / "slots"},
        },
    }


async def collect(stream: SpeechStream, *chunks: bytes) -> list[Event]:
    for chunk in chunks:
        await stream.push(chunk)
    await stream.end_input()
    return [event async for event in stream]


async def test_what_is_pushed_comes_back_as_events() -> None:
    async with open_stream() as stream:
        events = await collect(stream, SPEECH)

    assert [type(event) for event in events].count(Final) == 4
    assert events[-1] == Ended(len(SPEECH) // 32)


async def test_a_sample_may_be_cut_in_two() -> None:
    async with open_stream() as stream:
        whole = await collect(stream, SPEECH)
    async with open_stream() as stream:
        cut = await collect(stream, SPEECH[:1], SPEECH[1:4], SPEECH[4:20_001], SPEECH[20_001:])

    assert cut == whole


async def test_half_a_sample_at_the_end_is_dropped() -> None:
    async with open_stream() as stream:
        assert await collect(stream, SPEECH[:16_001]) == await events_of(SPEECH[:16_000])


async def events_of(pcm: bytes) -> list[Event]:
    async with open_stream() as stream:
        return await collect(stream, pcm)


async def test_a_stream_resumes_after_a_final() -> None:
    events = await events_of(SPEECH)
    final = next(event for event in events if isinstance(event, Final))

    async with open_stream(resume=final.resume) as stream:
        rest = await collect(stream, SPEECH[final.resume.offset_samples * 2 :])

    assert rest == events[events.index(final) + 2 :]


async def test_nothing_begins_before_the_stream_is_entered() -> None:
    open_stream(backend="single")
    async with open_stream(backend="single"):
        late = open_stream(backend="single")
        with pytest.raises(CapacityExceeded):
            await late.__aenter__()


async def test_an_unknown_alias_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ImproperlyConfigured):
        async with open_stream(backend="nobody"):
            pass


async def test_the_stream_names_its_recogniser() -> None:
    async with open_stream() as stream:
        assert stream.recogniser == "scripted-1"


async def test_closing_is_possible_at_any_time_and_again() -> None:
    stream = open_stream()
    await stream.aclose()
    async with stream:
        await stream.aclose()
    await stream.aclose()

    with pytest.raises(SpeechError):
        await stream.push(SPEECH[:32])


async def test_transcribe_gives_text_segments_and_measures() -> None:
    finals = [event for event in await events_of(SPEECH) if isinstance(event, Final)]

    transcript = await transcribe(SPEECH)

    assert transcript.segments == tuple(finals)
    assert transcript.text == " ".join(final.text for final in finals)
    analyser = VoiceAnalyser(word_source(language="en-US"))
    analyser.add_pcm(SPEECH)
    analyser.add_words(word for final in finals for word in final.words)
    assert transcript.measures == analyser.final()


async def test_transcribe_reads_a_file_as_if_it_were_its_samples(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, 16_000, 0, "NONE", ""))
        wav.writeframes(SPEECH)

    assert await transcribe(path) == await transcribe(SPEECH)


async def test_transcribe_understands_speech() -> None:
    path = speak(*STABLE_SENTENCES[2:4])

    async with nothing_left_behind():
        transcript = await transcribe(path, backend="pocketsphinx")

    assert transcript.text == " ".join(STABLE_SENTENCES[2:4])
    rate = transcript.measures.readings["speaking_rate_wpm"].value
    assert isinstance(rate, float) and 100 < rate < 250


async def test_transcribe_raises_what_goes_wrong_with_the_file(tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_bytes(b"<html>" * 100)

    async with nothing_left_behind():
        with pytest.raises(AudioError):
            await transcribe(page)
        with pytest.raises(FileNotFoundError):
            await transcribe(tmp_path / "missing.wav")


async def test_transcribe_raises_what_goes_wrong_with_the_recogniser(settings: Settings) -> None:
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0

    with pytest.raises(SpeechError, match="scripted to fail"):
        await transcribe(SPEECH, backend="failing")


async def test_transcribe_can_be_cancelled() -> None:
    pcm = read_pcm(speak(*STABLE_SENTENCES))

    async with nothing_left_behind():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transcribe(pcm, backend="pocketsphinx"), 0.3)


async def test_interims_come_before_the_audio_ends() -> None:
    async with open_stream() as stream:
        await stream.push(SPEECH[:32_000])

        iterator = aiter(stream)
        events = [await anext(iterator) for _ in range(3)]

    assert isinstance(events[-1], Interim)

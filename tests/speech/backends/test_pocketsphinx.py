from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import psutil
import pytest
from pocketsphinx import Decoder
from pytest_django import Settings

from speech.backends.pocketsphinx import VERSION, PocketSphinxBackend
from speech.backends.pocketsphinx.child import DECODER_DEFAULTS, built_in_model
from speech.events import BYTES_PER_SECOND, Ended, Final, Interim, Resume, SpeechEnded, SpeechStarted
from speech.exceptions import CapacityExceeded, LanguageNotSupported, SpeechError
from tests.speech.contract import BackendContract, collect, feed, finals, recognise, running
from tests.support.voices import STABLE_SENTENCES, read_pcm, silence, speak

KERNEL_BYTES = 300_000


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> PocketSphinxBackend:
    return PocketSphinxBackend(slots_directory=tmp_path_factory.mktemp("slots"))


@pytest.fixture(scope="module")
def audio() -> bytes:
    return read_pcm(speak(*STABLE_SENTENCES[2:]))


def noise(seconds: float, peak: int) -> bytes:
    source = random.Random(1)
    samples = (source.randint(-peak, peak) for _ in range(int(seconds * BYTES_PER_SECOND // 2)))
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


class TestPocketSphinx(BackendContract):
    pass


async def test_clear_sentences_are_understood_to_the_word(backend: PocketSphinxBackend) -> None:
    events = await recognise(backend, read_pcm(speak(*STABLE_SENTENCES)))

    assert [final.text for final in finals(events)] == list(STABLE_SENTENCES)


async def test_the_words_are_those_of_a_bare_decoder(backend: PocketSphinxBackend, audio: bytes) -> None:
    events = await recognise(backend, audio)
    starts = [event.start_ms for event in events if isinstance(event, SpeechStarted)]
    ends = [final.resume.offset_samples for final in finals(events)]
    decoder = Decoder(**DECODER_DEFAULTS, **built_in_model())

    texts = []
    for start_ms, end in zip(starts, ends, strict=True):
        decoder.start_utt()
        decoder.process_raw(audio[start_ms * 32 : end * 2])
        decoder.end_utt()
        texts.append(decoder.hyp().hypstr)

    assert [final.text for final in finals(events)] == texts


async def test_words_have_times_and_confidences(backend: PocketSphinxBackend) -> None:
    pcm = read_pcm(speak("the customer was very happy with the result of our work"))

    shifted = finals(await recognise(backend, pcm, resume=Resume(offset_samples=16_000)))[0]
    final = finals(await recognise(backend, pcm))[0]

    assert [word.word for word in final.words][:3] == ["the", "customer", "was"]
    assert 100 < final.start_ms < 500
    assert 2500 < final.end_ms < 4000
    assert final.confidence is not None and final.confidence > 0.8
    assert final.recogniser == f"pocketsphinx-{VERSION}/en-US"
    assert [(word.start_ms + 1000, word.end_ms + 1000) for word in final.words] == [
        (word.start_ms, word.end_ms) for word in shifted.words
    ]


async def test_words_appear_while_they_are_spoken(backend: PocketSphinxBackend, audio: bytes) -> None:
    async with running(backend) as recognition:
        await recognition.push(audio[: BYTES_PER_SECOND * 2])

        async with asyncio.timeout(10):
            async for event in recognition:
                if isinstance(event, Interim) and "customer" in event.text:
                    break


async def test_a_final_comes_without_the_end_of_the_input(backend: PocketSphinxBackend, audio: bytes) -> None:
    async with running(backend) as recognition:
        await recognition.push(audio[: BYTES_PER_SECOND * 5])

        async with asyncio.timeout(10):
            async for event in recognition:
                if isinstance(event, Final):
                    assert event.text == STABLE_SENTENCES[2]
                    break


async def test_speech_at_the_very_end_is_not_lost(backend: PocketSphinxBackend) -> None:
    pcm = read_pcm(speak(STABLE_SENTENCES[3], pause_seconds=0))

    events = await recognise(backend, pcm[: -BYTES_PER_SECOND // 5])

    assert [final.text for final in finals(events)] == [STABLE_SENTENCES[3]]


async def test_a_phrase_that_is_cut_inside_a_word_keeps_its_other_words(tmp_path: Path) -> None:
    backend = PocketSphinxBackend(
        slots_directory=tmp_path / "slots", endpointing={"max_phrase_ms": 6000, "end_silence_ms": 1500}
    )

    events = await recognise(backend, read_pcm(speak(*STABLE_SENTENCES, pause_seconds=0)))

    first, *others = finals(events)
    assert first.text.startswith("i would like to work for your company because you care")
    assert [event.start_ms for event in events if isinstance(event, SpeechStarted)] == [0, 6000, 12000, 18000]
    assert [final.start_ms // 6000 for final in others] == [1, 2, 3]
    # Confidences come with a path to the end of the phrase, which the cut has taken away.
    assert first.confidence is None and others[0].confidence is not None


async def test_an_utterance_without_words_gives_no_final(backend: PocketSphinxBackend, audio: bytes) -> None:
    events = await recognise(backend, noise(1, 8000) + silence(1) + audio)

    wordless = [type(event) for event in events[: events.index(finals(events)[0])]]
    assert wordless[:2] == [SpeechStarted, SpeechEnded]
    assert [final.text for final in finals(events)] == list(STABLE_SENTENCES[2:])


@pytest.mark.alone
async def test_noise_takes_no_longer_than_it_lasts(backend: PocketSphinxBackend) -> None:
    pcm = noise(8, 12_000)

    async with asyncio.timeout(8):
        events = await recognise(backend, pcm)

    assert events[-1] == Ended(8000)


async def test_who_was_before_does_not_change_what_is_heard(backend: PocketSphinxBackend) -> None:
    audio = read_pcm(speak(STABLE_SENTENCES[3]))
    alone = await recognise(backend, audio)

    await recognise(backend, noise(3, 12_000))

    assert await recognise(backend, audio) == alone


@pytest.mark.parametrize("language", ["en", "en-US", "EN-us"])
async def test_english_is_american(backend: PocketSphinxBackend, language: str) -> None:
    assert backend.supports(language)


@pytest.mark.parametrize("language", ["de-DE", "en-GB", "e", ""])
async def test_a_language_without_a_model_is_refused(backend: PocketSphinxBackend, language: str) -> None:
    assert not backend.supports(language)
    with pytest.raises(LanguageNotSupported) as refusal:
        await backend.start(language=language, resume=Resume())
    assert refusal.value.permanent


async def test_another_model_is_named_by_its_paths(tmp_path: Path, audio: bytes) -> None:
    backend = PocketSphinxBackend(slots_directory=tmp_path / "slots", models={"en-GB": built_in_model()})

    recognition = await backend.start(language="en-GB", resume=Resume())
    feeding = asyncio.create_task(feed(recognition, audio))
    events = await collect(recognition)
    await feeding
    await recognition.aclose()

    assert recognition.recogniser == f"pocketsphinx-{VERSION}/en-GB"
    assert [final.text for final in finals(events)] == list(STABLE_SENTENCES[2:])


async def test_a_model_that_can_not_be_loaded_fails_for_good(tmp_path: Path) -> None:
    model = dict(built_in_model(), lm=__file__)
    backend = PocketSphinxBackend(slots_directory=tmp_path / "slots", models={"en-GB": model}, capacity=1)

    for _ in range(2):
        with pytest.raises(SpeechError) as failure:
            await backend.start(language="en-GB", resume=Resume())
        assert failure.value.permanent


async def test_it_is_busy_when_it_leaves_no_core_to_others(tmp_path: Path) -> None:
    one = PocketSphinxBackend(slots_directory=tmp_path / "slots", cores=3)
    other = PocketSphinxBackend(slots_directory=tmp_path / "slots", cores=3)

    first = await one.start(language="en-US", resume=Resume())
    with_one = other.is_busy()
    second = await one.start(language="en-US", resume=Resume())
    with_two = other.is_busy()
    await first.aclose()
    await second.aclose()

    assert (with_one, with_two, other.is_busy()) == (False, True, False)


async def test_it_is_crowded_when_half_of_the_places_are_taken(tmp_path: Path) -> None:
    one = PocketSphinxBackend(slots_directory=tmp_path / "slots", capacity=3)
    only_place = PocketSphinxBackend(slots_directory=tmp_path / "other", capacity=1)

    empty = one.is_crowded()
    async with running(one):
        with_one = one.is_crowded()

    assert (empty, with_one, only_place.is_crowded()) == (False, True, True)


async def test_all_processes_share_the_places(tmp_path: Path) -> None:
    one = PocketSphinxBackend(slots_directory=tmp_path / "slots", capacity=2)
    other = PocketSphinxBackend(slots_directory=tmp_path / "slots", capacity=2)

    async with running(one), running(other) as second:
        with pytest.raises(CapacityExceeded):
            await one.start(language="en-US", resume=Resume())
        await second.aclose()
        async with running(one):
            pass


async def test_a_directory_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "slots").mkdir(mode=0o777)
    (tmp_path / "slots").chmod(0o777)
    backend = PocketSphinxBackend(slots_directory=tmp_path / "slots")

    with pytest.raises(SpeechError):
        await backend.start(language="en-US", resume=Resume())


async def test_pushing_waits_while_the_recogniser_is_far_behind(tmp_path: Path) -> None:
    backend = PocketSphinxBackend(slots_directory=tmp_path / "slots", max_behind_seconds=5)
    pushed = 0

    async with running(backend) as recognition:
        child = recogniser_process()
        child.suspend()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                while True:
                    await recognition.push(bytes(BYTES_PER_SECOND))
                    pushed += BYTES_PER_SECOND

    assert pushed <= 5 * BYTES_PER_SECOND + KERNEL_BYTES


async def test_a_recogniser_that_takes_no_audio_any_more_is_given_up(
    settings: Settings, tmp_path: Path
) -> None:
    settings.SPEECH_CHILD_TIMEOUT_SECONDS = 1
    backend = PocketSphinxBackend(slots_directory=tmp_path / "slots", max_behind_seconds=5)

    async with running(backend) as recognition, asyncio.timeout(20):
        child = recogniser_process()
        child.suspend()
        with pytest.raises(SpeechError, match="takes no audio") as failure:
            while True:
                await recognition.push(bytes(BYTES_PER_SECOND))
        with pytest.raises(SpeechError):
            await collect(recognition)

    assert not failure.value.permanent
    assert not child.is_running()


async def test_a_killed_recogniser_is_noticed_by_who_pushes_and_by_who_iterates(
    backend: PocketSphinxBackend, audio: bytes
) -> None:
    async with running(backend) as recognition:
        iterating = asyncio.create_task(collect(recognition))
        await recognition.push(audio[:BYTES_PER_SECOND])

        recogniser_process().send_signal(signal.SIGKILL)

        async with asyncio.timeout(5):
            with pytest.raises(SpeechError) as failure:
                await iterating
            with pytest.raises(SpeechError):
                while True:
                    await recognition.push(bytes(3200))
    assert not failure.value.permanent


async def test_a_killed_recogniser_gives_its_place_back_on_closing(tmp_path: Path) -> None:
    backend = PocketSphinxBackend(slots_directory=tmp_path / "slots", capacity=1)

    async with running(backend):
        recogniser_process().send_signal(signal.SIGKILL)

    async with running(backend):
        pass


def recogniser_process() -> psutil.Process:
    """The youngest descendant: children of the fork server are ours by birth, not by name."""
    return max(psutil.Process().children(recursive=True), key=lambda child: (child.create_time(), child.pid))

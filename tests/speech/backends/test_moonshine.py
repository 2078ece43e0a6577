from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import AsyncExitStack, aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytest_django import Settings

from speech.backends.base import Recognition
from speech.backends.moonshine import MoonshineBackend, model, weights
from speech.backends.moonshine.child import Draft
from speech.backends.moonshine.detector import SileroDetector
from speech.backends.moonshine.pool import Pool
from speech.backends.moonshine.recognition import Drafting
from speech.backends.phrases import Began, Endpointing, PhraseGate
from speech.backends.pocketsphinx import PocketSphinxBackend
from speech.events import BYTES_PER_SECOND, Ended, Final, Interim, Progress, Resume, ms_from_samples
from speech.exceptions import CapacityExceeded, LanguageNotSupported, SpeechError
from speech.processes.children import Child
from tests.speech.contract import BackendContract, collect, feed, finals, recognise, running, without_interims
from tests.support.voices import STABLE_SENTENCES, as_said, read_pcm, silence, speak


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> MoonshineBackend:
    return MoonshineBackend(slots_directory=tmp_path_factory.mktemp("slots"))


@pytest.fixture(scope="module")
def audio() -> bytes:
    return read_pcm(speak(*STABLE_SENTENCES[2:]))


class TestMoonshine(BackendContract):
    # They depend on how much time the machine has.
    says_the_same_interims = False


async def test_clear_sentences_are_understood_to_the_word(backend: MoonshineBackend) -> None:
    sentences = STABLE_SENTENCES[0], *STABLE_SENTENCES[2:]
    events = await recognise(backend, read_pcm(speak(*sentences)))

    assert [as_said(final.text) for final in finals(events)] == list(sentences)


async def test_sentences_have_capitals_and_full_stops(backend: MoonshineBackend) -> None:
    [final] = finals(await recognise(backend, read_pcm(speak(STABLE_SENTENCES[2]))))

    assert final.text == "The customer was very happy with the result of our work."


async def test_words_have_times_and_confidences(backend: MoonshineBackend) -> None:
    pcm = read_pcm(speak("the customer was very happy with the result of our work"))

    shifted = finals(await recognise(backend, pcm, resume=Resume(offset_samples=16_000)))[0]
    final = finals(await recognise(backend, pcm))[0]

    assert [word.word for word in final.words][:3] == ["The", "customer", "was"]
    assert 100 < final.start_ms < 500
    assert 2500 < final.end_ms < 4000
    assert all(word.end_ms > word.start_ms for word in final.words)
    assert final.confidence is not None and final.confidence > 0.8
    assert final.recogniser == "moonshine-0.0.73/tiny-en"
    assert [(word.start_ms + 1000, word.end_ms + 1000) for word in final.words] == [
        (word.start_ms, word.end_ms) for word in shifted.words
    ]


async def test_words_appear_while_they_are_spoken(backend: MoonshineBackend, audio: bytes) -> None:
    """And those that two tries agreed on are not shown as what may still change."""
    settled: list[str] = []
    async with running(backend) as recognition:
        feeding = asyncio.create_task(at_the_pace_of_speech(recognition, audio[: BYTES_PER_SECOND * 3]))
        async with asyncio.timeout(20):
            async for event in recognition:
                assert not isinstance(event, Final)
                if isinstance(event, Interim):
                    assert event.tail is not None and event.text.endswith(event.tail)
                    settled.append(event.text.removesuffix(event.tail))
                    if "customer" in settled[-1]:
                        break
        feeding.cancel()
    assert all(later.startswith(earlier.rstrip()) for earlier, later in pairwise(settled))


async def at_the_pace_of_speech(recognition: Recognition, pcm: bytes) -> None:
    for start in range(0, len(pcm), 3200):
        await recognition.push(pcm[start : start + 3200])
        await asyncio.sleep(0.1)


async def test_speech_at_the_very_end_is_not_lost(backend: MoonshineBackend) -> None:
    pcm = read_pcm(speak(STABLE_SENTENCES[3], pause_seconds=0))

    events = await recognise(backend, pcm[: -BYTES_PER_SECOND // 5])

    assert [as_said(final.text) for final in finals(events)] == [STABLE_SENTENCES[3]]


async def test_what_was_before_a_phrase_changes_none_of_its_words(
    backend: MoonshineBackend, audio: bytes
) -> None:
    alone = finals(await recognise(backend, audio))
    behind = finals(await recognise(backend, noise(3, 12_000) + silence(2) + audio))

    assert [final.text for final in behind] == [final.text for final in alone]


async def test_a_long_silence_needs_not_be_heard_again(backend: MoonshineBackend, audio: bytes) -> None:
    pcm = silence(25) + audio
    events = await recognise(backend, pcm)
    progress = [event for event in events if isinstance(event, Progress)]

    assert [event.resume.offset_samples // 16_000 for event in progress] == [10, 20]
    for event in progress:
        rest = await recognise(backend, pcm[event.resume.offset_samples * 2 :], resume=event.resume)
        assert without_interims(rest) == without_interims(events[events.index(event) + 1 :])


@pytest.mark.parametrize("language", ["en", "en-US", "EN-gb", "en-IN"])
async def test_english_is_understood(backend: MoonshineBackend, language: str) -> None:
    assert backend.supports(language)


@pytest.mark.parametrize("language", ["de-DE", "e", ""])
async def test_a_language_without_a_model_is_refused(backend: MoonshineBackend, language: str) -> None:
    assert not backend.supports(language)
    with pytest.raises(LanguageNotSupported):
        await backend.start(language=language, resume=Resume())


async def test_all_processes_share_the_places(tmp_path: Path) -> None:
    one = MoonshineBackend(slots_directory=tmp_path / "slots", capacity=2)
    other = MoonshineBackend(slots_directory=tmp_path / "slots", capacity=2)

    async with running(one), running(other) as second:
        with pytest.raises(CapacityExceeded):
            await one.start(language="en-US", resume=Resume())
        await second.aclose()
        async with running(one):
            pass


async def test_an_only_place_is_left_to_answers(tmp_path: Path) -> None:
    """And does not look busy while it is free."""
    backend = MoonshineBackend(slots_directory=tmp_path / "slots", capacity=1)

    free = backend.is_crowded(), backend.is_busy()
    async with running(backend):
        taken = backend.is_crowded(), backend.is_busy()

    assert (free, taken) == ((True, False), (True, True))


async def test_who_takes_its_place_finds_the_directory_that_it_made(tmp_path: Path) -> None:
    """And places of its own in it."""
    places: dict[str, Any] = {"slots_directory": tmp_path / "speech", "capacity": 1}

    async with running(MoonshineBackend(**places)), running(PocketSphinxBackend(**places)):
        pass


async def test_answers_at_once_share_the_children(backend: MoonshineBackend, audio: bytes) -> None:
    alone = without_interims(await recognise(backend, audio))

    together = await asyncio.gather(*(recognise(backend, audio) for _ in range(6)))

    assert [without_interims(events) for events in together] == [alone] * 6


async def test_answers_that_begin_at_once_start_no_more_children_than_there_are_cores(tmp_path: Path) -> None:
    backend = MoonshineBackend(slots_directory=tmp_path / "slots", capacity=8, cores=2)

    async with AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(running(backend)) for _ in range(8)))
        children = recogniser_processes()

    assert 1 <= len(children) <= 2


async def test_who_pushes_faster_than_it_recognises_waits_and_comes_to_the_end(
    tmp_path: Path, audio: bytes
) -> None:
    """However little may wait: less than a phrase, too."""
    backend = MoonshineBackend(slots_directory=tmp_path / "slots", max_behind_seconds=0.5)

    async with asyncio.timeout(30):
        assert len(finals(await recognise(backend, audio))) == 3


@pytest.mark.parametrize("frames", [1, 2])
async def test_a_phrase_that_is_over_when_it_begins_ends_no_recognition(
    tmp_path: Path, audio: bytes, frames: int
) -> None:
    endpointing = {"speech_frames": frames, "window_frames": frames, "preroll_ms": 0}
    backend = MoonshineBackend(slots_directory=tmp_path / "slots", endpointing=endpointing)
    gate = PhraseGate(lambda: SileroDetector(weights.find().detector), Endpointing(**endpointing), position=0)
    began = next(step for step in gate.hear(audio) if isinstance(step, Began))
    size = began.start * 2 + len(began.pcm)

    events = await recognise(backend, audio[:size])

    assert len(began.pcm) == frames * 1024
    assert events[-1] == Ended(ms_from_samples(size // 2))


# Names and terms


async def heard(backend: MoonshineBackend, pcm: bytes, *terms: str) -> list[str]:
    recognition = await backend.start(language="en-US", resume=Resume(), phrases=terms)
    async with aclosing(recognition):
        events, _ = await asyncio.gather(collect(recognition), feed(recognition, pcm))
    return [final.text for final in finals(events)]


@pytest.mark.parametrize(
    ("spoken", "term", "text"),
    [
        ("miss nakamura was my first manager", "Nakamura", "Miss Nakamura was my first manager."),
        ("we keep the sessions in redis", "Redis", "We keep the sessions in Redis."),
    ],
)
async def test_a_term_that_is_likely_is_understood(
    backend: MoonshineBackend, spoken: str, term: str, text: str
) -> None:
    pcm = read_pcm(speak(spoken))

    assert await heard(backend, pcm) != [text]
    assert await heard(backend, pcm, term) == [text]


async def test_terms_that_nobody_says_change_no_word(backend: MoonshineBackend, audio: bytes) -> None:
    """Nor do those that are words of their own, those that are none, and more of them than may be."""
    terms = ["Go", "R", "May", "Rust", "Scrum", "Johansson", "Wolverhampton", "", " ", "☃", "x" * 10_000]

    assert await heard(backend, audio, *terms, *["Kowalczyk"] * 1000) == await heard(backend, audio)


@pytest.mark.parametrize("term", ["Kubernetes", "John Dashwood", "C++", "Łódź", "☃"])
def test_a_term_is_spelt_in_tokens(term: str) -> None:
    recogniser = model.load(weights.find().model)

    ids = recogniser.spell(f" {term}  ")

    assert recogniser.text(ids) == term
    assert recogniser.begins_word(ids[0])
    assert not any(recogniser.begins_word(id) for id in ids[1:]) or " " in term


# When it can't be had


async def test_without_the_weights_it_says_so(tmp_path: Path) -> None:
    backend = MoonshineBackend(folder=tmp_path)

    assert backend.problem and "encoder_model.ort can't be read" in backend.problem
    with pytest.raises(SpeechError) as failure:
        await backend.start(language="en-US", resume=Resume())
    assert failure.value.permanent


async def test_other_weights_than_those_that_were_measured_are_not_used(tmp_path: Path) -> None:
    for name in weights.SHA256:
        (tmp_path / name).write_bytes(b"others")

    problem = MoonshineBackend(folder=tmp_path).problem

    assert problem and "not the file that was measured" in problem


def link_weights(folder: Path) -> None:
    found = weights.find()
    for name in weights.SHA256:
        (folder / name).symlink_to(found.detector if name == weights.DETECTOR else Path(found.model) / name)


@pytest.mark.parametrize("name", ["tokenizer.bin", weights.DETECTOR])
async def test_weights_that_vanish_after_they_were_checked_are_missed_for_good(
    tmp_path: Path, name: str
) -> None:
    link_weights(tmp_path)
    backend = MoonshineBackend(folder=tmp_path, slots_directory=tmp_path / "slots")
    assert backend.problem is None
    (tmp_path / name).unlink()

    with pytest.raises(SpeechError, match="can't be loaded") as failure:
        await backend.start(language="en-US", resume=Resume())

    assert failure.value.permanent
    assert recogniser_processes() == []


async def test_phrases_that_no_child_could_take_are_no_option() -> None:
    with pytest.raises(ValueError, match="max_phrase_ms is 30000 or less"):
        MoonshineBackend(endpointing={"max_phrase_ms": 30_001})


async def test_a_phrase_as_long_as_may_be_is_recognised(tmp_path: Path, audio: bytes) -> None:
    endpointing = {"max_phrase_ms": 30_000, "end_silence_ms": 5000}
    backend = MoonshineBackend(slots_directory=tmp_path / "slots", endpointing=endpointing)

    events = await recognise(backend, audio * 4)

    first = finals(events)[0]
    assert first.resume.offset_samples / 16 - first.start_ms >= 29_000
    assert len(first.words) > 50


async def test_without_its_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "MODEL_PACKAGE", "no_such_package")
    weights.find.cache_clear()
    try:
        problem = MoonshineBackend().problem
    finally:
        weights.find.cache_clear()

    assert problem == "the package no-such-package, which holds a part of the model, is not installed"


# When it dies


async def test_children_killed_at_any_moment_change_no_word(backend: MoonshineBackend, audio: bytes) -> None:
    """Each phrase is sent again; a phrase over which three in a row die is given up."""
    chance = random.Random(13)
    undisturbed = without_interims(await recognise(backend, audio))
    killed = 0
    for _ in range(10):
        recognising = asyncio.create_task(recognise(backend, audio))
        await asyncio.sleep(chance.uniform(0.02, 0.5))
        for child in recogniser_processes()[:1]:
            child.send_signal(signal.SIGKILL)
            killed += 1
        assert without_interims(await recognising) == undisturbed
    assert killed >= 5


async def test_children_that_all_die_while_they_wait_cost_no_phrase(tmp_path: Path, audio: bytes) -> None:
    """However many they are: more than the tries that a phrase has."""
    backend = MoonshineBackend(slots_directory=tmp_path / "slots", capacity=5, cores=4)

    async with running(backend) as recognition:
        await asyncio.gather(*(recognise(backend, audio) for _ in range(4)))
        waiting = recogniser_processes()
        for child in waiting:
            child.kill()
        events, _ = await asyncio.gather(collect(recognition), feed(recognition, audio))

    assert len(waiting) >= 4
    assert len(finals(events)) == 3


async def test_a_child_that_hangs_is_replaced(
    backend: MoonshineBackend, audio: bytes, settings: Settings
) -> None:
    settings.SPEECH_CHILD_TIMEOUT_SECONDS = 3
    undisturbed = without_interims(await recognise(backend, audio))

    async with running(backend) as recognition, asyncio.timeout(60):
        hanging = recogniser_processes()
        for child in hanging:
            child.suspend()
        events, _ = await asyncio.gather(collect(recognition), feed(recognition, audio))

    assert hanging
    assert without_interims(events) == undisturbed


async def test_a_child_that_never_begins_is_given_up(tmp_path: Path, settings: Settings) -> None:
    settings.SPEECH_CHILD_TIMEOUT_SECONDS = 1
    # Whoever reads it waits for a writer.
    os.mkfifo(tmp_path / "encoder_model.ort")

    async with asyncio.timeout(30):
        with pytest.raises(SpeechError, match="does not begin") as failure:
            await Pool(str(tmp_path), cores=1).open()

    assert not failure.value.permanent
    assert recogniser_processes() == []


async def test_a_phrase_that_kills_each_child_fails_the_recognition(
    backend: MoonshineBackend, audio: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send_and_kill(child: Child, message: bytes) -> None:
        os.kill(child.pid, signal.SIGKILL)

    async with running(backend) as recognition:
        monkeypatch.setattr(Child, "send", send_and_kill)
        with pytest.raises(SpeechError) as failure:
            async with asyncio.timeout(30):
                await asyncio.gather(feed(recognition, audio), collect(recognition))
    assert not failure.value.permanent


def recogniser_processes() -> list[psutil.Process]:
    """The pool's: children of the fork server, which is a child of ours."""
    servers = [p for p in psutil.Process().children() if "forkserver" in " ".join(p.cmdline())]
    return [child for server in servers for child in server.children()]


# What is shown


def test_what_two_drafts_agree_on_has_settled() -> None:
    drafting = Drafting()

    assert drafting.take(Draft([5, 6], ["I", "like."], [1, 2]))
    assert (drafting.text, drafting.tail, drafting.prefix) == ("I like", "I like", [])
    assert drafting.take(Draft([5, 7, 8], ["I", "liked", "it"], [1, 2, 3]))
    assert (drafting.text, drafting.tail, drafting.prefix) == ("I liked it", "liked it", [5])
    assert not drafting.take(Draft([5, 7, 8], ["I", "liked", "it"], [1, 2, 3]))
    assert (drafting.text, drafting.tail, drafting.prefix) == ("I liked it", "", [5, 7, 8])
    assert not drafting.take(Draft([], [], []))


def noise(seconds: float, peak: int) -> bytes:
    source = random.Random(1)
    samples = (source.randint(-peak, peak) for _ in range(int(seconds * BYTES_PER_SECOND // 2)))
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)

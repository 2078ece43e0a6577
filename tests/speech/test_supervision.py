"""A stream outlives its recognisers: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psutil
import pytest
from pytest_django import Settings

from speech import Ended, Event, SpeechStream, open_stream
from speech.backends import get_backend
from speech.events import BYTES_PER_SECOND, CatchingUp, Live
from speech.exceptions import SpeechError
from speech.replay_buffer import ReplayBuffer
from tests.speech.contract import finals
from tests.support.footprint import nothing_left_behind
from tests.support.unreliable import SlowToRestartBackend
from tests.support.voices import SPEECH, STABLE_SENTENCES, babble, read_pcm, silence, speak

SCRIPTED = "speech.backends.scripted.ScriptedBackend"
SLOW = "tests.support.unreliable.SlowToRestartBackend"
PIECE = 3200
DEADLINE_SECONDS = 20.0


OTHER = {"BACKEND": SCRIPTED, "OPTIONS": {"recogniser": "other-1"}}


@pytest.fixture(autouse=True)
def backends(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_BACKENDS = {
        "default": {"BACKEND": SCRIPTED},
        # Lives longer than a segment, so that each of its lives gets further.
        "mortal": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 4100}},
        # Never gets to a final.
        "hopeless": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 1000}},
        # One final for all of it, and a recogniser that is lost at its 65th second.
        "long": {"BACKEND": SCRIPTED, "OPTIONS": {"max_words": 1000}},
        "slow": {"BACKEND": SLOW, "OPTIONS": {"max_words": 1000, "fail_after_ms": 64_000}},
        "full": {"BACKEND": SCRIPTED, "OPTIONS": {"capacity": 0}},
        "pocketsphinx": {
            "BACKEND": "speech.backends.pocketsphinx.PocketSphinxBackend",
            "OPTIONS": {"slots_directory": tmp_path / "slots"},
        },
    }


async def feed(stream: SpeechStream, pcm: bytes) -> None:
    for start in range(0, len(pcm), PIECE):
        await stream.push(pcm[start : start + PIECE])
    await stream.end_input()


async def say(backend: str, pcm: bytes = SPEECH) -> list[Event]:
    async with open_stream(backend=backend) as stream:
        feeding = asyncio.create_task(feed(stream, pcm))
        try:
            return [event async for event in stream]
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


def said(events: list[Event]) -> list[tuple[str, int, int]]:
    return [(final.text, final.start_ms, final.end_ms) for final in finals(events)]


async def test_a_recogniser_that_dies_again_and_again_changes_no_final() -> None:
    undisturbed = await say("default")

    async with nothing_left_behind():
        events = await say("mortal")

    assert finals(events) == finals(undisturbed)
    assert events[-1] == undisturbed[-1]


async def test_a_recogniser_that_is_slow_to_restart_is_fed_from_where_the_last_final_ended() -> None:
    pcm = babble(75)
    undisturbed = await say("long", pcm)
    before, after = pcm[: 65 * BYTES_PER_SECOND], pcm[65 * BYTES_PER_SECOND :]

    async with open_stream(backend="slow") as stream:
        backend = get_backend("slow")
        assert isinstance(backend, SlowToRestartBackend)
        reading = asyncio.create_task(collect(stream))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await stream.push(before)
            await backend.is_restarting.wait()
            feeding = asyncio.create_task(feed(stream, after))
            # It pushes what it may before the recogniser is there.
            await asyncio.wait([feeding], timeout=0.5)
            backend.may_restart.set()
            events = await reading
            await feeding

    assert finals(events) == finals(undisturbed)
    assert events[-1] == undisturbed[-1]


async def test_who_listens_is_told_of_the_loss_and_of_its_end() -> None:
    events = await say("mortal")

    told = [event for event in events if isinstance(event, CatchingUp | Live)]
    assert isinstance(told[0], CatchingUp)
    assert told[0].behind_ms > 0
    assert told[-1] == Live("scripted-1")


async def test_the_fallback_goes_on_where_the_last_final_ended(settings: Settings) -> None:
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0
    settings.SPEECH_BACKENDS = {**settings.SPEECH_BACKENDS, "fallback": OTHER}

    events = await say("mortal")

    assert said(events) == said(await say("default"))
    names = [final.recogniser for final in finals(events)]
    assert names == ["scripted-1", *["other-1"] * 3]


async def test_a_new_stream_tries_the_first_recogniser_again(settings: Settings) -> None:
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0
    settings.SPEECH_BACKENDS = {**settings.SPEECH_BACKENDS, "fallback": OTHER}
    await say("mortal")

    async with open_stream(backend="mortal") as stream:
        assert stream.recogniser == "scripted-1"


async def test_without_a_fallback_the_failure_is_raised_to_both_sides(settings: Settings) -> None:
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0

    async with nothing_left_behind(), open_stream(backend="hopeless") as stream:
        feeding = asyncio.create_task(feed(stream, SPEECH))
        with pytest.raises(SpeechError):
            [event async for event in stream]
        await asyncio.gather(feeding, return_exceptions=True)
        with pytest.raises(SpeechError):
            await stream.push(SPEECH[:PIECE])


async def test_a_fallback_that_fails_too_ends_it(settings: Settings) -> None:
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0
    hopeless = settings.SPEECH_BACKENDS["hopeless"]
    settings.SPEECH_BACKENDS = {**settings.SPEECH_BACKENDS, "fallback": hopeless}

    with pytest.raises(SpeechError):
        await say("hopeless")


async def test_the_recogniser_is_given_up_by_the_clock_alone(settings: Settings) -> None:
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0.5

    with pytest.raises(SpeechError):
        await say("hopeless")


async def test_closing_while_it_looks_for_a_recogniser_leaves_nothing() -> None:
    async with nothing_left_behind(), open_stream(backend="hopeless") as stream:
        feeding = asyncio.create_task(feed(stream, SPEECH))
        async for event in stream:
            if isinstance(event, CatchingUp):
                break
        await stream.aclose()
        await asyncio.gather(feeding, return_exceptions=True)


async def test_push_waits_while_the_recogniser_is_far_behind() -> None:
    async with open_stream(backend="hopeless") as stream:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await stream.push(babble(60))


@pytest.mark.parametrize("tenth", [0, 3, 6, 9])
async def test_a_killed_pocketsphinx_changes_no_word(tenth: int) -> None:
    pcm = read_pcm(speak(*STABLE_SENTENCES[4:6]))
    pieces = [pcm[start : start + PIECE] for start in range(0, len(pcm), PIECE)]
    undisturbed = await say("pocketsphinx", pcm)
    before = {child.pid for child in psutil.Process().children(recursive=True)}

    async with open_stream(backend="pocketsphinx") as stream:
        reading = asyncio.create_task(collect(stream))
        for index, piece in enumerate(pieces):
            if index == tenth * len(pieces) // 10:
                kill_new_children(before)
            await stream.push(piece)
        await stream.end_input()
        events = await reading

    assert finals(events) == finals(undisturbed)
    assert events[-1] == undisturbed[-1]


def kill_new_children(before: set[int]) -> None:
    new = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert new
    for child in new:
        child.send_signal(signal.SIGKILL)


async def collect(stream: SpeechStream) -> list[Event]:
    return [event async for event in stream]


async def test_a_stream_of_silence_ends_as_long_as_it_was() -> None:
    assert (await say("default", silence(100)))[-1] == Ended(100_000)


def test_the_replay_buffer_is_addressed_by_samples() -> None:
    kept = ReplayBuffer(1000, max_seconds=1)
    kept.append(bytes(range(200)))

    kept.drop(1010)

    assert (kept.start, kept.end) == (1010, 1100)
    assert kept.read(1020, 3) == bytes(range(40, 46))
    assert kept.read(1099, 10) == bytes([198, 199])


def test_the_replay_buffer_does_not_give_what_it_has_dropped() -> None:
    kept = ReplayBuffer(0, max_seconds=1)
    kept.append(babble(3))

    with pytest.raises(SpeechError):
        kept.read(31_999, 10)


def test_the_replay_buffer_is_bounded() -> None:
    kept = ReplayBuffer(0, max_seconds=1)

    kept.append(babble(3))

    assert (kept.start, kept.end) == (32_000, 48_000)

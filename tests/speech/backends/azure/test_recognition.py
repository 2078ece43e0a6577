"""The real SDK against tests/support/azure/server.py, which recognises as the scripted backend does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio

from speech.backends.azure import VERSION, AzureBackend
from speech.backends.scripted import ScriptedBackend
from speech.events import BYTES_PER_SECOND, Ended, Event, Progress, Resume
from speech.exceptions import CapacityExceeded, LanguageNotSupported, SpeechError
from tests.speech.contract import BackendContract, collect, feed, finals, recognise, running
from tests.support.azure.behaviour import Behaviour
from tests.support.azure.server import AzureServer, serving
from tests.support.footprint import until
from tests.support.servers import free_port
from tests.support.voices import SPEECH, silence

KEY = "0123456789abcdef" * 2
RECOGNISER = f"azure-{VERSION}/en-US"
# The SDK sends audio at twice real time, once it has sent five seconds. Tests have no time for that.
UNTHROTTLED = {"SPEECH-TransmitLengthBeforeThrottleMs": 600_000}
TEN_TIMES_REAL_TIME = {
    "SPEECH-TransmitLengthBeforeThrottleMs": 200,
    "SPEECH-AudioThrottleAsPercentageOfRealTime": 1000,
}
FOREVER = 20


@pytest.fixture(scope="module")
def server() -> Iterator[AzureServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def backend(server: AzureServer) -> AzureBackend:
    return connect(server)


@pytest.fixture(scope="module")
def audio() -> bytes:
    return SPEECH


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def script() -> list[Event]:
    return await recognise(ScriptedBackend(recogniser=RECOGNISER), SPEECH)


@pytest.fixture
def troubled() -> Iterator[AzureServer]:
    """A server of one test's own, to make trouble."""
    with serving() as server:
        yield server


def connect(server: AzureServer, **options: Any) -> AzureBackend:
    return AzureBackend(**{"host": server.url, "key": KEY, "properties": UNTHROTTLED, **options})


async def hear(backend: AzureBackend, pcm: bytes) -> tuple[list[Event], SpeechError | None]:
    """What was said, and how it failed."""
    events: list[Event] = []
    try:
        async with running(backend) as recognition:
            feeding = asyncio.create_task(feed(recognition, pcm))
            try:
                async for event in recognition:
                    events.append(event)
            finally:
                await asyncio.gather(feeding, return_exceptions=True)
    except SpeechError as error:
        return events, error
    return events, None


def in_short(plan: Behaviour | list[Behaviour]) -> str:
    first, *others = plan if isinstance(plan, list) else [plan]
    return f"{first} and {len(others)} more" if others else str(first)


class TestAzure(BackendContract):
    pass


async def test_text_segments_and_word_times_are_the_script_s(
    backend: AzureBackend, script: list[Event]
) -> None:
    assert await recognise(backend, SPEECH) == script


async def test_all_audio_reaches_the_service_unchanged(server: AzureServer, backend: AzureBackend) -> None:
    await recognise(backend, SPEECH, chunk_bytes=1234)

    assert bytes(server.heard[-1].audio) == SPEECH


async def test_audio_is_sent_at_once(server: AzureServer, backend: AzureBackend) -> None:
    delays = []
    for _ in range(3):
        server.heard.clear()
        async with running(backend) as recognition:
            pushed_at = time.monotonic()
            await recognition.push(SPEECH[:3200])
            await until(lambda: any(heard.first_audio_at for heard in server.heard))
        delays.append((server.heard[0].first_audio_at or 0) - pushed_at)

    assert min(delays) < 0.3


async def test_silence_moves_on_where_to_resume(troubled: AzureServer) -> None:
    backend = connect(troubled)
    events = await recognise(backend, silence(40) + SPEECH)
    marks = [event.resume for event in events if isinstance(event, Progress)]
    resume = marks[-1]

    rest = await recognise(backend, silence(40)[resume.offset_samples * 2 :] + SPEECH, resume=resume)

    assert [mark.offset_samples for mark in marks] == [15 * 16_000, 30 * 16_000]
    assert rest == [event for event in events if not isinstance(event, Progress)]


# What the SDK gets over by itself


@pytest.mark.parametrize(
    "plan",
    [
        [Behaviour(drop_at_ms=0)],
        [Behaviour(drop_at_ms=2000)],
        [Behaviour(drop_at_ms=3300)],
        [Behaviour(drop_at_ms=9000)],
        [Behaviour(drop_at_ms=2000), *[Behaviour(refuse=503)] * 3],
        [Behaviour(close_at_ms=2000, close_code=1000)],
        [Behaviour(close_at_ms=2000, close_code=1001)],
        [Behaviour(close_at_ms=5000, close_code=1011)],
        [Behaviour(refuse=503)] * 4,
        [Behaviour(refuse=429)] * 2,
        [Behaviour(rubbish_at_ms=2000)],
        [Behaviour(delay_ms=1000)],
    ],
    ids=in_short,
)
async def test_what_the_sdk_gets_over_changes_no_final(
    troubled: AzureServer, script: list[Event], plan: list[Behaviour]
) -> None:
    troubled.plan.extend(plan)

    events, failure = await hear(connect(troubled), SPEECH)

    assert failure is None
    assert finals(events) == finals(script)
    assert events[-1] == script[-1]


@pytest.mark.parametrize("at_ms", [1000, 2600, 3200])
async def test_a_turn_that_ends_before_its_audio_changes_no_final(
    troubled: AzureServer, script: list[Event], at_ms: int
) -> None:
    troubled.plan.append(Behaviour(end_turn_at_ms=at_ms))

    events, failure = await hear(connect(troubled, properties=TEN_TIMES_REAL_TIME), SPEECH)

    assert failure is None
    assert finals(events) == finals(script)


# What it does not


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(refuse=400),
        Behaviour(refuse=401),
        Behaviour(refuse=403),
        Behaviour(close_at_ms=1000, close_code=1007),
    ],
    ids=in_short,
)
async def test_a_refusal_for_good_is_permanent_and_comes_at_once(
    troubled: AzureServer, caplog: pytest.LogCaptureFixture, behaviour: Behaviour
) -> None:
    troubled.plan.extend([behaviour] * FOREVER)
    began = time.monotonic()

    events, failure = await hear(connect(troubled), SPEECH)

    assert failure is not None and failure.permanent and failure.hint
    assert finals(events) == []
    assert time.monotonic() - began < 1.5
    assert troubled.requests == 1
    assert KEY not in caplog.text and "\n" not in str(failure)
    assert [record.levelname for record in caplog.records if record.name.startswith("speech")] == ["WARNING"]


@pytest.mark.parametrize(
    "plan",
    [[Behaviour(refuse=status)] * FOREVER for status in (404, 408, 429, 500, 503)]
    + [
        [Behaviour(drop_at_ms=2000), *[Behaviour(refuse=503)] * FOREVER],
        [Behaviour(close_at_ms=2000, close_code=4000)],
        [Behaviour(broken_phrase_at_ms=2000)],
        [Behaviour(end_turn_at_ms=2000)],
    ],
    ids=in_short,
)
async def test_a_failure_that_may_pass_is_told_within_seconds(
    troubled: AzureServer, plan: list[Behaviour]
) -> None:
    troubled.plan.extend(plan)
    began = time.monotonic()

    events, failure = await hear(connect(troubled), SPEECH)

    assert failure is not None and not failure.permanent
    assert not any(isinstance(event, Ended) for event in events)
    assert time.monotonic() - began < 3


async def test_a_service_that_can_not_be_reached_is_told_within_seconds() -> None:
    began = time.monotonic()

    _, failure = await hear(AzureBackend(host=f"ws://127.0.0.1:{free_port()}", key=KEY), SPEECH)

    assert failure is not None and not failure.permanent
    assert "ConnectionFailure" in str(failure)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(never_answer=True),
        Behaviour(mute=True),
        Behaviour(stall_at_ms=2000),
        Behaviour(hang_at_end=True),
    ],
    ids=in_short,
)
async def test_a_service_that_stays_mute_is_given_up(troubled: AzureServer, behaviour: Behaviour) -> None:
    troubled.plan.extend([behaviour] * FOREVER)
    began = time.monotonic()

    _, failure = await hear(connect(troubled, mute_seconds=0.5, idle_seconds=1), SPEECH)

    assert failure is not None and not failure.permanent
    assert "Mute" in str(failure)
    assert time.monotonic() - began < 3


async def test_a_service_that_hangs_holds_up_nobody(troubled: AzureServer, backend: AzureBackend) -> None:
    troubled.plan.extend([Behaviour(mute=True)] * FOREVER)
    hanging = connect(troubled)
    stuck = [await hanging.start(language="en-US", resume=Resume()) for _ in range(5)]
    for recognition in stuck:
        await recognition.push(SPEECH[:32_000])
    began = time.monotonic()

    await asyncio.gather(*(recognition.aclose() for recognition in stuck))
    closed_after = time.monotonic() - began
    events = await recognise(backend, SPEECH)

    assert closed_after < 1
    assert events[-1] == Ended(len(SPEECH) // 32)
    assert time.monotonic() - began < 3


def test_a_callback_that_fails_is_told_where_the_sdk_would_swallow_it() -> None:
    # Importing it loads the SDK.
    from speech.backends.azure.sdk import guarded  # noqa: PLC0415

    said: list[Any] = []

    guarded(lambda event: event.nothing, said.append)(object())

    assert isinstance(said[0].problem, AttributeError)


# Limits


async def test_pushing_waits_while_the_service_acknowledges_nothing(troubled: AzureServer) -> None:
    troubled.plan.append(Behaviour(mute=True))
    async with running(connect(troubled, max_behind_seconds=3)) as recognition:
        pushing = asyncio.create_task(recognition.push(SPEECH))

        await until(lambda: len(troubled.heard) == 1 and len(troubled.heard[0].audio) == 3 * BYTES_PER_SECOND)
        assert not pushing.done()

    with pytest.raises(SpeechError):
        await pushing


async def test_capacity_counts_what_runs(backend: AzureBackend, server: AzureServer) -> None:
    single = connect(server, capacity=1)
    await nothing_runs(single)

    async with running(single):
        with pytest.raises(CapacityExceeded):
            await single.start(language="en-US", resume=Resume())

    await nothing_runs(single)


async def nothing_runs(single: AzureBackend) -> None:
    """Those of other tests may still be ending."""
    for _ in range(500):
        try:
            recognition = await single.start(language="en-US", resume=Resume())
        except CapacityExceeded:
            await asyncio.sleep(0.01)
        else:
            await recognition.aclose()
            return
    raise AssertionError("a recognition never ends")


@pytest.mark.parametrize("language", ["", "english", "en_US", "en-US; x"])
async def test_what_is_no_language_tag_is_not_asked_for(backend: AzureBackend, language: str) -> None:
    assert not backend.supports(language)
    with pytest.raises(LanguageNotSupported):
        await backend.start(language=language, resume=Resume())


@pytest.mark.parametrize(
    "language", ["en", "de-DE", "zh-CN", "zh-CN-shandong", "sr-Latn-RS", "fil-PH", "es-419"]
)
def test_language_tags_are_left_to_the_service(backend: AzureBackend, language: str) -> None:
    assert backend.supports(language)


# What the service is told


async def test_options_reach_the_service(troubled: AzureServer) -> None:
    backend = connect(
        troubled,
        profanity="raw",
        endpoint_id="model-1",
        segmentation_silence_ms=700,
        stable_partials=3,
        phrases=["Kubernetes"],
        phrase_weight=1.5,
    )
    recognition = await backend.start(language="de-DE", resume=Resume(), phrases=["Frau Öztürk"])
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(feed(recognition, SPEECH))
        await collect(recognition)
    await recognition.aclose()

    path = troubled.heard[0].path
    context = json.loads(troubled.heard[0].contexts[0])
    for part in ("language=de-DE", "profanity=raw", "cid=model-1", "stableIntermediateThreshold=3"):
        assert part in path
    assert troubled.heard[0].headers["ocp-apim-subscription-key"] == KEY
    assert context["dgi"]["bias"] == 1.5
    assert context["dgi"]["Groups"][0]["Items"] == [{"Text": "Kubernetes"}, {"Text": "Frau Öztürk"}]
    assert context["phraseDetection"]["CONVERSATION"]["segmentation"]["segmentationSilenceTimeoutMs"] == 700


async def test_languages_to_detect_come_after_the_interview_s(troubled: AzureServer) -> None:
    await recognise(connect(troubled, detect_languages=["fr-FR", "en-US"]), SPEECH)

    context = json.loads(troubled.heard[0].contexts[0])
    assert context["languageId"]["languages"] == ["en-US", "fr-FR"]


tokens: list[str] = []


def next_token() -> str:
    tokens.append(f"token-{len(tokens)}")
    return tokens[-1]


async def test_a_token_is_renewed(troubled: AzureServer) -> None:
    tokens.clear()
    troubled.plan.append(Behaviour(drop_at_ms=5000))
    backend = connect(troubled, key="", token_provider=f"{__name__}.next_token", token_seconds=0.1)
    async with running(backend) as recognition:
        await recognition.push(SPEECH[:64_000])
        await until(lambda: len(tokens) > 3)
        feeding = asyncio.create_task(feed(recognition, SPEECH[64_000:]))
        await collect(recognition)
        await feeding

    sent = [heard.headers["authorization"] for heard in troubled.heard]
    assert sent[0] == "Bearer token-0"
    assert len(sent) == 2 and int(sent[1].removeprefix("Bearer token-")) >= 3


def no_token() -> str:
    raise OSError("the vault is closed")


async def test_without_a_token_nothing_is_asked(troubled: AzureServer) -> None:
    backend = connect(troubled, key="", token_provider=f"{__name__}.no_token")

    with pytest.raises(SpeechError, match="the token provider raised OSError"):
        await backend.start(language="en-US", resume=Resume())

    assert troubled.requests == 0

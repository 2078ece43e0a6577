"""What a candidate tries out before the interview: bounded, and nothing is left of it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.apps import apps
from django.utils import timezone

from interviews.database import in_database
from interviews.errors import Close
from interviews.live.broadcast import group_name
from interviews.live.practice import PracticeSession
from interviews.live.worker import Worker
from interviews.models import Interview
from interviews.services.interviews import start
from speech.backends import get_backend
from tests.support import sockets, sounds
from tests.support.answers import SCRIPTED, babble, segments_in, text_of
from tests.support.clients import chunks_of
from tests.support.live import Peer, a_live_interview, connected, eventually

pytestmark = pytest.mark.django_db(transaction=True)

PCM = babble(2)


def practice_path(interview: Interview) -> str:
    return f"/ws/interviews/{interview.pk}/practice/"


async def practise(peer: Peer, pcm: bytes = PCM) -> dict[str, Any]:
    peer.frames(chunks_of(pcm))
    peer.say("end_practice")
    return await peer.until("practice_complete")


async def rows() -> dict[str, Any]:
    """Everything that is stored, but for who is practising."""

    def read() -> dict[str, Any]:
        models = apps.get_app_config("interviews").get_models()
        return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}  # type: ignore[attr-defined]

    return await in_database(read)


def nothing_is_held() -> None:
    assert not get_backend().running  # type: ignore[attr-defined]


async def test_words_come_while_they_are_spoken_and_the_whole_is_read_back() -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        ready = await peer.until("practice_ready")
        peer.frames(chunks_of(PCM))
        interim = await peer.until("transcription", is_final=False)
        peer.say("end_practice")
        done = await peer.until("practice_complete")
        closed_with = await peer.until_closed()

    assert (ready["seconds"], ready["recogniser"]) == (30, "scripted-1")
    assert (interim["segment"], interim["start_ms"]) == (0, 0)
    assert [m["text"] for m in peer.said("transcription") if m["is_final"]] == segments_in(PCM)
    assert (done["text"], done["duration_ms"], closed_with) == (text_of(PCM), 4000, Close.NORMAL)
    nothing_is_held()


async def test_nothing_of_it_is_stored_broadcast_or_logged(
    worker: Worker, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    interview, _ = await a_live_interview()
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group_name(interview.pk), channel)
    before = await rows()

    with caplog.at_level(logging.DEBUG):
        async with sockets.connected(practice_path(interview), sockets.candidate_s(interview)) as browser:
            await browser.until("practice_ready")
            await browser.send_to(bytes_data=bytes(4) + PCM)
            await browser.send_json_to({"type": "end_practice"})
            done = await browser.until("practice_complete")
            closed = await browser.until("closed")

    assert (done["text"], closed["code"]) == (text_of(PCM), 1000)
    assert await rows() == before
    assert channel not in layer.channels
    assert not settings.MEDIA_ROOT.exists()
    assert [word for word in text_of(PCM).split() if word in caplog.text] == []
    await eventually(lambda: not worker.sockets, "nothing is left")


async def test_it_says_how_microphone_and_room_are() -> None:
    interview, _ = await a_live_interview()
    speech = sounds.pcm(sounds.answer(0.5) + sounds.noise(len(sounds.answer(0.5)) / 16_000, 0.001))
    expected = sounds.measured(sounds.answer(0.5) + sounds.noise(len(sounds.answer(0.5)) / 16_000, 0.001))

    async with connected(PracticeSession(interview)) as peer:
        await practise(peer, speech)

    *live, final = peer.said("voice_metrics")
    assert len(live) == len(speech) // 32_000
    assert {m["real_time"] for m in live} == {True}
    assert final["real_time"] is False
    assert final["measures"] == {
        name: expected.as_dict()["measures"][name]
        for name in ("speech_level_dbfs", "snr_db", "clipped_ratio")
    }


async def test_where_nothing_is_measured_nothing_is() -> None:
    interview, _ = await a_live_interview(metrics_sharing=Interview.MetricsSharing.OFF)

    async with connected(PracticeSession(interview)) as peer:
        await practise(peer)

    assert peer.said("voice_metrics") == []


async def test_signs_of_life_are_not_answered_and_change_nothing() -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        await peer.until("practice_ready")
        peer.say("keep_alive")
        done = await practise(peer)

    assert (done["text"], peer.codes) == (text_of(PCM), [])
    assert {m["type"] for m in peer.heard} == {
        "practice_ready",
        "transcription",
        "voice_metrics",
        "practice_complete",
    }


async def test_it_can_be_done_again() -> None:
    interview, _ = await a_live_interview()

    for _ in range(2):
        async with connected(PracticeSession(interview)) as peer:
            assert (await practise(peer))["text"] == text_of(PCM)


async def test_it_gives_way_to_answers(settings: Any) -> None:
    """Of four places two are for answers alone."""
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"capacity": 4}}}
    interviews = [(await a_live_interview())[0] for _ in range(3)]

    async with (
        connected(PracticeSession(interviews[0])) as first,
        connected(PracticeSession(interviews[1])) as second,
    ):
        await first.until("practice_ready")
        await second.until("practice_ready")
        async with connected(PracticeSession(interviews[2])) as third:
            closed_with = await third.until_closed()

    assert (third.codes, closed_with) == (["CAPACITY_EXCEEDED"], Close.TRY_LATER)
    nothing_is_held()


async def test_an_interview_has_one_at_a_time() -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as first:
        await first.until("practice_ready")
        async with connected(PracticeSession(interview)) as second:
            closed_with = await second.until_closed()
        assert (await practise(first))["text"] == text_of(PCM)

    assert (second.codes, closed_with) == (["INVALID_STATE"], Close.TRY_LATER)
    assert second.said("practice_ready") == []


async def test_one_that_was_left_behind_by_a_dead_process_is_over_with_its_time() -> None:
    interview, _ = await a_live_interview()
    await in_database(Interview.objects.update, practice_until=timezone.now())

    async with connected(PracticeSession(interview)) as peer:
        await peer.until("practice_ready")


async def test_closing_frees_the_recogniser_at_once() -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        await peer.until("practice_ready")
        peer.frames(chunks_of(PCM))
        await peer.until("transcription")

    nothing_is_held()
    async with connected(PracticeSession(interview)) as again:
        await again.until("practice_ready")


async def test_a_recogniser_that_fails_ends_it(settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 500}}}
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        peer.frames(chunks_of(PCM))
        closed_with = await peer.until_closed()

    assert (peer.codes, closed_with) == (["STT_FAILED"], Close.TRY_LATER)


# Who may


async def test_it_needs_the_candidates_own_cookie(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    other, _ = await a_live_interview()

    for cookies in ("", sockets.candidate_s(other)):
        assert await sockets.refusal(practice_path(interview), cookies) == ("CONSENT_REQUIRED", 4403)
    stranger = sockets.Browser(
        practice_path(interview), sockets.candidate_s(interview), origin="http://evil.example"
    )
    assert (await stranger.connect(sockets.DEADLINE_SECONDS))[0] is False


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("in_progress", "INVALID_STATE"),
        ("completed", "INTERVIEW_ALREADY_COMPLETED"),
        ("cancelled", "INTERVIEW_ALREADY_COMPLETED"),
    ],
)
async def test_it_is_for_before_the_interview(worker: Worker, status: str, code: str) -> None:
    interview, _ = await a_live_interview()
    await in_database(Interview.objects.update, status=status)

    assert await sockets.refusal(practice_path(interview), sockets.candidate_s(interview)) == (code, 4403)


async def test_it_ends_nothing_when_the_interview_begins_meanwhile() -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        await peer.until("practice_ready")
        await in_database(start, interview.pk)

        assert (await practise(peer))["text"] == text_of(PCM)


# What is bounded


async def test_it_ends_by_itself_when_its_time_is_over(settings: Any) -> None:
    settings.PRACTICE_SECONDS = 2
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        peer.frames(chunks_of(PCM))
        done = await peer.until("practice_complete")

    assert (done["text"], done["duration_ms"]) == (text_of(PCM[:64_000]), 2000)


async def test_one_that_says_nothing_is_closed(settings: Any) -> None:
    settings.PRACTICE_IDLE_SECONDS = 0.1
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        closed_with = await peer.until_closed()

    assert (peer.codes, closed_with) == (["TIMEOUT"], Close.IDLE)
    nothing_is_held()


async def test_one_that_trickles_holds_nothing_for_longer(settings: Any) -> None:
    settings.PRACTICE_SECONDS, settings.PRACTICE_IDLE_SECONDS = 1, 0.5
    interview, _ = await a_live_interview()

    async def trickle(peer: Peer) -> None:
        for index in range(1000):
            peer.frame(index, b"\0\0")
            await asyncio.sleep(0.1)

    async with connected(PracticeSession(interview)) as peer:
        trickling = asyncio.create_task(trickle(peer))
        closed_with = await peer.until_closed()
        trickling.cancel()

    assert (peer.codes, closed_with) == (["TIMEOUT"], Close.IDLE)
    nothing_is_held()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (bytes(3), "INVALID_AUDIO_CHUNK"),
        (bytes(4), "INVALID_AUDIO_CHUNK"),
        (bytes(300_000), "INVALID_AUDIO_CHUNK"),
        (b"\0\0\0\1" + bytes(100), "CHUNK_GAP"),
        (b"\xff" * 100, "CHUNK_GAP"),
    ],
)
async def test_a_frame_that_does_not_fit_ends_it(worker: Worker, frame: bytes, code: str) -> None:
    interview, _ = await a_live_interview()

    async with sockets.connected(practice_path(interview), sockets.candidate_s(interview)) as browser:
        await browser.until("practice_ready")
        await browser.send_to(bytes_data=frame)
        error, closed = await browser.until("error"), await browser.until("closed")

    assert (error["code"], closed["code"]) == (code, 4400)
    nothing_is_held()


async def test_a_flood_of_audio_is_closed(settings: Any) -> None:
    options = {"seconds_per_second": 1}
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": options}}
    settings.AUDIO_BACKLOG_BYTES = 64 * 1024
    interview, _ = await a_live_interview()

    session = PracticeSession(interview)

    async with connected(session) as peer:
        for index in range(1000):
            peer.frame(index, b"\1")
        waiting = session.waiting_frames
        closed_with = await peer.until_closed()

    assert (peer.codes, closed_with) == (["AUDIO_BACKLOG"], Close.TOO_MUCH)
    assert waiting == 64 * 1024 // 512


async def test_audio_after_the_end_is_kept_nowhere(settings: Any) -> None:
    settings.AUDIO_BACKLOG_BYTES = 64 * 1024
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        peer.say("end_practice")
        for index in range(1000):
            peer.frame(index, b"\1")
        closed_with = await peer.until_closed()

    assert (peer.codes, closed_with) == (["AUDIO_BACKLOG"], Close.TOO_MUCH)


async def test_junk_is_answered_and_a_flood_of_it_is_closed() -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        await peer.until("practice_ready")
        peer.say("start_answer")
        peer.say("ping")
        await peer.until("pong")
        for _ in range(200):
            peer.say("dance")
        closed_with = await peer.until_closed()

    assert closed_with == Close.TRY_LATER
    assert set(peer.codes) == {"UNKNOWN_MESSAGE_TYPE", "RATE_LIMIT_EXCEEDED"}
    nothing_is_held()


async def test_one_that_never_reads_holds_nothing_after_its_end() -> None:
    interview, _ = await a_live_interview()

    async with connected(PracticeSession(interview)) as peer:
        peer.is_reading.clear()
        peer.frames(chunks_of(PCM))
        peer.say("end_practice")
        await eventually(lambda: not get_backend().running, "it frees its place")  # type: ignore[attr-defined]

        # Of interims only the latest waits.
        waiting = [text for text in peer.session.outbox.waiting if '"is_final":false' in text]
        assert len(waiting) <= 1


async def test_a_server_that_ends_says_so(worker: Worker) -> None:
    interview, _ = await a_live_interview()
    browser = sockets.Browser(practice_path(interview), sockets.candidate_s(interview))
    await browser.connect(sockets.DEADLINE_SECONDS)
    await browser.until("practice_ready")

    browser.future.cancel()
    warning, closed = await browser.until("warning"), await browser.until("closed")
    await asyncio.gather(browser.future, return_exceptions=True)

    assert (warning["code"], closed["code"]) == ("SERVER_RESTARTING", 4412)
    nothing_is_held()

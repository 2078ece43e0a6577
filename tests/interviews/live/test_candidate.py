from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import psutil
import pytest
from django.utils import timezone

from interviews.database import in_database
from interviews.errors import Close
from interviews.live.worker import Worker
from interviews.models import Answer, AudioChunk, Interview, Segment
from interviews.processing.settling import STEPS, STEPS_WHILE_BUSY, Step, claim, work_off
from interviews.services import answers, interviews
from interviews.services.erasure import erase
from interviews.services.owing import Missing
from speech.backends import get_backend
from speech.backends.scripted import BLOCK_BYTES
from tests.support.answers import SCRIPTED, babble, segments_in, text_of
from tests.support.away import away
from tests.support.clients import chunks_of
from tests.support.live import (
    PCM,
    Peer,
    a_live_interview,
    candidate_of,
    connected,
    eventually,
    the_answer,
)
from tests.support.media import encode
from tests.support.orchestrators import AwayAfterAnswers
from tests.support.running import everything_is_due
from tests.support.speaking import begin, say

pytestmark = pytest.mark.django_db(transaction=True)

Status = Answer.Status


async def statuses() -> list[str]:
    return await in_database(lambda: list(Answer.objects.order_by("take").values_list("status", flat=True)))


async def nothing_is_left(worker: Worker) -> None:
    """No recording, no recognition and no socket outlives its connection for long."""
    await eventually(lambda: worker.is_idle, "the worker's tasks end, and its feed forgets")
    assert not get_backend().running  # type: ignore[attr-defined]


# From the first to the last message


async def test_a_spoken_answer_becomes_text_and_the_next_question_follows(worker: Worker) -> None:
    interview, (first, second) = await a_live_interview()
    pcm = babble(2)

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question", question_id=first)
        await begin(candidate, first)
        done = await say(candidate, first, pcm)
        await candidate.until("question", question_id=second)

    # Its audio may be all there before its last words, or after.
    aside = {"ack", "answer_recorded"}
    heard = [m for m in candidate.heard if m["type"] not in aside and m.get("is_final") is not False]
    assert [message["type"] for message in heard] == [
        "session_ready",
        "question",
        "answer_started",
        "state",
        "transcription",
        "transcription",
        "voice_metrics",
        "answer_complete",
        "question",
    ]
    assert [message["text"] for message in heard if message["type"] == "transcription"] == segments_in(pcm)
    assert (done["text"], done["status"], done["duration_ms"]) == (text_of(pcm), "complete", 4000)
    assert candidate.said("ack")[-1]["next_chunk_index"] == len(chunks_of(pcm))
    assert len(candidate.said("answer_recorded")) == 1
    await nothing_is_left(worker)


async def test_interims_come_while_the_answer_is_spoken(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frame(0, babble(1)[:BLOCK_BYTES])
        interim = await candidate.until("transcription")

    assert (interim["is_final"], interim["text"]) == (False, text_of(babble(1)[:BLOCK_BYTES]))


async def test_the_last_answer_completes_the_interview(worker: Worker) -> None:
    interview, (only,) = await a_live_interview("Why?")

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, only)
        await say(candidate, only, babble(1))
        done = await candidate.until("interview_complete")
        candidate.say("start_answer", question_id=only, format=PCM)
        await candidate.until("error", code="INTERVIEW_ALREADY_COMPLETED")

    assert done["total_questions"] == 1
    await in_database(interview.refresh_from_db)
    assert interview.status == Interview.Status.COMPLETED


async def test_a_plain_script_gets_interims_one_final_and_the_metrics(worker: Worker) -> None:
    interview, (first, second) = await a_live_interview()
    pcm = babble(2)
    chunks = chunks_of(pcm, 16_000)

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        for index, data in enumerate(chunks):
            last = index == len(chunks) - 1
            candidate.chunk(first, index, data, is_final=last, format="pcm_s16le")
        await candidate.until("question", question_id=second)

    types = [message["type"] for message in candidate.heard]
    assert [kind for kind in types if kind != "transcription"] == ["question", "voice_metrics", "question"]
    *interims, final = candidate.said("transcription")
    assert [interim["is_final"] for interim in interims] == [False] * len(interims)
    assert interims[-1]["text"] == text_of(pcm)
    assert (final["is_final"], final["text"]) == (True, text_of(pcm))
    assert types.index("voice_metrics") == len(types) - 2


@pytest.mark.parametrize("encoding", ["webm", "wav"])
async def test_containers_are_told_by_their_first_bytes(worker: Worker, encoding: str) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        for index, data in enumerate(chunks := chunks_of(encode(babble(1), encoding), 8000)):
            candidate.chunk(first, index, data, is_final=index == len(chunks) - 1)
        final = await candidate.until("transcription", is_final=True)

    assert len(final["text"].split()) >= 3


# Reconnecting


async def test_an_answer_goes_on_after_a_reconnect_without_a_gap_or_a_doubled_word(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()
    pcm = babble(3)
    chunks = chunks_of(pcm)

    next_index = 0
    for stop in (7, 24, 40):
        async with connected(candidate_of(interview, worker)) as candidate:
            started = await begin(candidate, first)
            assert started["next_chunk_index"] == next_index
            for index in range(next_index, stop):
                candidate.frame(index, chunks[index])
            await candidate.until("ack", next_chunk_index=stop)
            next_index = stop
    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        states = [(await candidate.until("state"))["state"] for _ in range(2)]
        done = await say(candidate, first, pcm, next_index)

    assert done["text"] == text_of(pcm)
    assert states == ["catching_up", "live"]
    assert await statuses() == [Status.COMPLETE]
    await nothing_is_left(worker)


async def test_whoever_takes_the_answer_over_ends_the_older_connection(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()
    pcm = babble(2)
    chunks = chunks_of(pcm)

    async with connected(candidate_of(interview, worker)) as older:
        await begin(older, first)
        older.frames(chunks[:10])
        await older.until("ack", next_chunk_index=10)
        async with connected(candidate_of(interview, worker)) as newer:
            started = await begin(newer, first)
            older.frame(10, bytes(len(chunks[10])))
            closed = await older.until_closed()
            done = await say(newer, first, pcm, started["next_chunk_index"])

    assert (closed, older.codes) == (Close.REPLACED, ["SESSION_REPLACED"])
    assert (started["next_chunk_index"], done["text"]) == (10, text_of(pcm))
    assert newer.codes == []
    await nothing_is_left(worker)


async def test_a_silent_older_connection_is_ended_too(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as older:
        await begin(older, first)
        async with connected(candidate_of(interview, worker)) as newer:
            await begin(newer, first)
            closed = await older.until_closed()

    assert (closed, older.codes, newer.codes) == (Close.REPLACED, ["SESSION_REPLACED"], [])


async def test_two_connections_may_wait_side_by_side(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with (
        connected(candidate_of(interview, worker)) as one,
        connected(candidate_of(interview, worker)) as other,
    ):
        await one.until("question", question_id=first)
        await other.until("question", question_id=first)
        await begin(one, first)
        done = await say(one, first, babble(1))

    assert done["status"] == "complete"
    assert (one.closed, other.closed) == (None, None)


async def test_an_answer_whose_audio_is_all_here_ends_without_its_candidate(
    worker: Worker, settings: Any
) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 0.1}}}
    interview, (first, _) = await a_live_interview()
    pcm = babble(2)
    chunks = chunks_of(pcm)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frames(chunks)
        candidate.say("end_answer", question_id=first, chunk_count=len(chunks))
        await candidate.until("answer_recorded")
    assert not candidate.said("answer_complete")
    await nothing_is_left(worker)

    kept = await the_answer()
    assert (kept.status, kept.text) == (Status.COMPLETE, text_of(pcm))
    assert kept.audio and kept.handed_over_at is not None


@pytest.mark.parametrize("settle_first", [True, False])
async def test_who_reconnects_while_the_answer_finishes_ends_it_again(
    worker: Worker, settings: Any, settle_first: bool
) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 0.1}}}
    interview, (first, second) = await a_live_interview()
    pcm = babble(2)
    chunks = chunks_of(pcm)

    async with connected(candidate_of(interview, worker)) as older:
        await begin(older, first)
        older.frames(chunks)
        older.say("end_answer", question_id=first, chunk_count=len(chunks))
        await older.until("ack", next_chunk_index=len(chunks))
    if settle_first:
        await nothing_is_left(worker)
    async with connected(candidate_of(interview, worker)) as newer:
        if settle_first:
            await newer.until("question", question_id=second)
        else:
            started = await begin(newer, first)
            done = await say(newer, first, pcm, started["next_chunk_index"])
            assert (started["next_chunk_index"], done["text"]) == (len(chunks), text_of(pcm))

    assert await statuses() == [Status.COMPLETE]
    assert (await the_answer()).text == text_of(pcm)
    await nothing_is_left(worker)


@pytest.mark.parametrize("chunks", [0, 1, 12])
async def test_nothing_is_left_of_a_connection_that_ends_while_recording(worker: Worker, chunks: int) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frames(chunks_of(babble(2))[:chunks])
        if chunks:
            await candidate.until("ack", next_chunk_index=chunks)

    await nothing_is_left(worker)
    assert await statuses() == [Status.RECORDING]


async def test_nothing_is_left_of_a_connection_that_ends_in_the_middle_of_anything(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()
    chunks = chunks_of(babble(1))

    for steps in range(40):
        async with connected(candidate_of(interview, worker)) as candidate:
            candidate.say("start_answer", question_id=first, format=PCM)
            candidate.frames(chunks[:5])
            for _ in range(steps):
                await asyncio.sleep(0.001)

    await nothing_is_left(worker)
    rows = await in_database(lambda: list(AudioChunk.objects.values_list("index", "data")))
    assert [(index, bytes(data)) for index, data in rows] == list(enumerate(chunks[: len(rows)]))
    async with connected(candidate_of(interview, worker)) as candidate:
        started = await begin(candidate, first)
        done = await say(candidate, first, babble(1), started["next_chunk_index"])
    assert done["text"] == text_of(babble(1))


# What is refused


async def test_a_chunk_that_comes_again_with_other_audio_is_refused(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frame(0, b"\0\1" * 100)
        await candidate.until("ack", next_chunk_index=1)
        candidate.frame(0, b"\0\1" * 100)
        await candidate.until("ack", next_chunk_index=1)
        candidate.frame(0, b"\0\2" * 100)
        refusal = await candidate.until("error")

    assert (refusal["code"], refusal["next_chunk_index"]) == ("CHUNK_CONFLICT", 1)


async def left_in_mid_answer(interview: Interview, question_id: str, worker: Worker) -> list[bytes]:
    """Ten chunks of a script that was broken off, all of them durable."""
    chunks = chunks_of(babble(2), 12_800)
    assert len(chunks) == 10
    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        for index, data in enumerate(chunks):
            candidate.chunk(question_id, index, data, format="pcm_s16le")
        await eventually(ten_are_stored, "all are durable")
    return chunks


async def ten_are_stored() -> bool:
    return await in_database(AudioChunk.objects.count) == 10


def run_script(candidate: Peer, question_id: str, chunks: list[bytes]) -> None:
    for index, data in enumerate(chunks):
        last = index == len(chunks) - 1
        candidate.chunk(question_id, index, data, is_final=last, format="pcm_s16le")


async def test_a_script_that_is_run_again_with_another_recording_does_not_end_the_first(
    worker: Worker,
) -> None:
    interview, (first, second) = await a_live_interview()
    await left_in_mid_answer(interview, first, worker)
    other = chunks_of(babble(1, seed=2), 22_000)
    assert len(other) == 3

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        run_script(candidate, first, other)
        while len(candidate.said("error")) < 3:
            await candidate.until("error")
        kept = await statuses(), await in_database(AudioChunk.objects.count)
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code="CHUNK_CONFLICT")
        await candidate.until("question", question_id=first)
        run_script(candidate, first, other)
        final = await candidate.until("transcription", is_final=True)
        await candidate.until("question", question_id=second)

    assert candidate.codes == ["CHUNK_CONFLICT"] * 3
    assert kept == ([Status.RECORDING], 10)
    assert final["text"] == text_of(b"".join(other))
    assert await statuses() == [Status.FAILED, Status.COMPLETE]


async def test_a_script_that_is_run_again_with_the_same_recording_ends_it(worker: Worker) -> None:
    interview, (first, second) = await a_live_interview()
    chunks = await left_in_mid_answer(interview, first, worker)

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        run_script(candidate, first, chunks)
        final = await candidate.until("transcription", is_final=True)
        await candidate.until("question", question_id=second)

    assert (final["text"], candidate.codes) == (text_of(b"".join(chunks)), [])


async def test_a_gap_is_told_and_filled(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()
    pcm = babble(1)
    chunks = chunks_of(pcm)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frame(0, chunks[0])
        candidate.frame(2, chunks[2])
        refusal = await candidate.until("error")
        done = await say(candidate, first, pcm, refusal["next_chunk_index"])

    assert (candidate.codes, refusal["next_chunk_index"]) == (["CHUNK_GAP"], 1)
    assert done["text"] == text_of(pcm)


async def test_only_the_current_question_is_answered(worker: Worker) -> None:
    interview, (first, second) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("text_answer", question_id=second, answer_text="Too early.")
        candidate.say("text_answer", question_id=first, answer_text="Because.")
        candidate.say("text_answer", question_id=first, answer_text="Once more.")
        candidate.say("text_answer", question_id="none", answer_text="Nothing.")
        await candidate.until("error", code="QUESTION_NOT_FOUND")

    assert candidate.codes == ["INVALID_STATE", "QUESTION_ALREADY_ANSWERED", "QUESTION_NOT_FOUND"]
    assert (await the_answer()).text == "Because."


async def test_an_answer_that_is_too_long_is_kept_and_can_be_ended(worker: Worker, settings: Any) -> None:
    settings.ANSWER_MAX_SECONDS = 1
    interview, (first, _) = await a_live_interview()
    pcm = babble(1)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frame(0, pcm[: 3 * BLOCK_BYTES])
        await candidate.until("transcription", end_ms=1500)
        candidate.frame(1, pcm[3 * BLOCK_BYTES :])
        refusal = await candidate.until("error")
        candidate.say("end_answer", question_id=first, chunk_count=1)
        done = await candidate.until("answer_complete")

    assert (refusal["code"], refusal["next_chunk_index"]) == ("AUDIO_TOO_LONG", 1)
    assert done["text"] == text_of(pcm)


@pytest.mark.parametrize("v1", [True, False])
async def test_an_answer_that_is_too_short_is_recorded_anew(worker: Worker, v1: bool) -> None:
    interview, (first, second) = await a_live_interview()
    pcm = babble(1)

    async with connected(candidate_of(interview, worker, v1=v1)) as candidate:
        candidate.chunk(first, 0, pcm[:1000], is_final=True, format="pcm_s16le")
        refusal = await candidate.until("error")
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code=refusal["code"])
        await candidate.until("question", question_id=first)
        candidate.chunk(first, 0, pcm, is_final=True, format="pcm_s16le")
        await candidate.until("question", question_id=second)

    assert (candidate.codes, refusal["next_chunk_index"]) == (["AUDIO_TOO_SHORT"], 0)
    assert await statuses() == [Status.FAILED, Status.COMPLETE]
    assert (await the_answer(take=2)).text == text_of(pcm)
    await nothing_is_left(worker)


async def test_audio_that_can_not_be_decoded_is_recorded_anew(worker: Worker) -> None:
    interview, (first, second) = await a_live_interview()
    pcm = babble(1)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first, encoding="webm")
        candidate.frames([b"\x1a\x45\xdf\xa3" + bytes(500), bytes(500)])
        candidate.say("end_answer", question_id=first, chunk_count=2)
        refusal = await candidate.until("error")
        failed = await candidate.until("answer_complete")
        # What was on its way when the take failed.
        candidate.frame(2, bytes(500))
        await begin(candidate, first)
        done = await say(candidate, first, pcm)
        await candidate.until("question", question_id=second)

    assert (candidate.codes, refusal["next_chunk_index"]) == (["AUDIO_DECODING_FAILED"], 0)
    assert (failed["status"], failed["failure"]) == ("failed", "AUDIO_DECODING_FAILED")
    assert done["text"] == text_of(pcm)
    assert await statuses() == [Status.FAILED, Status.COMPLETE]
    await nothing_is_left(worker)


@pytest.mark.parametrize("data", [b"fLaC" + bytes(2000), b"ID3" + bytes(2000)])
async def test_audio_of_a_kind_that_is_not_accepted_is_refused(worker: Worker, data: bytes) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frame(0, data)
        await candidate.until("answer_complete", status="failed")

    assert candidate.codes == ["AUDIO_FORMAT_UNSUPPORTED"]
    await nothing_is_left(worker)


# Written answers and retries


async def test_a_written_answer_takes_the_place_of_the_spoken_one(worker: Worker) -> None:
    interview, (first, second) = await a_live_interview()

    for question_id in (first, second):
        async with connected(candidate_of(interview, worker)) as candidate:
            await begin(candidate, question_id)
            # Nothing of this has been stored when the text comes.
            candidate.frames(chunks_of(babble(3)))
            candidate.say("text_answer", question_id=question_id, answer_text="Because.")
            done = await candidate.until("answer_complete")
            await candidate.until("question", "interview_complete")

        assert (done["kind"], done["text"], candidate.codes) == ("text", "Because.", [])
        await nothing_is_left(worker)
    assert await statuses() == [Status.FAILED, Status.FAILED, Status.COMPLETE, Status.COMPLETE]


async def test_a_written_answer_of_an_interview_that_was_cancelled_is_refused(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question")
        await in_database(interviews.cancel, interview)
        candidate.say("text_answer", question_id=first, answer_text="Because.")
        await candidate.until("error", code="INTERVIEW_ALREADY_COMPLETED")

    assert await statuses() == []


async def test_a_retry_before_an_answer_asks_the_question_again(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question", question_id=first)
        for failed in ("question", "audio_chunk", "transcription"):
            candidate.say("request_retry", failed_message_type=failed)
            await candidate.until("question", question_id=first)

    assert [message["type"] for message in candidate.heard] == ["session_ready"] + ["question"] * 4


@pytest.mark.parametrize(
    ("v1", "expected"), [(True, ("ack", None)), (False, ("error", "CHUNK_GAP"))], ids=["v1", "basic"]
)
async def test_a_retry_while_recording_says_where_to_go_on(
    worker: Worker, v1: bool, expected: tuple[str, str | None]
) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker, v1=v1)) as candidate:
        candidate.chunk(first, 0, bytes(3200), format="pcm_s16le")
        await eventually(lambda: in_database(AudioChunk.objects.exists), "the chunk is durable")
        if v1:
            await candidate.until("ack", next_chunk_index=1)
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code="INVALID_AUDIO_DATA")
        told = await candidate.until("ack", "error")

    assert (told["type"], told.get("code"), told["next_chunk_index"]) == (*expected, 1)


@pytest.mark.parametrize("code", ["AUDIO_TOO_SHORT", "CHUNK_CONFLICT", "AUDIO_DECODING_FAILED"])
async def test_a_retry_while_recording_gives_the_take_up(worker: Worker, code: str) -> None:
    interview, (first, _) = await a_live_interview()
    pcm = babble(1)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frames(chunks_of(babble(2, seed=5)))
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code=code)
        await candidate.until("answer_complete", status="failed")
        await candidate.until("question", question_id=first)
        started = await begin(candidate, first)
        done = await say(candidate, first, pcm)

    assert (started["take"], started["next_chunk_index"], candidate.codes) == (2, 0, [])
    assert done["text"] == text_of(pcm)
    await nothing_is_left(worker)


async def test_a_single_take_is_given_up_so_often_and_gone_on_with_then(
    worker: Worker, settings: Any
) -> None:
    settings.GIVEN_UP_TAKES = 2
    interview, (first, _) = await a_live_interview()
    chunks = chunks_of(babble(2))

    async with connected(candidate_of(interview, worker)) as candidate:
        for _ in range(2):
            await begin(candidate, first)
            candidate.frames(chunks[:5])
            await candidate.until("ack", next_chunk_index=5)
            candidate.say("request_retry", failed_message_type="audio_chunk", error_code="AUDIO_TOO_SHORT")
            await candidate.until("question", question_id=first)
        # Where nothing was recorded nothing is given up.
        await begin(candidate, first)
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code="AUDIO_TOO_SHORT")
        await candidate.until("question", question_id=first)
        await begin(candidate, first)
        candidate.frames(chunks[:5])
        await candidate.until("ack", next_chunk_index=5)
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code="AUDIO_TOO_SHORT")
        await candidate.until("error", code="TAKES_EXHAUSTED")
        candidate.frames(chunks, first=5)
        candidate.say("end_answer", question_id=first, chunk_count=len(chunks))
        done = await candidate.until("answer_complete", status="complete")

    assert done["text"] == text_of(babble(2))


async def test_a_retry_while_the_answer_finishes_gives_nothing_up(worker: Worker, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 0.1}}}
    interview, (first, _) = await a_live_interview()
    chunks = chunks_of(babble(2))

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frames(chunks)
        candidate.say("end_answer", question_id=first, chunk_count=len(chunks))
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code="CHUNK_CONFLICT")
        candidate.say("start_answer", question_id=first, format=PCM)
        candidate.say("text_answer", question_id=first, answer_text="Because.")
        done = await candidate.until("answer_complete")

    assert candidate.codes == ["INVALID_STATE", "INVALID_STATE"]
    assert (done["text"], await statuses()) == (text_of(babble(2)), [Status.COMPLETE])


@pytest.mark.parametrize("v1", [True, False])
async def test_the_last_result_is_told_again(worker: Worker, v1: bool) -> None:
    interview, (first, second) = await a_live_interview()

    async with connected(candidate_of(interview, worker, v1=v1)) as candidate:
        candidate.chunk(first, 0, babble(1), is_final=True, format="pcm_s16le")
        await candidate.until("question", question_id=second)
        before = len(candidate.heard)
        candidate.say("request_retry", failed_message_type="transcription")
        await candidate.until("answer_complete" if v1 else "voice_metrics")
        again = candidate.heard[before:]

    types = ["voice_metrics", "answer_complete"] if v1 else ["transcription", "voice_metrics"]
    assert [message["type"] for message in again] == types
    assert again[v1]["text"] == text_of(babble(1))


async def test_after_a_give_up_that_another_connection_was_faster_than_the_session_is_replaced(
    worker: Worker,
) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        await in_database(answers.begin_answer, interview.pk, first)
        candidate.say("request_retry", failed_message_type="audio_chunk", error_code="CHUNK_CONFLICT")
        closed = await candidate.until_closed()

    assert (closed, candidate.codes) == (Close.REPLACED, ["SESSION_REPLACED"])


# What the recogniser can't do


async def test_over_capacity_the_answer_is_recorded_and_its_transcript_owed(
    worker: Worker, settings: Any
) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"capacity": 0}}}
    interview, (first, second) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        done = await say(candidate, first, babble(1))
        await candidate.until("question", question_id=second)

    assert [m["code"] for m in candidate.said("warning")] == ["CAPACITY_EXCEEDED"]
    assert [m["state"] for m in candidate.said("state")] == ["recorded_only"]
    assert (done["status"], done["failure"], done["duration_ms"]) == ("pending", "CAPACITY_EXCEEDED", 2000)
    await nothing_is_left(worker)
    kept = await the_answer()
    assert kept.audio and not await in_database(kept.chunks.exists)


async def test_a_script_over_capacity_is_told_instead_of_a_final(worker: Worker, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"capacity": 0}}}
    interview, (first, second) = await a_live_interview()

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        candidate.chunk(first, 0, babble(1), is_final=True, format="pcm_s16le")
        await candidate.until("question", question_id=second)

    assert [message["type"] for message in candidate.heard] == ["question", "error", "question"]
    assert candidate.codes == ["CAPACITY_EXCEEDED"]


async def test_a_recogniser_that_dies_leaves_the_transcript_owed(worker: Worker, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 2500}}}
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        done = await say(candidate, first, babble(3))

    assert candidate.codes == ["STT_FAILED"]
    assert [m["state"] for m in candidate.said("state")] == ["live", "recorded_only"]
    assert (done["status"], done["failure"], done["duration_ms"]) == ("pending", "STT_FAILED", 6000)
    await nothing_is_left(worker)


async def test_a_recogniser_that_falls_silent_at_the_end_leaves_the_transcript_owed(
    worker: Worker, settings: Any
) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": "tests.support.unreliable.EndlessBackend"}}
    settings.ANSWER_FINISH_TIMEOUT_SECONDS = 0.1
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        done = await say(candidate, first, babble(1))

    assert (done["status"], candidate.codes) == ("pending", ["STT_FAILED"])
    await nothing_is_left(worker)


def decoders() -> set[psutil.Process]:
    """The children of the fork server."""
    return {child for server in psutil.Process().children() for child in server.children()}


async def test_a_decoder_that_is_killed_leaves_the_transcript_owed(worker: Worker) -> None:
    # What measures a voice is a child, too.
    interview, (first, _) = await a_live_interview(metrics_sharing="off")
    chunks = chunks_of(encode(babble(2), "webm"))
    before = decoders()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first, encoding="webm")
        candidate.frames(chunks[:10])
        await candidate.until("transcription")
        [decoder] = decoders() - before
        decoder.kill()
        for index in range(10, len(chunks)):
            candidate.frame(index, chunks[index])
        candidate.say("end_answer", question_id=first, chunk_count=len(chunks))
        done = await candidate.until("answer_complete")

    assert (done["status"], done["failure"]) == ("pending", "STT_FAILED")
    await nothing_is_left(worker)
    assert (await the_answer()).audio


async def test_nobody_else_claims_an_answer_that_takes_long_to_finish(worker: Worker, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 1}}}
    settings.ANSWER_LEASE_SECONDS = 1.5
    interview, (first, _) = await a_live_interview()
    pcm = babble(3)
    claimed = []

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        finished = asyncio.create_task(say(candidate, first, pcm))
        while not finished.done():
            claimed += await in_database(lambda: list(Answer.objects.due().values_list("status", flat=True)))
            await asyncio.sleep(0.02)

    assert (await finished)["text"] == text_of(pcm)
    assert claimed == []


@pytest.mark.parametrize(
    ("steps", "status"), [(STEPS_WHILE_BUSY, "pending"), (STEPS, "complete")], ids=["owed", "complete"]
)
async def test_whose_answer_a_transcriber_takes_over_is_told_the_next_step(
    worker: Worker, settings: Any, steps: Mapping[Missing, Step], status: str
) -> None:
    slow = {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 1}}
    settings.SPEECH_BACKENDS = {"default": slow}
    interview, (first, second) = await a_live_interview()
    pcm = babble(3)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frames(chunks_of(pcm))
        candidate.say("end_answer", question_id=first, chunk_count=len(chunks_of(pcm)))
        await candidate.until("answer_recorded")
        # As after a time without the database that was longer than a lease.
        await in_database(everything_is_due)
        settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED}}
        claimed = await in_database(claim)
        assert claimed
        await work_off(claimed, steps)
        ended = await candidate.until("answer_complete", question_id=first)
        await candidate.until("question", question_id=second)
        await begin(candidate, second)

    assert ended["status"] == status
    assert (await in_database(Answer.objects.get, pk=claimed.pk)).text in {"", text_of(pcm)}


async def test_the_audio_of_a_take_that_failed_is_kept_for_a_while(worker: Worker, settings: Any) -> None:
    settings.FAILED_TAKE_SECONDS = 1000
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frame(0, babble(1)[:1000])
        candidate.say("end_answer", question_id=first, chunk_count=1)
        await candidate.until("answer_complete", status="failed")
    await nothing_is_left(worker)

    answer = await the_answer()
    assert answer.owed_at
    assert 900 < (answer.owed_at - timezone.now()).total_seconds() <= 1000
    assert await in_database(answer.chunks.exists)


async def test_over_all_takes_an_interview_holds_so_much_and_the_rest_is_written(
    worker: Worker, settings: Any
) -> None:
    settings.INTERVIEW_MAX_BYTES = 440_000
    interview, (first, second) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        for _ in range(2):
            await begin(candidate, first)
            candidate.frames(chunks_of(babble(2)))
            await candidate.until("ack", next_chunk_index=40)
            candidate.say("request_retry", failed_message_type="audio_chunk", error_code="CHUNK_CONFLICT")
            await candidate.until("question", question_id=first)
        candidate.say("start_answer", question_id=first, format={"encoding": "pcm_s16le"})
        await candidate.until("error", code="INTERVIEW_FULL", fallback_option="text_answer")
        candidate.say("text_answer", question_id=first, answer_text="Because.")
        await candidate.until("question", question_id=second)


async def test_a_language_that_no_recogniser_knows_is_recorded_and_owed(
    worker: Worker, settings: Any
) -> None:
    interview, (first, second) = await a_live_interview(language="de-DE")
    # The site's recogniser has become another since.
    pocketsphinx = "speech.backends.pocketsphinx.PocketSphinxBackend"
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": pocketsphinx}}

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        done = await say(candidate, first, babble(1))
        await candidate.until("question", question_id=second)

    assert [m["state"] for m in candidate.said("state")] == ["recorded_only"]
    assert (done["status"], done["failure"], done["duration_ms"]) == ("pending", "STT_FAILED", 2000)
    await eventually(lambda: worker.is_idle, "its audio is stored")
    assert (await the_answer()).audio


async def test_over_capacity_an_answer_that_goes_on_is_never_called_live(
    worker: Worker, settings: Any
) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"capacity": 0}}}
    interview, (first, _) = await a_live_interview()
    chunks = chunks_of(pcm := babble(1))
    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frames(chunks[:10])
        await candidate.until("ack", next_chunk_index=10)

    async with connected(candidate_of(interview, worker)) as candidate:
        started = await begin(candidate, first)
        done = await say(candidate, first, pcm, started["next_chunk_index"])

    assert [m["state"] for m in candidate.said("state")] == ["recorded_only"]
    assert (started["next_chunk_index"], done["duration_ms"]) == (10, 2000)


# What our own side can't do


async def test_a_fault_at_the_end_of_an_answer_is_told_and_costs_no_audio(
    worker: Worker, settings: Any
) -> None:
    interview, (first, _) = await a_live_interview()
    usual = settings.INTERVIEW_ORCHESTRATOR
    chunks = chunks_of(pcm := babble(1))

    settings.INTERVIEW_ORCHESTRATOR = "tests.support.orchestrators.BrokenAfterAnswers"
    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        candidate.frames(chunks)
        candidate.say("end_answer", question_id=first, chunk_count=len(chunks))
        closed = await candidate.until_closed()
    between = await statuses()
    settings.INTERVIEW_ORCHESTRATOR = usual
    async with connected(candidate_of(interview, worker)) as again:
        started = await begin(again, first)
        done = await say(again, first, pcm, started["next_chunk_index"])

    assert (closed, candidate.codes) == (Close.TRY_LATER, ["INTERNAL_ERROR"])
    assert between == [Status.FINISHING]
    assert (started["next_chunk_index"], done["text"]) == (len(chunks), text_of(pcm))


@pytest.mark.parametrize(
    ("end", "left"),
    [
        (interviews.cancel, [(Status.COMPLETE, text_of(babble(1)))]),
        (lambda interview: erase([interview]), []),
    ],
    ids=["cancelled", "deleted"],
)
async def test_a_plain_script_whose_interview_ends_before_it_goes_on_is_asked_nothing_more(
    worker: Worker, settings: Any, end: Callable[[Interview], Any], left: list[tuple[str, str]]
) -> None:
    settings.INTERVIEW_ORCHESTRATOR = "tests.support.orchestrators.AwayAfterAnswers"
    AwayAfterAnswers.asked = 0
    questions: list[Any] = [{"text": "Why you?", "takes_allowed": 2}, "Why us?"]
    interview, (first, _) = await a_live_interview(*questions)

    async with connected(candidate_of(interview, worker, v1=False)) as candidate:
        candidate.chunk(first, 0, babble(1), is_final=True, format="pcm_s16le")
        # Its take is to count, and what comes after it can't be read yet.
        await eventually(lambda: AwayAfterAnswers.asked, "somebody asks what comes next")
        await in_database(end, interview)
        closed = await candidate.until_closed()
    await nothing_is_left(worker)

    # Both who records and who compares with the rows find that it is over, and either may be first.
    assert (closed, set(candidate.codes)) == (Close.NOT_ALLOWED, {"INTERVIEW_ALREADY_COMPLETED"})
    assert [message["question_id"] for message in candidate.said("question")] == [first]
    assert await in_database(lambda: list(Answer.objects.values_list("status", "text"))) == left


async def test_a_chunk_of_a_take_that_failed_meanwhile_is_not_acknowledged(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()
    header = b"\x1a\x45\xdf\xa3"

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first, encoding="webm")
        candidate.frame(0, header)
        await candidate.until("ack", next_chunk_index=1)
        with away(AudioChunk):
            # While it can't be said whether the first came before, the second shows that none is WebM.
            candidate.frame(1, bytes(5000))
            candidate.frame(0, header)
            await candidate.until("answer_complete", status="failed")
        candidate.say("ping")
        await candidate.until("pong")

    assert candidate.codes == ["AUDIO_DECODING_FAILED"]
    assert [m["next_chunk_index"] for m in candidate.said("ack")] == [1]
    await nothing_is_left(worker)


async def test_a_recogniser_that_dies_while_the_database_is_away_leaves_the_rest_owed(
    worker: Worker, settings: Any
) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 2500}}}
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0
    interview, (first, _) = await a_live_interview()
    pcm = babble(3)
    chunks = chunks_of(pcm)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        await candidate.until("state", state="live")
        with away(Segment):
            # The first final can't be stored, and whoever reads what the recogniser says waits for that.
            candidate.frames(chunks[:30])
            await eventually(lambda: not get_backend().running, "it is lost")  # type: ignore[attr-defined]
            candidate.frames(chunks, 30)
            await candidate.until("error", code="STT_FAILED")
        candidate.say("end_answer", question_id=first, chunk_count=len(chunks))
        done = await candidate.until("answer_complete")

    assert candidate.codes == ["STT_FAILED"]
    assert [m["state"] for m in candidate.said("state")] == ["live", "recorded_only"]
    assert [m["text"] for m in candidate.said("transcription") if m["is_final"]] == segments_in(pcm)[:1]
    assert (done["status"], done["failure"], done["duration_ms"]) == ("pending", "STT_FAILED", 6000)
    await nothing_is_left(worker)


# What a connection may ask of us


async def test_who_says_nothing_is_disconnected(worker: Worker, settings: Any) -> None:
    settings.SOCKET_IDLE_SECONDS = 0.2
    interview, _ = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        closed = await candidate.until_closed()

    assert (closed, candidate.codes) == (Close.IDLE, ["TIMEOUT"])


async def test_signs_of_life_keep_the_connection(worker: Worker, settings: Any) -> None:
    settings.SOCKET_IDLE_SECONDS = 0.3
    interview, _ = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        for _ in range(10):
            candidate.say("ping")
            await candidate.until("pong")
            await asyncio.sleep(0.06)

    assert candidate.closed is None


async def test_while_recording_only_audio_is_a_sign_of_life(worker: Worker, settings: Any) -> None:
    settings.SOCKET_IDLE_SECONDS = 0.3
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        pinging = asyncio.create_task(keep_pinging(candidate))
        closed = await candidate.until_closed()
        pinging.cancel()

    assert (closed, candidate.codes) == (Close.IDLE, ["TIMEOUT"])
    await nothing_is_left(worker)


async def test_who_waits_for_their_transcript_is_not_idle(worker: Worker, settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": "tests.support.unreliable.EndlessBackend"}}
    settings.SOCKET_IDLE_SECONDS = 0.2
    settings.ANSWER_FINISH_TIMEOUT_SECONDS = 0.6
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        done = await say(candidate, first, babble(1))

    # The recogniser was given up, not the candidate.
    assert done["status"] == "pending"


async def keep_pinging(candidate: Peer) -> None:
    while True:
        candidate.say("ping")
        await asyncio.sleep(0.05)


async def test_too_many_messages_are_refused_and_then_the_connection(worker: Worker, settings: Any) -> None:
    settings.SOCKET_MESSAGES_PER_SECOND = 5
    interview, _ = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        for _ in range(11):
            candidate.say("ping")
        closed = await candidate.until_closed()

    assert closed is Close.TRY_LATER
    assert candidate.codes == ["RATE_LIMIT_EXCEEDED"] * 6


async def test_audio_is_not_counted_as_messages(worker: Worker, settings: Any) -> None:
    settings.SOCKET_MESSAGES_PER_SECOND = 5
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        done = await say(candidate, first, babble(2))

    assert (done["status"], candidate.codes) == ("complete", [])


async def test_audio_over_the_bound_is_dropped_and_can_be_sent_again(worker: Worker, settings: Any) -> None:
    settings.AUDIO_BACKLOG_BYTES = 80_000
    interview, (first, _) = await a_live_interview()
    pcm = babble(2)
    chunks = chunks_of(pcm)

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        # All at once: nothing of it can be stored before the bound is reached.
        candidate.frames(chunks[:30])
        refusal = await candidate.until("error")
        await candidate.until("ack", next_chunk_index=24)
        done = await say(candidate, first, pcm, 24)

    assert refusal["code"] == "AUDIO_BACKLOG"
    assert done["text"] == text_of(pcm)


@pytest.mark.parametrize("v1", [True, False])
async def test_who_was_refused_because_of_others_is_told_when_to_go_on(
    worker: Worker, settings: Any, v1: bool
) -> None:
    interview, (first, _) = await a_live_interview()
    pcm = babble(2)
    chunks = chunks_of(pcm)

    async with connected(candidate_of(interview, worker, v1=v1)) as candidate:
        await candidate.until("question")
        candidate.chunk(first, 0, chunks[0], format=PCM)
        await eventually(lambda: in_database(AudioChunk.objects.exists), "the first one is stored")
        settings.JOURNAL_MAX_BYTES = 0
        candidate.chunk(first, 1, chunks[1])
        refusal = await candidate.until("error")
        settings.JOURNAL_MAX_BYTES = 1_000_000
        goes_on = await candidate.until(*(["ack"] if v1 else ["error"]), next_chunk_index=1)
        for index, data in enumerate(chunks[1:], start=1):
            candidate.chunk(first, index, data, is_final=index == len(chunks) - 1)
        done = await (
            candidate.until("answer_complete") if v1 else candidate.until("transcription", is_final=True)
        )

    assert refusal["code"] == "AUDIO_BACKLOG"
    assert goes_on.get("code") == (None if v1 else "CHUNK_GAP")
    assert done["text"] == text_of(pcm)


@pytest.mark.parametrize("size", [3200, 1])
async def test_who_ignores_that_is_disconnected(worker: Worker, settings: Any, size: int) -> None:
    settings.AUDIO_BACKLOG_BYTES = 64_000
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        for index in range(300):
            candidate.frame(index, bytes(size))
        closed = await candidate.until_closed()

    assert (closed, set(candidate.codes)) == (Close.TOO_MUCH, {"AUDIO_BACKLOG"})
    await nothing_is_left(worker)


async def test_what_can_not_be_read_is_answered(worker: Worker) -> None:
    interview, _ = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        candidate.say("dance")
        candidate.say("end_answer")
        await candidate.until("error", code="MISSING_REQUIRED_FIELD")

    assert candidate.codes == ["UNKNOWN_MESSAGE_TYPE", "MISSING_REQUIRED_FIELD"]


# What ends a connection from outside


async def test_a_new_link_ends_the_old_one_s_connections(worker: Worker) -> None:
    interview, _ = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question")
        await in_database(interviews.new_link, await in_database(Interview.objects.get, pk=interview.pk))
        closed = await candidate.until_closed()

    assert (closed, candidate.codes) == (Close.NOT_ALLOWED, ["FORBIDDEN"])


async def test_cancelling_ends_the_connection_and_its_recording(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        await in_database(interviews.cancel, interview)
        closed = await candidate.until_closed()

    assert (closed, candidate.codes) == (Close.NOT_ALLOWED, ["INTERVIEW_ALREADY_COMPLETED"])
    await nothing_is_left(worker)


async def test_deleting_the_interview_ends_the_connection(worker: Worker) -> None:
    interview, _ = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await candidate.until("question")
        await in_database(Interview.objects.filter(pk=interview.pk).delete)
        closed = await candidate.until_closed()

    assert closed is Close.NOT_ALLOWED


async def test_deleting_its_data_ends_the_answer_that_is_being_recorded(worker: Worker) -> None:
    interview, (first, _) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        await in_database(erase, [interview])
        candidate.frame(0, babble(1)[:3200])
        closed = await candidate.until_closed()

    # Both who records and who compares with the rows find that it is over, and either may be first.
    assert (closed, set(candidate.codes)) == (Close.NOT_ALLOWED, {"INTERVIEW_ALREADY_COMPLETED"})
    assert not await in_database(AudioChunk.objects.exists)
    await nothing_is_left(worker)


async def test_a_link_that_runs_out_lets_the_answer_end(worker: Worker) -> None:
    interview, (first, second) = await a_live_interview()

    async with connected(candidate_of(interview, worker)) as candidate:
        await begin(candidate, first)
        await in_database(Interview.objects.update, expires_at=timezone.now())
        done = await say(candidate, first, babble(1))
        await candidate.until("question", question_id=second)
        candidate.say("start_answer", question_id=second, format=PCM)
        await candidate.until("error", code="INTERVIEW_ALREADY_COMPLETED")

    assert done["status"] == "complete"

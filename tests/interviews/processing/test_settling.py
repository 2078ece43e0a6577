from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from django.core.files.base import File
from msgspec import to_builtins

from interviews.database import in_database
from interviews.errors import Code, StaleEpoch
from interviews.models import Answer, AudioChunk, AudioPart, Interview, Question, from_now
from interviews.orchestration import Orchestrator, answer_completed
from interviews.processing.audio_files import store_audio
from interviews.processing.chunks import ChunksGone
from interviews.processing.settling import STEPS, claim, hand_over, settle, work_off, work_off_one
from interviews.services import interviews, owing
from interviews.services.answers import (
    add_segment,
    begin_answer,
    complete_answer,
    owe_transcript,
    write_answer,
)
from interviews.wire.metrics import answer_metrics, stored_metrics
from speech.audio import AudioFormat, Peaks, read_pcm
from speech.backends import get_backend
from speech.backends.scripted import Script
from speech.events import Final
from speech.metrics import unavailable
from tests.support.answers import SCRIPTED, babble, text_of
from tests.support.live import a_live_interview, eventually
from tests.support.running import everything_is_due, files, owed, recorded

pytestmark = pytest.mark.django_db(transaction=True)

Status = Answer.Status
PCM = AudioFormat("pcm_s16le")


class Recorder(Orchestrator):
    """Remembers what it was handed; fails as often as it is told to, or hangs until it is told."""

    handed: list[tuple[Any, ...]] = []
    ended: list[Any] = []
    failures = 0
    hanging: threading.Event | None = None

    def handle_voice_answer(
        self,
        interview: Interview,
        question: Question,
        answer: Answer,
        audio: File[Any] | None,
        transcription: str,
        voice_metrics: dict[str, Any] | None,
    ) -> None:
        sound = audio.size if audio else None
        self.handed.append((interview.pk, question.pk, answer.pk, sound, transcription, voice_metrics))
        if Recorder.failures:
            Recorder.failures -= 1
            raise ConnectionError("the other side is away")
        if Recorder.hanging:
            Recorder.hanging.wait()
        Recorder.ended.append(answer.pk)


@pytest.fixture(autouse=True)
def handed(settings: Any) -> Iterator[list[tuple[Any, ...]]]:
    settings.INTERVIEW_ORCHESTRATOR = "tests.interviews.processing.test_settling.Recorder"
    Recorder.handed, Recorder.ended, Recorder.failures = [], [], 0
    yield Recorder.handed
    Recorder.handed, Recorder.ended, Recorder.failures = [], [], 0


async def fresh(answer: Answer) -> Answer:
    return await in_database(Answer.objects.get, pk=answer.pk)


async def sound_of(answer: Answer) -> bytes:
    with await asyncio.to_thread((await fresh(answer)).audio.open, "rb") as file:
        async with aclosing(read_pcm(file)) as pcm:
            return b"".join([block async for block in pcm])


async def chunks_left() -> tuple[int, int]:
    return await in_database(lambda: (AudioChunk.objects.count(), AudioPart.objects.count()))


def peaks_of(pcm: bytes) -> bytes:
    peaks = Peaks()
    peaks.add(pcm)
    return peaks.result


async def lapse() -> None:
    await in_database(everything_is_due)


# The audio file


async def test_one_file_takes_the_place_of_the_chunks(settings: Any) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(2)
    answer = await in_database(owed, interview, pcm)

    await store_audio(answer)

    assert await sound_of(answer) == pcm
    assert await chunks_left() == (0, 0)
    assert files(settings) == [f"{answer.pk}-1.flac"]
    assert bytes((await fresh(answer)).peaks or b"") == peaks_of(pcm)


async def test_storing_again_changes_nothing(settings: Any) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(1))
    await store_audio(answer)
    before = await fresh(answer)

    await store_audio(answer)

    assert (await fresh(answer)).audio.name == before.audio.name
    assert files(settings) == [f"{answer.pk}-1.flac"]


async def test_of_two_who_store_it_at_once_one_file_is_left(settings: Any) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(1)
    answer = await in_database(owed, interview, pcm)

    ends = await asyncio.gather(store_audio(answer), store_audio(answer), return_exceptions=True)

    assert {type(end) for end in ends} <= {type(None), StaleEpoch, ChunksGone}
    assert len(files(settings)) == 1
    assert await sound_of(answer) == pcm
    assert await chunks_left() == (0, 0)


@pytest.mark.parametrize("status", [Status.RECORDING, Status.FINISHING, Status.FAILED])
async def test_audio_is_stored_only_when_it_answers_its_question(settings: Any, status: str) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(1))
    await in_database(Answer.objects.update, status=status)

    await store_audio(answer)

    assert (files(settings), await chunks_left()) == ([], (20, 1))


async def test_chunks_that_can_not_be_decoded_are_kept(settings: Any) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, b"\x1a\x45\xdf\xa3" + bytes(5000), AudioFormat("webm"))

    await store_audio(answer)

    assert (files(settings), await chunks_left()) == ([], (2, 1))


async def test_a_storage_that_is_no_folder_takes_the_file_too(settings: Any) -> None:
    remote = {"BACKEND": "tests.support.away.RemoteStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": remote}
    interview, _ = await a_live_interview()
    pcm = babble(1)
    answer = await in_database(owed, interview, pcm)

    await store_audio(answer)

    assert await sound_of(answer) == pcm
    assert (files(settings), await chunks_left()) == ([], (0, 0))


async def test_who_finds_the_chunks_taken_while_they_read_them_leaves_the_answer_to_whoever_took_them(
    handed: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(complete_answer, answer, 2000, 0.8, unavailable())
    await in_database(AudioChunk.objects.filter(index=3).delete)

    await settle(answer)

    assert handed == []
    assert [r.levelname for r in caplog.records if r.name == "interviews.processing.settling"] == ["INFO"]


# The hand-over


async def test_a_complete_answer_is_handed_over_once_with_all_that_it_has(handed: list[Any]) -> None:
    interview, (_first, _) = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(complete_answer, answer, 2000, 0.8, unavailable())
    signalled = []

    def receive(sender: type[Answer], answer: Answer, **_: Any) -> None:
        signalled.append(answer.pk)

    answer_completed.connect(receive)
    try:
        await settle(answer)
        await settle(answer)
    finally:
        answer_completed.disconnect(receive)

    kept = await fresh(answer)
    size = await asyncio.to_thread(lambda: kept.audio.size)
    assert kept.voice_metrics
    metrics = to_builtins(answer_metrics(kept.voice_metrics))
    assert handed == [(interview.pk, answer.question_id, answer.pk, size, "", metrics)]
    assert signalled == [answer.pk]
    assert (kept.handed_over_at is not None, kept.owed_at) == (True, None)


async def test_a_written_answer_is_handed_over_without_audio_and_metrics(handed: list[Any]) -> None:
    interview, (first, _) = await a_live_interview()
    await in_database(interviews.start, interview.pk)
    change = await in_database(write_answer, interview.pk, first, "Because.")
    assert change.answer

    await settle(change.answer)

    assert handed == [
        (interview.pk, change.answer.question_id, change.answer.pk, None, "Because.", None),
    ]


async def test_what_has_no_transcript_yet_is_not_handed_over(handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(1))

    await settle(answer)

    assert handed == []
    assert (await fresh(answer)).handed_over_at is None


async def test_a_hand_over_that_fails_is_tried_again_later(handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(complete_answer, answer, 2000, 0.8, unavailable())
    Recorder.failures = 2

    await settle(answer)
    at_once, problem = await work_off_one(), (await fresh(answer)).last_problem
    await lapse()
    failing = await work_off_one()
    await lapse()
    working = await work_off_one()

    assert (at_once, failing, working) == (False, True, True)
    assert problem == "ConnectionError"
    assert [entry[2] for entry in handed] == [answer.pk] * 3
    kept = await fresh(answer)
    assert (kept.handed_over_at is not None, kept.owed_at, kept.attempts) == (True, None, 0)
    assert not await work_off_one()


async def test_a_hand_over_that_hangs_is_waited_for_no_more_and_tried_again(
    settings: Any, handed: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings.HAND_OVER_TIMEOUT_SECONDS = 1
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(complete_answer, answer, 2000, 0.8, unavailable())
    Recorder.hanging = threading.Event()

    began = monotonic()
    await settle(answer)
    took_seconds = monotonic() - began
    given_up = await fresh(answer)
    problems = [record for record in caplog.records if record.levelname == "ERROR"]
    hanging, Recorder.hanging = Recorder.hanging, None
    await lapse()
    again = await work_off_one()
    hanging.set()
    await eventually(lambda: len(Recorder.ended) == 2, "the first one ends too")

    assert 1 <= took_seconds < 5
    assert (given_up.handed_over_at, given_up.last_problem, given_up.attempts) == (None, "TimeoutError", 1)
    assert len(problems) == 1
    assert again
    assert [entry[2] for entry in handed] == [answer.pk] * 2
    kept = await fresh(answer)
    assert (kept.handed_over_at is not None, kept.owed_at, kept.attempts) == (True, None, 0)


async def test_a_receiver_that_fails_is_told_again(handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(complete_answer, answer, 2000, 0.8, unavailable())
    told = []

    def receive(sender: type[Answer], answer: Answer, **_: Any) -> None:
        told.append(answer.pk)
        if len(told) == 1:
            raise ConnectionError

    answer_completed.connect(receive)
    try:
        with pytest.raises(ConnectionError):
            await in_database(hand_over, answer.pk)
        await in_database(hand_over, answer.pk)
        await in_database(hand_over, answer.pk)
    finally:
        answer_completed.disconnect(receive)

    assert told == [answer.pk, answer.pk]


# What is owed


@pytest.mark.parametrize("stored", [True, False], ids=["from the file", "from the chunks"])
async def test_an_owed_transcript_is_made_later(handed: list[Any], stored: bool) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(2)
    answer = await in_database(owed, interview, pcm)
    if stored:
        await store_audio(answer)

    done = [await work_off_one(), await work_off_one()]

    kept = await fresh(answer)
    assert done == [True, False]
    assert (kept.status, kept.text, kept.duration_ms) == (Status.COMPLETE, text_of(pcm), 4000)
    assert await sound_of(answer) == pcm
    assert [entry[4] for entry in handed] == [text_of(pcm)]


async def test_an_owed_transcript_goes_on_after_its_last_segment() -> None:
    interview, _ = await a_live_interview()
    pcm = babble(4)
    answer = await in_database(owed, interview, pcm)
    said = [event for event in Script(0, "an earlier one").hear(pcm) if isinstance(event, Final)]
    for index, final in enumerate(said[:2]):
        await in_database(add_segment, answer, index, final)
    await lapse()

    await work_off_one()

    recognisers = await in_database(lambda: list(answer.segments.values_list("recogniser", flat=True)))
    assert recognisers == ["an earlier one", "an earlier one", "scripted-1", "scripted-1"]
    assert ((await fresh(answer)).status, (await fresh(answer)).text) == (Status.COMPLETE, text_of(pcm))


async def test_a_transcript_that_breaks_off_is_made_in_the_end(settings: Any) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(4)
    answer = await in_database(owed, interview, pcm)
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"fail_after_ms": 5000}}}
    settings.SPEECH_FALLBACK_AFTER_SECONDS = 0

    broken = await work_off_one()
    between = (await fresh(answer)).status
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED}}
    await lapse()
    done = await work_off_one()

    assert (broken, between, done) == (True, Status.PENDING, True)
    assert ((await fresh(answer)).status, (await fresh(answer)).text) == (Status.COMPLETE, text_of(pcm))


async def test_an_answer_whose_worker_died_while_it_finished_is_worked_off(handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(1)
    answer = await in_database(recorded, interview, pcm)
    too_early = await work_off_one()
    await lapse()

    done = [await work_off_one() for _ in range(3)]

    await in_database(interview.refresh_from_db)
    assert (too_early, done) == (False, [True, False, False])
    assert ((await fresh(answer)).status, (await fresh(answer)).text) == (Status.COMPLETE, text_of(pcm))
    assert interview.current_question_id != answer.question_id
    assert [entry[2] for entry in handed] == [answer.pk]


def left_alone(interview: Interview, pcm: bytes) -> Answer:
    """An answer whose candidate was cut off and has not been back for longer than they are waited for."""
    answer = recorded(interview, pcm)
    Answer.objects.filter(pk=answer.pk).update(status=Status.RECORDING, ended_at=None, owed_at=from_now(-1))
    return answer


async def test_an_answer_whose_candidate_never_came_back_ends_with_what_was_saved(handed: list[Any]) -> None:
    interview, (_, second) = await a_live_interview()
    pcm = babble(2)
    answer = await in_database(left_alone, interview, pcm)

    done = [await work_off_one() for _ in range(3)]

    await in_database(interview.refresh_from_db)
    ended = await fresh(answer)
    assert done == [True, False, False]
    assert (ended.status, ended.text, ended.duration_ms) == (Status.COMPLETE, text_of(pcm), len(pcm) // 32)
    assert ended.ended_at
    assert str(interview.current_question_id) == second
    assert [entry[2] for entry in handed] == [answer.pk]


async def test_where_nothing_was_saved_the_question_stays_open(handed: list[Any]) -> None:
    interview, (first, _) = await a_live_interview()
    answer = await in_database(left_alone, interview, b"")

    done = [await work_off_one() for _ in range(2)]

    await in_database(interview.refresh_from_db)
    assert (done, handed) == ([True, False], [])
    assert ((await fresh(answer)).status, (await fresh(answer)).failure) == (Status.FAILED, "AUDIO_TOO_SHORT")
    assert str(interview.current_question_id) == first


async def test_a_candidate_who_comes_back_just_then_goes_on() -> None:
    interview, (first, _) = await a_live_interview()
    answer = await in_database(left_alone, interview, babble(1))
    claimed = await in_database(claim)
    assert claimed
    begun = await in_database(begin_answer, interview.pk, first)

    await work_off(claimed, STEPS)

    assert begun.answer == answer
    assert (await fresh(answer)).status == Status.RECORDING


async def test_while_recognisers_are_busy_only_transcripts_wait(settings: Any) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await lapse()

    settings.SPEECH_BACKENDS = {"default": {"BACKEND": "tests.support.unreliable.BusyBackend"}}
    busy = [await work_off_one() for _ in range(2)]
    between = await fresh(answer)
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED}}
    idle = await work_off_one()

    assert (busy, idle) == ([True, False], True)
    assert (between.status, bool(between.audio)) == (Status.PENDING, True)
    assert (await fresh(answer)).status == Status.COMPLETE


async def test_what_a_process_left_that_died_while_it_stored_is_deleted(settings: Any) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(1)
    answer = await in_database(owed, interview, pcm)
    half = settings.MEDIA_ROOT / "answers" / str(interview.pk) / f"{answer.pk}-1.flac"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"fLaC and then")

    await work_off_one()

    assert await sound_of(answer) == pcm
    assert files(settings) == [f"{answer.pk}-2.flac"]


async def test_who_has_lost_the_answer_touches_neither_its_file_nor_its_chunks(settings: Any) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(1)
    answer = await in_database(owed, interview, pcm)
    theirs = await fresh(answer)
    await in_database(owing.take, theirs)

    await store_audio(answer)
    before = await chunks_left()
    await settle(await fresh(answer))
    await store_audio(answer)

    assert before == (20, 1)
    assert await sound_of(answer) == pcm
    assert files(settings) == [f"{answer.pk}-2.flac"]


async def test_a_full_disk_costs_no_audio(settings: Any, tmp_path: Path, handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    pcm = babble(1)
    answer = await in_database(owed, interview, pcm)
    room = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = tmp_path / "a file"
    settings.MEDIA_ROOT.write_text("where a folder is needed")

    full = await work_off_one()
    between = await fresh(answer)
    settings.MEDIA_ROOT = room
    await lapse()
    done = await work_off_one()

    assert (full, done) == (True, True)
    assert (between.status, between.text, bool(between.audio)) == (Status.COMPLETE, text_of(pcm), False)
    assert await sound_of(answer) == pcm
    assert [entry[2] for entry in handed] == [answer.pk]


async def test_an_owed_transcript_goes_on_after_the_last_final_and_is_measured_as_a_whole(
    handed: list[Any],
) -> None:
    interview, _ = await a_live_interview("1", "2")
    pcm = babble(40)
    undisturbed = await in_database(owed, interview, pcm)
    await work_off_one()
    await in_database(interview.refresh_from_db)
    answer = await in_database(recorded, interview, pcm)
    script = Script(0, "scripted-1")
    heard = [event for event in script.hear(pcm[: 30 * 64_000]) if isinstance(event, Final)]
    for index, event in enumerate(heard):
        await in_database(add_segment, answer, index, event)
    await in_database(owe_transcript, answer, Code.STT_FAILED, None)
    await in_database(owing.leave, answer)

    await work_off_one()

    kept, whole = await fresh(answer), await fresh(undisturbed)
    assert (kept.status, kept.text, kept.confidence) == (Status.COMPLETE, text_of(pcm), whole.confidence)
    assert kept.voice_metrics
    assert kept.voice_metrics == whole.voice_metrics
    assert [entry[-1] for entry in handed] == [to_builtins(answer_metrics(kept.voice_metrics))] * 2


async def test_what_can_not_be_measured_is_handed_over_without_numbers(
    handed: list[Any], settings: Any
) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(complete_answer, answer, 2000, 0.8, None)
    await store_audio(answer)
    (settings.MEDIA_ROOT / (await fresh(answer)).audio.name).write_bytes(b"fLaC" + bytes(500))

    await settle(answer)

    assert (await fresh(answer)).voice_metrics == stored_metrics(unavailable())
    assert len(handed) == 1


async def test_measures_that_were_taken_are_not_taken_again(handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(recorded, interview, babble(1))
    await in_database(complete_answer, answer, 2000, 0.8, unavailable())

    await settle(answer)

    assert (await fresh(answer)).voice_metrics == stored_metrics(unavailable())


async def test_two_transcribers_do_everything_once(handed: list[Any], settings: Any) -> None:
    interview, _ = await a_live_interview("1", "2", "3", "4")
    sounds = [babble(2, seed=seed) for seed in range(4)]
    answers = [await in_database(owed, interview, pcm) for pcm in sounds]

    async def transcriber() -> None:
        while await work_off_one():
            pass

    await asyncio.gather(transcriber(), transcriber())

    assert [(await fresh(answer)).text for answer in answers] == [text_of(pcm) for pcm in sounds]
    assert sorted(entry[2] for entry in handed) == sorted(answer.pk for answer in answers)
    assert len(files(settings)) == 4
    assert await chunks_left() == (0, 0)


async def test_a_transcriber_keeps_what_it_works_on_for_as_long_as_it_takes(settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 1}}}
    settings.ANSWER_LEASE_SECONDS = 0.6
    interview, _ = await a_live_interview()
    # No final comes before the end.
    answer = await in_database(owed, interview, babble(1))
    working = asyncio.create_task(work_off_one())
    others = []

    await eventually(lambda: get_backend().running, "it hears")  # type: ignore[attr-defined]
    while not working.done():
        others.append(await work_off_one())
        await asyncio.wait([working], timeout=0.05)

    assert set(others) == {False}
    assert (await fresh(answer)).status == Status.COMPLETE
    assert (await fresh(answer)).epoch == 2


async def test_over_capacity_a_transcript_waits(settings: Any) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"capacity": 0}}}
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(1))

    refused = await work_off_one()
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED}}
    too_early = await work_off_one()
    await lapse()

    assert (refused, too_early, await work_off_one()) == (False, False, True)
    assert (await fresh(answer)).status == Status.COMPLETE


async def test_an_owed_answer_that_can_not_be_decoded_fails_with_the_reason(handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, b"\x1a\x45\xdf\xa3" + bytes(5000), AudioFormat("webm"))

    done = [await work_off_one(), await work_off_one()]

    kept = await fresh(answer)
    assert done == [True, False]
    assert (kept.status, kept.failure) == (Status.FAILED, "AUDIO_DECODING_FAILED")
    assert (handed, await chunks_left()) == ([], (2, 1))


async def test_what_somebody_took_over_meanwhile_is_left_to_them(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SPEECH_BACKENDS = {"default": {"BACKEND": SCRIPTED, "OPTIONS": {"seconds_per_second": 0.2}}}
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(2))
    working = asyncio.create_task(work_off_one())
    await eventually(lambda: get_backend().running, "it hears")  # type: ignore[attr-defined]

    await in_database(Answer.objects.update, epoch=7)

    assert await working
    assert [
        record.levelname for record in caplog.records if record.name == "interviews.processing.settling"
    ] == ["INFO"]
    assert (await fresh(answer)).status == Status.PENDING


async def test_one_that_can_not_be_done_does_not_hold_up_the_others(handed: list[Any]) -> None:
    interview, _ = await a_live_interview()
    first, second = [await in_database(owed, interview, babble(1, seed=seed)) for seed in range(2)]
    # Its file is gone.
    await in_database(Answer.objects.filter(pk=first.pk).update, audio="answers/gone.flac")

    done = [await work_off_one() for _ in range(3)]

    assert done == [True, True, False]
    assert (await fresh(first)).status == Status.PENDING
    assert (await fresh(second)).status == Status.COMPLETE

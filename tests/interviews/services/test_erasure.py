"""Deleted is deleted: in rows, files, and the bytes of both, whoever is writing meanwhile."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews import access
from interviews.database import in_database
from interviews.errors import Close, Code, InterviewError, StaleEpoch
from interviews.live.journal import Journal
from interviews.live.worker import Worker
from interviews.models import (
    Answer,
    AudioChunk,
    AudioPart,
    Correction,
    Interview,
    Invitation,
    Note,
    Remeasurement,
    Retranscription,
    Segment,
    audio_folder,
)
from interviews.orchestration import interview_erased
from interviews.processing.audio_files import store_file
from interviews.processing.chunks import ChunksGone
from interviews.processing.hearing import transcribe_answer
from interviews.processing.settling import settle
from interviews.services import answers, interviews, owing, retention
from interviews.services.candidate_heard import record_heard
from interviews.services.erasure import erase, is_to_be_scrubbed, scrub, sweep, to_sweep
from speech.events import Final, Resume
from speech.metrics import unavailable
from tests.support.answers import babble
from tests.support.clients import chunks_of
from tests.support.live import (
    PCM,
    a_live_interview,
    candidate_of,
    connected,
    eventually,
    joined,
    observer_of,
)
from tests.support.rows import MEASURED, a_recruiter, an_answer, an_interview, some_words
from tests.support.running import files, owed
from tests.support.watching import a_watcher

pytestmark = pytest.mark.django_db(transaction=True)

Status = Interview.Status


def secrets(count: int, seed: int) -> list[str]:
    """Words that are nowhere else."""
    source = random.Random(seed)
    return [f"secret{source.getrandbits(80):020x}" for _ in range(count)]


def stored_bytes(media: Path) -> bytes:
    """All that the database's files and the media folder hold."""
    database = Path(str(connection.settings_dict["NAME"]))
    files = [database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))]
    kept = [path for path in files if path.exists()]
    kept += [path for path in media.rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in kept)


def found(words: list[str], media: Path) -> list[str]:
    held = stored_bytes(media)
    return [word for word in words if word.encode() in held]


def an_interview_full_of(words: list[str], **fields: Any) -> Interview:
    """Each of the words is in a column of its own; what many of them are in spans many pages."""
    given = iter(words)
    ada = a_recruiter(f"ada{Interview.objects.count()}")
    interview = an_interview(
        ada,
        title=f"Developer {next(given)}",
        candidate_name=next(given),
        candidate_email=f"{next(given)}@example.org",
        phrases=[next(given)],
        questions=[next(given)],
        **fields,
    )
    question = interview.questions.get()
    answer = an_answer(question, next(given), audio=next(given).encode(), candidate_note=next(given))
    segment = answer.segments.get()
    segment.words = some_words(next(given), 0)
    segment.resume = {"state": next(given)}
    segment.save()
    Answer.objects.filter(pk=answer.pk).update(
        voice_metrics={**MEASURED, "x": next(given)}, peaks=next(given).encode()
    )
    Note.objects.create(interview=interview, author=ada, text=next(given))
    Note.objects.create(interview=interview, answer=answer, author=ada, text=next(given))
    Correction.objects.create(segment=segment, text=next(given))
    Invitation.objects.create(interview=interview, email=f"{next(given)}@example.org")
    Retranscription.objects.create(
        answer=answer, backend="x", text=next(given), segments=[{"text": next(given)}]
    )
    Remeasurement.objects.create(answer=answer, version=9, metrics={"x": next(given)})
    AudioChunk.objects.create(answer=answer, index=0, data=next(given).encode())
    types = ContentType.objects.get_for_model(Interview)
    LogEntry.objects.create(
        user=ada, content_type=types, object_id=str(interview.pk), object_repr=next(given), action_flag=2
    )
    for _ in range(30):
        AudioChunk.objects.create(
            answer=answer, index=AudioChunk.objects.count() + 1, data=next(given).encode() * 40
        )
    for index in range(1, 60):
        answer.segments.create(
            index=index, revision=0, text=next(given), start_ms=0, end_ms=1, words=some_words(next(given), 0)
        )
    return interview


def test_nothing_of_a_deleted_interview_is_left_in_any_byte(settings: Any) -> None:
    # Two that are written in turns share pages; one of them stays.
    gone, kept = secrets(400, 1), secrets(400, 2)
    interview, other = an_interview_full_of(gone), an_interview_full_of(kept)
    before = len(found(gone, settings.MEDIA_ROOT)), len(found(kept, settings.MEDIA_ROOT))
    ada = a_recruiter("root")

    assert erase([interview], by=ada) == 1
    scrub()

    assert before[0] == before[1] > 150
    assert found(gone, settings.MEDIA_ROOT) == []
    assert len(found(kept, settings.MEDIA_ROOT)) == before[1]
    interview.refresh_from_db()
    assert (interview.erased_at is not None, interview.questions.count(), str(interview)) == (
        True,
        0,
        "Deleted interview",
    )
    entries = LogEntry.objects.filter(object_id=str(interview.pk)).values_list(
        "object_repr", "change_message"
    )
    assert list(entries) == [(str(interview.pk), "Data deleted."), (str(interview.pk), "")]
    assert other.questions.count() == 1


def test_deleting_again_changes_nothing() -> None:
    interview = an_interview()
    first = erase([interview])
    interview.refresh_from_db()
    at, revision = interview.erased_at, interview.revision

    second = erase([interview])

    interview.refresh_from_db()
    assert (first, second, interview.erased_at, interview.revision) == (1, 0, at, revision)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("scheduled", "cancelled"),
        ("in_progress", "cancelled"),
        ("completed", "completed"),
        ("expired", "expired"),
    ],
)
def test_what_was_running_is_over_and_other_states_stay(before: str, after: str) -> None:
    interview = an_interview(status=before)

    erase([interview])

    interview.refresh_from_db()
    assert interview.status == after


def test_neither_candidate_nor_recruiter_find_it_any_more(client: Client) -> None:
    ada = a_recruiter("ada")
    interview = an_interview(ada, status=Status.COMPLETED, consented_at=timezone.now())
    cookie = access.candidate_cookie(interview)
    answer = an_answer(interview.questions.get(position=1), "words", audio=b"fLaC")
    client.force_login(ada)

    erase([interview])

    addresses = [
        reverse("interviews:interview", args=[interview.pk]),
        reverse("interviews:dashboard", args=[interview.pk]),
        reverse("interviews:interview_print", args=[interview.pk]),
        reverse("interviews:interview_export", args=[interview.pk, "json"]),
        reverse("interviews:answer_export", args=[answer.pk, "srt"]),
    ]
    assert [client.get(address).status_code for address in addresses] == [404] * 5
    assert list(access.interviews_for(ada)) == []
    assert list(access.records_for(ada)) == [interview]
    assert access.candidate_interview(interview.pk, {access.COOKIE_NAME: cookie}) is None


def test_a_recruiters_session_holds_nothing_of_what_they_saw(client: Client) -> None:
    ada = a_recruiter("ada", is_staff=True, is_superuser=True)
    interview = an_interview(ada)
    an_answer(interview.questions.get(position=1), "words")
    client.force_login(ada)

    pages: list[tuple[str, list[Any]]] = [
        ("interview", [interview.pk]),
        ("lobby", []),
        ("interview_export", [interview.pk, "json"]),
    ]
    for name, args in pages:
        client.get(reverse(f"interviews:{name}", args=args))

    assert set(Session.objects.get().get_decoded()) == {
        "_auth_user_id",
        "_auth_user_backend",
        "_auth_user_hash",
    }


def test_a_site_is_told_of_it_and_its_failure_undoes_nothing() -> None:
    told = []

    def receive(sender: Any, interview_id: Any, **_: Any) -> None:
        told.append(interview_id)
        raise ConnectionError

    interview = an_interview()
    interview_erased.connect(receive)
    try:
        erase([interview])
    finally:
        interview_erased.disconnect(receive)

    assert told == [interview.pk]
    assert Interview.objects.get().erased_at is not None


# While somebody is at work


async def test_an_answer_that_is_being_recorded_ends_and_writes_nothing_more(
    worker: Worker, settings: Any
) -> None:
    (name,) = secrets(1, 3)
    interview, (first, _) = await a_live_interview(candidate_name=name)
    watcher = await in_database(a_watcher, "root", is_superuser=True)
    chunks = chunks_of(babble(2))
    written, late = chunks[:10], chunks[10:]

    async with (
        connected(candidate_of(interview, worker)) as candidate,
        connected(observer_of(interview, watcher, worker)) as observer,
    ):
        await joined(observer)
        candidate.say("start_answer", question_id=first, format=PCM)
        await candidate.until("answer_started")
        candidate.frames(written)
        await candidate.until("ack", next_chunk_index=len(written))
        await observer.until("transcription")
        was_there = written[0][-64:] in stored_bytes(settings.MEDIA_ROOT)
        await in_database(erase, [interview])
        await in_database(scrub)
        candidate.frames(chunks, first=len(written))
        ends = await candidate.until_closed(), await observer.until_closed()

    assert (was_there, ends) == (True, (Close.NOT_ALLOWED, Close.NOT_ALLOWED))
    assert candidate.codes[-1] == "INTERVIEW_ALREADY_COMPLETED"
    await eventually(lambda: worker.is_idle, "the recording ends, and the feed forgets")
    assert await in_database(lambda: (Answer.objects.count(), AudioChunk.objects.count())) == (0, 0)
    held = stored_bytes(settings.MEDIA_ROOT)
    assert [chunk for chunk in written + late if chunk[-64:] in held and any(chunk[-64:])] == []
    assert name.encode() not in held


FINAL = Final("words", 0, 900, None, (), Resume(), "scripted")
LATE_VERBS: dict[str, Callable[[Answer], Any]] = {
    "begin_part": lambda answer: answers.begin_part(answer, 5, None),
    "add_segment": lambda answer: answers.add_segment(answer, 9, FINAL),
    "record_only": lambda answer: answers.record_only(answer, Code.STT_FAILED),
    "finish_recording": answers.finish_recording,
    "owe_transcript": lambda answer: answers.owe_transcript(answer, Code.STT_FAILED, 1000),
    "complete_answer": lambda answer: answers.complete_answer(answer, 1000, None, unavailable()),
    "fail_answer": lambda answer: answers.fail_answer(answer, Code.AUDIO_TOO_SHORT),
    "give_up": answers.give_up,
    "keep": owing.renew_lease,
    "store_remeasurement": lambda answer: answers.store_remeasurement(answer, unavailable()),
}


@pytest.mark.parametrize("verb", LATE_VERBS)
@pytest.mark.parametrize("status", ["recording", "finishing", "pending"])
def test_whoever_had_an_answer_of_it_finds_no_row_any_more(verb: str, status: str) -> None:
    interview = an_interview(consented_at=timezone.now())
    interviews.start(interview.pk)
    question = interview.questions.get(position=1)
    answer = answers.begin_answer(interview.pk, str(question.pk)).answer
    Answer.objects.update(status=status)

    erase([interview])

    with pytest.raises(StaleEpoch):
        LATE_VERBS[verb](answer)
    assert [rows.objects.count() for rows in (Answer, AudioPart, Segment, Remeasurement)] == [0] * 4


async def test_what_was_on_its_way_to_rows_and_files_gets_to_neither(settings: Any) -> None:
    interview, _ = await a_live_interview()
    answer = await in_database(owed, interview, babble(1))
    journal = Journal()
    flac = Path(settings.MEDIA_ROOT).parent / "late.flac"
    flac.write_bytes(b"fLaC late")

    await in_database(erase, [interview])
    committed = journal.append(answer.pk, answer.epoch, 20, b"late audio")
    with pytest.raises(StaleEpoch):
        await committed
    with pytest.raises(StaleEpoch):
        await in_database(store_file, answer, flac, b"")
    with pytest.raises((StaleEpoch, ChunksGone)):
        await transcribe_answer(answer)
    await settle(answer)
    await asyncio.to_thread(journal.close)

    assert files(settings) == []
    assert await in_database(lambda: (Answer.objects.count(), AudioChunk.objects.count())) == (0, 0)


@pytest.mark.parametrize("verb", ["begin_answer", "write_answer"])
def test_no_answer_of_it_can_be_begun(verb: str) -> None:
    interview = an_interview(consented_at=timezone.now())
    interviews.start(interview.pk)
    question = str(interview.questions.get(position=1).pk)
    arguments = ["In writing."] if verb == "write_answer" else []

    erase([interview])

    with pytest.raises(InterviewError) as refusal:
        getattr(answers, verb)(interview.pk, question, *arguments)
    assert refusal.value.code == Code.INTERVIEW_ALREADY_COMPLETED


def test_what_came_too_late_to_be_refused_is_swept_away(settings: Any) -> None:
    interview, other = an_interview(), an_interview()
    (word,) = secrets(1, 4)
    storage = Answer._meta.get_field("audio").storage
    erase([interview])
    for one in (interview, other):
        storage.save(f"{audio_folder(one.pk)}/half.flac", ContentFile(b"fLaC"))
        Note.objects.create(interview=one, author=a_recruiter(f"ada{one.pk}"), text=f"{word} {one.pk}")

    sweep(interview.pk)
    sweep(other.pk)
    scrub()

    assert [path.parent.name for path in settings.MEDIA_ROOT.rglob("*.flac")] == [str(other.pk)]
    assert found([f"{word} {interview.pk}", f"{word} {other.pk}"], settings.MEDIA_ROOT) == [
        f"{word} {other.pk}"
    ]


def test_bytes_that_somebody_still_reads_are_scrubbed_later(settings: Any) -> None:
    (name,) = secrets(1, 5)
    interview = an_interview(candidate_name=name)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA busy_timeout = 10")
    reader = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM interviews_interview").fetchone()

    erase([interview])
    scrub()
    while_read = found([name], settings.MEDIA_ROOT)
    reader.close()
    scrub()

    assert (while_read, found([name], settings.MEDIA_ROOT)) == ([name], [])
    connection.close()


def test_sqlite_is_scrubbed_when_nobody_answers_or_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    interview, other = an_interview(), an_interview(status=Status.IN_PROGRESS)
    nothing_is_owed = is_to_be_scrubbed()
    erase([interview])
    quiet = is_to_be_scrubbed()
    record_heard({other.pk: 5})
    somebody_is_there = is_to_be_scrubbed()
    record_heard({other.pk: 120})
    a_minute_later = is_to_be_scrubbed()
    Answer.objects.create(question=other.questions.all()[0])
    somebody_answers = is_to_be_scrubbed()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 23 * 3600)
    before_its_day_is_over = is_to_be_scrubbed()
    # What is deleted later doesn't put it off.
    erase([an_interview()])
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3600)
    after_a_day = is_to_be_scrubbed()
    scrub()

    assert (nothing_is_owed, quiet, a_minute_later, after_a_day) == (False, True, True, True)
    assert (somebody_is_there, somebody_answers, before_its_day_is_over) == (False, False, False)
    assert not is_to_be_scrubbed()


def test_what_an_earlier_version_owes_is_due() -> None:
    an_interview(status=Status.IN_PROGRESS)
    record_heard({Interview.objects.get().pk: 0})
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version = 3")

    assert is_to_be_scrubbed()
    scrub()
    assert not is_to_be_scrubbed()


# Files that can't be deleted


class Stubborn(FileSystemStorage):
    """Deletes nothing, as long as it is told to."""

    refuses = True

    def delete(self, name: str) -> None:
        if Stubborn.refuses and name.endswith(".flac"):
            raise PermissionError(name)
        super().delete(name)


@pytest.fixture
def stubborn(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Stubborn]:
    monkeypatch.setattr(Answer._meta.get_field("audio"), "storage", Stubborn(settings.MEDIA_ROOT))
    monkeypatch.setattr(Stubborn, "refuses", True)
    return Stubborn


def later(hours: float) -> None:
    Interview.objects.update(
        sweep_at=F("sweep_at") - timedelta(hours=hours), erased_at=F("erased_at") - timedelta(hours=hours)
    )


def test_a_file_that_can_not_be_deleted_is_told_and_tried_again(
    stubborn: type[Stubborn], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    interview = an_interview()
    storage = Answer._meta.get_field("audio").storage
    for name in ("one", "other"):
        storage.save(f"{audio_folder(interview.pk)}/{name}.flac", ContentFile(b"fLaC"))

    assert erase([interview]) == 1
    refused = files(settings)
    told = caplog.text.count("can't be deleted yet")
    due = to_sweep()
    stubborn.refuses = False
    sweep(interview.pk)

    assert (len(refused), told, due) == (2, 1, [interview.pk])
    assert files(settings) == []
    assert not (settings.MEDIA_ROOT / audio_folder(interview.pk)).exists()


def test_a_deletion_is_looked_at_for_a_day_and_never_again(settings: Any) -> None:
    interview = an_interview()
    an_answer(interview.questions.all()[0], "words", audio=b"fLaC")
    erase([interview])
    at_once = to_sweep()
    later(hours=2)
    after_two_hours = to_sweep()
    sweep(interview.pk)
    later(hours=23)
    after_a_day = to_sweep()
    sweep(interview.pk)
    later(hours=2)

    assert (at_once, after_two_hours, after_a_day) == ([], [interview.pk], [interview.pk])
    assert to_sweep() == []


# When its time is over


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def over_time(settings: Any) -> list[Interview]:
    """Those that are kept no longer, beside some that are."""
    settings.DATA_RETENTION_DAYS = 10
    an_interview()
    an_interview(expires_at=days_ago(9))
    recently = an_interview(expires_at=days_ago(20))
    Interview.objects.filter(pk=recently.pk).update(status=Status.COMPLETED, completed_at=days_ago(5))
    due = [
        an_interview(expires_at=days_ago(11), status=status)
        for status in ("expired", "cancelled", "scheduled")
    ]
    completed = an_interview(status=Status.COMPLETED)
    Interview.objects.filter(pk=completed.pk).update(completed_at=days_ago(11))
    return [*due, completed]


def erased() -> set[Interview]:
    return set(Interview.objects.exclude(erased_at=None))


def test_data_is_deleted_so_long_after_an_interviews_end(over_time: list[Interview], capsys: Any) -> None:
    call_command("expire_data", "--dry-run")
    dry = erased()
    call_command("expire_data")
    call_command("expire_data")

    assert (dry, erased()) == (set(), set(over_time))
    assert capsys.readouterr().out.splitlines() == ["4 to be deleted", "4 deleted", "0 deleted"]


def test_zero_days_keep_it_for_ever(over_time: list[Interview], settings: Any) -> None:
    settings.DATA_RETENTION_DAYS = 0

    assert retention.to_erase() == []


def test_the_transcriber_does_it_too(over_time: list[Interview]) -> None:
    call_command("transcriber", "--once")

    assert erased() == set(over_time)

"""What is done now and then, and what fails of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from interviews.models import Answer, Interview
from interviews.processing import housekeeping
from interviews.processing.housekeeping import Chore, deletions
from interviews.services import erasure
from tests.support.away import away
from tests.support.live import eventually
from tests.support.rows import an_interview
from tests.support.running import a_running_interview, everything_is_due, owed

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_fails_of_it_fails_alone_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    bad = {"second"}

    def do(piece: str) -> None:
        if piece in bad:
            raise PermissionError(piece)
        done.append(piece)

    chore = Chore("tidying", 1, lambda: ["first", "second", "third"], do)
    counts = [await chore.run() for _ in range(3)]
    told = caplog.text
    bad.clear()
    counts.append(await chore.run())

    assert counts == [2, 2, 2, 3]
    assert told.count("tidying (second) failed, and is tried again: PermissionError") == 1
    assert told.count("Traceback") == 1
    assert "tidying (second) is possible again" in caplog.text
    assert done[:2] == ["first", "third"]


async def test_what_can_not_be_looked_for_is_told_once_too(caplog: pytest.LogCaptureFixture) -> None:
    chore = Chore("counting", 1, lambda: list(Interview.objects.all()), lambda _: None)
    with away(Interview):
        await chore.run()
        await chore.run()
    await chore.run()

    assert [record.getMessage() for record in caplog.records] == [
        "counting failed, and is tried again: DatabaseAway",
        "counting is possible again",
    ]
    assert "Traceback" not in caplog.text


@pytest.fixture
def undeletable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(Answer._meta.get_field("audio").storage, "delete", refuse)


def an_old_interview() -> Interview:
    interview = an_interview(status=Interview.Status.COMPLETED)
    long_ago = timezone.now() - timedelta(days=1000)
    Interview.objects.filter(pk=interview.pk).update(completed_at=long_ago)
    return interview


def test_an_undeletable_file_ends_no_transcriber(undeletable: None, settings: Any) -> None:
    old = an_old_interview()
    answer = old.questions.all()[0].answers.create(
        status=Answer.Status.COMPLETE, handed_over_at=timezone.now()
    )
    name = answer.audio.storage.save(f"answers/{old.pk}/answer.flac", ContentFile(b"fLaC"))
    Answer.objects.filter(pk=answer.pk).update(audio=name)
    waiting = owed(a_running_interview(), bytes(32_000))
    everything_is_due()

    call_command("transcriber", "--once")
    Interview.objects.update(sweep_at=timezone.now())
    call_command("transcriber", "--once")

    old.refresh_from_db()
    waiting.refresh_from_db()
    assert old.erased_at is not None
    assert (waiting.status, waiting.owed_at) == (Answer.Status.COMPLETE, None)


def test_the_command_says_how_much_could_not_be_deleted(undeletable: None, capsys: Any) -> None:
    old = an_old_interview()
    storage = Answer._meta.get_field("audio").storage
    storage.save(f"answers/{old.pk}/answer.flac", ContentFile(b"fLaC"))
    Interview.objects.filter(pk=old.pk).update(erased_at=timezone.now(), sweep_at=timezone.now())

    with pytest.raises(CommandError, match="1 could not be done"):
        call_command("expire_data")


async def test_the_first_of_the_deletions_that_fails_keeps_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [await asyncio.to_thread(an_old_interview) for _ in range(3)]
    real = erasure.erase_one

    def fail_for_the_first(pk: Any, by: Any = None) -> bool:
        if pk == made[0].pk:
            raise RuntimeError
        return real(pk, by)

    monkeypatch.setattr(erasure, "erase_one", fail_for_the_first)
    chore = deletions()[0]

    assert await chore.run() == 2
    assert chore.failing == {made[0].pk}


async def test_the_house_is_kept_again_and_again_whatever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def fail(_: str) -> None:
        raise RuntimeError

    kept = [Chore("tidying", 0.01, lambda: ["a"], done.append), Chore("failing", 0.01, lambda: ["b"], fail)]
    monkeypatch.setattr(housekeeping, "chores", lambda: kept)
    keeping = asyncio.create_task(housekeeping.keep_house())
    await eventually(lambda: len(done) >= 3 and kept[1].failing, "each is done more than once")
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)

    assert keeping.cancelled()

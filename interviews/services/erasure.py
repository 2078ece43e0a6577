"""Deleting what candidates said, wrote and were called, for good.

The interview's row stays as the record that it was deleted. All other rows go in one transaction, and
that is the fence: whoever is recording, transcribing or storing an answer of it has a condition on its
row, and finds none. The feed closes what is open within a second. Then the files go; what was being written
just then, or can't be deleted, is swept for a day, and for as long as it can't be. What deleted rows leave
in SQLite's files goes at a quiet moment, within SCRUB_HOURS at the latest.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.core.files.storage import Storage
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext

from interviews import access
from interviews.conf import conf
from interviews.media import files_in
from interviews.models import Answer, CandidateHeard, Interview, Invitation, Note, audio_folder, from_now
from interviews.orchestration import interview_erased
from interviews.services import audit

logger = logging.getLogger(__name__)

# Whoever wrote to an interview when its data was deleted has long ended, or died, after so long.
SWEPT_SECONDS = 24 * 3600
SWEEP_SECONDS = 3600
QUIET_SECONDS = 60


def erase(interviews: Iterable[Interview], by: access.Viewer | None = None) -> int:
    """Deletes their data, each in a transaction of its own, and returns how many there were to delete.

    `by` is named in the admin's log. One whose data is gone already changes nothing.
    """
    return sum(erase_one(interview.pk, by) for interview in interviews)


@transaction.atomic
def erase_one(pk: UUID, by: access.Viewer | None = None) -> bool:
    """The same for one; False if its data is gone already."""
    interview = Interview.objects.select_for_update().filter(pk=pk, erased_at=None).first()
    if interview is None:
        return False
    answers = Answer.objects.filter(question__interview=interview)
    # Whoever is writing to one has it until their commit; then it is ours.
    answers.update(epoch=F("epoch") + 1)
    questions = interview.questions.values_list("pk", flat=True)
    audit.forget_names([pk, *questions, *answers.values_list("pk", flat=True)])
    names = list(answers.exclude(audio="").values_list("audio", flat=True))
    interview.notes.all().delete()
    interview.invitations.all().delete()
    interview.questions.all().delete()
    CandidateHeard.objects.filter(interview=pk).delete()
    _forget(interview)
    if by is not None:
        audit.record(by, interview, gettext("Data deleted."))
    _owe_scrubbing()
    transaction.on_commit(partial(_finish, pk, names))
    return True


def _forget(interview: Interview) -> None:
    """Whatever may name the candidate: a title and the terms to listen for do, too."""
    Interview.objects.filter(pk=interview.pk).update(
        title="",
        candidate_name="",
        candidate_email="",
        phrases=[],
        time_factor=1,
        status=Interview.Status.CANCELLED if interview.is_running else interview.status,
        current_question=None,
        # Its candidate's link and cookie open nothing any more.
        token_hash=access.hash_token(access.new_token()),
        erased_at=timezone.now(),
        sweep_at=from_now(),
        revision=F("revision") + 1,
    )


def _finish(pk: UUID, names: list[str]) -> None:
    try:
        sweep(pk, names)
    except Exception:
        # The rows are gone, and whoever asked for that is told so.
        logger.exception("interview %s: its files can't be deleted yet; it is tried again every hour", pk)
    for receiver, problem in interview_erased.send_robust(sender=Interview, interview_id=pk):
        if isinstance(problem, Exception):
            logger.error("interview %s: %r failed", pk, receiver, exc_info=problem)


# What is left


def to_sweep() -> list[UUID]:
    """Interviews whose data was deleted lately, or could not all be."""
    return list(Interview.objects.filter(sweep_at__lte=from_now()).values_list("pk", flat=True))


def sweep(pk: UUID, names: Iterable[str] = ()) -> None:
    """Deletes what is left of it, rows and files: those named, and what lies beside them.

    Raises what the storage does, once all else is deleted; it is due again in any case, for a day. Of an
    interview whose data was not deleted nothing is left over.
    """
    swept = Interview.objects.filter(pk=pk, erased_at__isnull=False)
    if not swept.exists():
        return
    for late in (Note, Invitation):
        if late.objects.filter(interview=pk).delete()[0]:
            _owe_scrubbing()
    _delete_files(pk, names)
    is_over = Q(erased_at__lt=from_now(-SWEPT_SECONDS))
    swept.exclude(is_over).update(sweep_at=from_now(SWEEP_SECONDS))
    swept.filter(is_over).update(sweep_at=None)


def _delete_files(pk: UUID, names: Iterable[str]) -> None:
    storage: Storage = Answer._meta.get_field("audio").storage
    folder = audio_folder(pk)
    problems = []
    for name in {*names, *files_in(storage, folder)}:
        try:
            storage.delete(name)
        except Exception as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    if storage.exists(folder):
        # A folder of its own is something that a disk has, and goes when it is empty.
        storage.delete(folder)


# SQLite


# What is owed is kept in the file itself, where it is kept or lost with the transaction. The number that is
# free for that holds since when, in hours from SINCE, and in its lower bits how often, so that one deletion
# differs from the next.
SINCE = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
COUNT_BITS = 13


def _owe_scrubbing() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            owed = _owed(cursor)
            hours = owed >> COUNT_BITS if owed else int((time.time() - SINCE) // 3600)
            count = (owed + 1) % (1 << COUNT_BITS)
            cursor.execute(f"PRAGMA user_version = {(hours << COUNT_BITS) + (count or 1)}")


def _owed(cursor: CursorWrapper) -> int:
    return int(cursor.execute("PRAGMA user_version").fetchone()[0])


def is_to_be_scrubbed() -> bool:
    """Whether it is owed, and either disturbs nobody or has been put off for long enough."""
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        owed = _owed(cursor)
    since = SINCE + (owed >> COUNT_BITS) * 3600
    return bool(owed) and (is_quiet() or time.time() - since >= conf.SCRUB_HOURS * 3600)


def is_quiet() -> bool:
    """Whether nobody answers, nor was in an interview lately."""
    lately = CandidateHeard.objects.filter(at__gt=from_now(-QUIET_SECONDS))
    return not lately.exists() and not Answer.objects.under_way().exists()


def scrub() -> None:
    """Writes SQLite's files anew if rows were deleted since: their bytes stay in free pages and in the log.

    Whoever writes meanwhile waits, for as long as it takes to write all of it. What somebody still reads is
    owed again. `secure_delete` would not do: it leaves what was moved between pages before it was deleted.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        if owed := _owed(cursor):
            _rewrite(cursor, owed)


def _rewrite(cursor: CursorWrapper, owed: int) -> None:
    cursor.execute("VACUUM")
    is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    with transaction.atomic():
        if not is_busy and _owed(cursor) == owed:
            cursor.execute("PRAGMA user_version = 0")

"""Deleting what candidates said, wrote and were called, for good.

The interview's row stays as the record that it was deleted. All other rows go in one transaction, and
that is the fence: whoever is recording, transcribing or storing an answer of it has a condition on its
row, and finds none. The feed closes what is open within a second. Then the files go, and from SQLite's
files what deleted rows leave there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.core.files.storage import Storage
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext

from interviews import access
from interviews.media import files_in, folders_in
from interviews.models import Answer, Interview, Invitation, Note, audio_folder
from interviews.orchestration import interview_erased
from interviews.services import audit

logger = logging.getLogger(__name__)


def erase(interviews: Iterable[Interview], by: access.Viewer | None = None) -> int:
    """Deletes their data, each in a transaction of its own, and returns how many there were to delete.

    `by` is named in the admin's log. One whose data is gone already changes nothing.
    """
    count = sum(_erase(interview.pk, by) for interview in interviews)
    if count:
        transaction.on_commit(scrub)
    return count


@transaction.atomic
def _erase(pk: UUID, by: access.Viewer | None) -> bool:
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
        revision=F("revision") + 1,
    )


def _finish(pk: UUID, names: list[str]) -> None:
    _delete_files(pk, names)
    for receiver, problem in interview_erased.send_robust(sender=Interview, interview_id=pk):
        if isinstance(problem, Exception):
            logger.error("interview %s: %r failed", pk, receiver, exc_info=problem)


# Files


def _storage() -> Storage:
    storage: Storage = Answer._meta.get_field("audio").storage
    return storage


def _delete_files(pk: UUID, names: Iterable[str] = ()) -> None:
    """Those that rows named, and what somebody who died left beside them."""
    storage = _storage()
    for name in {*names, *files_in(storage, audio_folder(pk))}:
        storage.delete(name)


def sweep() -> None:
    """Deletes again what was being written, or could not be deleted, when its interview was."""
    for late in (Note, Invitation):
        if late.objects.filter(interview__erased_at__isnull=False).delete()[0]:
            _owe_scrubbing()
    ids = [UUID(folder) for folder in folders_in(_storage(), "answers") if _is_uuid(folder)]
    for pk in Interview.objects.filter(Q(pk__in=ids), erased_at__isnull=False).values_list("pk", flat=True):
        _delete_files(pk)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


# SQLite


def _owe_scrubbing() -> None:
    """Counted in the file itself, where the count is kept or lost with the transaction."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA user_version = {_owed(cursor) + 1}")


def _owed(cursor: CursorWrapper) -> int:
    return int(cursor.execute("PRAGMA user_version").fetchone()[0])


def scrub() -> None:
    """Writes SQLite's files anew if rows were deleted since: their bytes stay in free pages and in the log.

    `secure_delete` would not do: what was moved between pages before it was deleted is left by it.
    """
    if connection.vendor != "sqlite":
        return
    try:
        with connection.cursor() as cursor:
            if owed := _owed(cursor):
                _rewrite(cursor, owed)
    except DatabaseError:
        logger.exception("deleted rows may be readable in the database's file: `manage.py expire_data`")


def _rewrite(cursor: CursorWrapper, owed: int) -> None:
    cursor.execute("VACUUM")
    is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    with transaction.atomic():
        if not is_busy and _owed(cursor) == owed:
            cursor.execute("PRAGMA user_version = 0")

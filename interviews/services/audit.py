"""Who did what with an interview, in the admin's log: by its id, since the log outlives the data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import F

from interviews.access import Viewer
from interviews.models import Interview


def record(user: Viewer, interview: Interview, what: str | list[Any]) -> LogEntry:
    """`what` is a sentence, or the admin's own list of changes."""
    assert user.pk is not None
    return LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(Interview),
        object_id=str(interview.pk),
        object_repr=str(interview.pk),
        action_flag=CHANGE,
        change_message=what if isinstance(what, str) else json.dumps(what),
    )


def forget_names(ids: Iterable[UUID]) -> None:
    """Entries about these rows name them by their ids."""
    types = ContentType.objects.filter(app_label="interviews")
    found = LogEntry.objects.filter(content_type__in=types, object_id__in=[str(pk) for pk in ids])
    found.update(object_repr=F("object_id"))

"""Workers of earlier versions run on beside a newer schema, until each is replaced."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

LOADER = MigrationLoader(None)
OURS = sorted(name for app, name in LOADER.disk_migrations if app == "interviews")
# The schema of the oldest workers that may still run, and all later ones but today's.
EARLIER = OURS[OURS.index("0003_owed") : -1]


def operations(*names: str) -> list[tuple[str, Any]]:
    """What each does to tables, with its migration's name; not what it does to Django's state alone."""
    return [
        (name, operation)
        for name in names
        for operation in LOADER.disk_migrations["interviews", name].operations
        if not isinstance(operation, migrations.SeparateDatabaseAndState)
    ]


def test_columns_that_come_later_have_defaults_in_the_database() -> None:
    added = [(name, op) for name, op in operations(*OURS[1:]) if isinstance(op, migrations.AddField)]

    assert added
    assert [
        (name, op.model_name, op.name)
        for name, op in added
        if not op.field.null and op.field.db_default is models.NOT_PROVIDED and not op.field.many_to_many
    ] == []


def test_no_column_goes_that_earlier_workers_write() -> None:
    gone = migrations.RemoveField, migrations.RenameField, migrations.DeleteModel, migrations.RenameModel
    later = OURS[OURS.index(EARLIER[0]) + 1 :]

    assert [(name, op) for name, op in operations(*later) if isinstance(op, gone)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("version", EARLIER)
def test_what_an_earlier_worker_writes_goes_into_todays_tables(version: str) -> None:
    old = LOADER.project_state([("interviews", version)]).apps

    def make(model: str, **fields: Any) -> Any:
        return old.get_model("interviews", model)._default_manager.create(**fields)

    owner = get_user_model().objects.create_user("ada")
    ends = timezone.now() + timedelta(days=1)
    interview = make("Interview", title="Developer", token_hash="x", expires_at=ends, owner_id=owner.pk)
    question = make("Question", interview=interview, position=1, text="Why you?")
    answer = make("Answer", question=question)
    make("AudioPart", answer=answer, first_index=0)
    make("AudioChunk", answer=answer, index=0, data=b"a")
    segment = make("Segment", answer=answer, index=0, revision=1, text="a", start_ms=0, end_ms=1)
    make("Correction", segment=segment, text="b")
    make("Note", interview=interview, author_id=owner.pk, text="a")
    make("Invitation", interview=interview, email="a@example.org")
    make("Retranscription", answer=answer, backend="x")
    make("Remeasurement", answer=answer, version=1, metrics={})
    if version == "0003_owed":
        # What it writes in mid-interview, to a column that no model of today's has.
        type(interview)._default_manager.update(candidate_heard_at=timezone.now())

    assert type(answer)._default_manager.get().question_id == question.pk

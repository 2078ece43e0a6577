"""What models and fields are called.

One operation for all: each `AlterField` would build the state of every model anew.
"""

from django.db import migrations
from django.db.migrations.operations.base import Operation

# The model's own names, and those of its fields.
NAMES = {
    "interview": (
        ("interview", "interviews"),
        {
            "title": "title",
            "candidate_name": "candidate name",
            "candidate_email": "candidate email",
            "language": "language",
            "phrases": "phrases",
            "status": "status",
            "owner": "owner",
            "watchers": "watchers",
            "consented_at": "consented at",
            "consent_version": "consent version",
            "created_at": "created at",
            "started_at": "started at",
            "completed_at": "completed at",
            "expires_at": "expires at",
            "erased_at": "erased at",
        },
    ),
    "question": (
        ("question", "questions"),
        {
            "interview": "interview",
            "position": "position",
            "text": "text",
            "question_type": "question type",
            "difficulty": "difficulty",
            "think_seconds": "think seconds",
            "answer_seconds": "answer seconds",
            "takes_allowed": "takes allowed",
        },
    ),
    "questionset": (
        ("question set", "question sets"),
        {"name": "name", "language": "language", "owner": "owner", "created_at": "created at"},
    ),
    "setquestion": (
        ("question", "questions"),
        {
            "question_set": "question set",
            "position": "position",
            "text": "text",
            "question_type": "question type",
            "difficulty": "difficulty",
            "think_seconds": "think seconds",
            "answer_seconds": "answer seconds",
            "takes_allowed": "takes allowed",
        },
    ),
    "invitation": (
        ("invitation", "invitations"),
        {"interview": "interview", "email": "email", "sent_by": "sent by", "sent_at": "sent at"},
    ),
    "answer": (
        ("answer", "answers"),
        {
            "question": "question",
            "take": "take",
            "kind": "kind",
            "status": "status",
            "failure": "failure",
            "text": "text",
            "duration_ms": "duration (ms)",
            "recogniser": "recogniser",
            "candidate_note": "candidate note",
            "audio": "audio",
            "started_at": "started at",
            "ended_at": "ended at",
            "chosen_at": "chosen at",
        },
    ),
    "remeasurement": (
        ("remeasurement", "remeasurements"),
        {},
    ),
    "retranscription": (
        ("retranscription", "retranscriptions"),
        {
            "answer": "answer",
            "backend": "backend",
            "recogniser": "recogniser",
            "text": "text",
            "failure": "failure",
            "requested_by": "requested by",
            "requested_at": "requested at",
            "done_at": "done at",
        },
    ),
    "segment": (
        ("segment", "segments"),
        {
            "answer": "answer",
            "index": "index",
            "text": "text",
            "start_ms": "start (ms)",
            "end_ms": "end (ms)",
            "recogniser": "recogniser",
        },
    ),
    "note": (
        ("note", "notes"),
        {
            "interview": "interview",
            "question": "question",
            "answer": "answer",
            "kind": "kind",
            "text": "text",
            "author": "author",
            "created_at": "created at",
        },
    ),
    "correction": (
        ("correction", "corrections"),
        {"segment": "segment", "text": "text", "author": "author", "created_at": "created at"},
    ),
}


class NameFields(Operation):
    reduces_to_sql = False

    def state_forwards(self, app_label, state):
        for model, ((name, plural), names) in NAMES.items():
            found = state.models[app_label, model]
            found.options = {**found.options, "verbose_name": name, "verbose_name_plural": plural}
            for field, verbose_name in names.items():
                _name, _path, args, kwargs = found.fields[field].deconstruct()
                kwargs["verbose_name"] = verbose_name
                found.fields[field] = type(found.fields[field])(*args, **kwargs)
        state.reload_models({(app_label, model) for model in NAMES})

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        pass

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass

    def describe(self):
        return "Name models and fields"


class Migration(migrations.Migration):
    dependencies = [("interviews", "0008_lobby")]

    operations = [NameFields()]

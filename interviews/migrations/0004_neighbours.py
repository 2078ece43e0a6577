import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F


def sweep_once_more(apps, schema_editor):
    """What was left of earlier deletions was looked for in all of them, every hour."""
    interviews = apps.get_model("interviews", "Interview").objects.using(schema_editor.connection.alias)
    interviews.filter(erased_at__isnull=False).update(sweep_at=F("erased_at"))


class Migration(migrations.Migration):

    dependencies = [
        ("interviews", "0003_owed"),
    ]

    operations = [
        migrations.CreateModel(
            name="CandidateHeard",
            fields=[
                ("interview", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="heard", serialize=False, to="interviews.interview")),
                ("at", models.DateTimeField()),
            ],
        ),
        # Workers of before still write its column. It goes with the next version.
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="interview", name="candidate_heard_at")],
        ),
        migrations.AddField(
            model_name="interview",
            name="sweep_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="interview",
            index=models.Index(condition=models.Q(("sweep_at__isnull", False)), fields=["sweep_at"], name="interview_to_sweep"),
        ),
        migrations.RunPython(sweep_once_more, migrations.RunPython.noop, elidable=True),
    ]

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('interviews', '0006_session'),
    ]

    # Made anew: the type of a primary key can't be altered on every database. Nothing made notes before.
    operations = [
        migrations.DeleteModel(name='Note'),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at_ms', models.PositiveIntegerField(help_text='Within the answer.', null=True)),
                ('kind', models.CharField(choices=[('note', 'Note'), ('highlight', 'Highlight')], default='note', max_length=16)),
                ('text', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='interviews.answer')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='interview_notes', to=settings.AUTH_USER_MODEL)),
                ('interview', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='interviews.interview')),
                ('question', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='interviews.question')),
            ],
            options={
                'ordering': ['created_at', 'pk'],
            },
        ),
    ]

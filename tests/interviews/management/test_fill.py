from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from interviews.models import Answer, Interview, Segment
from speech.metrics.catalogue import MEASURES, VERSION
from tests.support.commands import run
from tests.support.pages import signed_in
from tests.support.rows import a_recruiter, an_interview

pytestmark = pytest.mark.django_db


def test_made_up_interviews_are_like_real_ones(client: Client) -> None:
    ada = signed_in(client)

    told = run("fill", "--interviews=60", "--answers=2", "--owner=ada")

    answers = Answer.objects.count()
    assert told.startswith(f"60 interviews, {answers} answers in ")
    statuses = Counter(Interview.objects.values_list("status", flat=True))
    assert sum(statuses.values()) == 60 and len(statuses) >= 4
    assert Interview.objects.values("language").distinct().order_by().count() == 3
    assert Interview.objects.filter(owner=ada).count() + ada.watched_interviews.count() == 60
    assert not Answer.objects.exclude(owed_at=None).exists()
    done = Interview.objects.filter(status="completed").latest("created_at")
    answer = Answer.objects.filter(question__interview=done).latest("started_at")
    segment = answer.segments.latest("index")
    assert answer.text.endswith(segment.text) and segment.words[-1]["end_ms"] == segment.end_ms
    assert answer.voice_metrics and answer.peaks
    assert answer.voice_metrics["version"] == VERSION
    assert len(answer.voice_metrics["measures"]) == len(MEASURES)
    assert answer.voice_metrics["measures"]["speaking_rate_wpm"]["status"] == "ok"
    assert len(answer.peaks) == 1200
    assert client.get(reverse("interviews:interview", args=[done.pk])).status_code == 200


def test_they_are_mixed_and_have_audio_where_that_is_wanted() -> None:
    an_interview()

    run("fill", "--interviews=8", "--answers=1", "--audio", "--yes")

    assert Interview.objects.count() == 9
    with Answer.objects.all()[0].audio.open() as file:
        assert file.read(4) == b"fLaC"


@pytest.mark.parametrize("options", [[], ["--yes", "--owner=nobody"]])
def test_real_interviews_are_not_mixed_with_made_up_ones_unasked(options: Any) -> None:
    real = an_interview(a_recruiter())

    with pytest.raises(CommandError):
        run("fill", "--interviews=5", *options)

    assert list(Interview.objects.all()) == [real]
    assert not Segment.objects.exists()

"""Who is shown voice metrics: the candidate always, everybody else where the interview says so."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import File
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews.live.broadcast import delivery_of
from interviews.models import Answer, Interview, Question, Remeasurement
from interviews.orchestration import Orchestrator
from interviews.processing.settling import hand_over
from interviews.queries import status
from interviews.services.changes import Change
from interviews.wire.messages import AnswerComplete, encode
from interviews.wire.metrics import metrics_message
from tests.support.rows import MEASURED, a_reading, a_recruiter, an_answer, an_interview
from tests.support.servers import ROOT

INTERVIEW = UUID(int=1)
# Numbers that nothing else on a page or in a message has.
MEDIAN_HZ, MEDIAN_LATER_HZ = 1118.5, 1218.5


def measured(median_hz: float) -> dict[str, Any]:
    measures = {**MEASURED["measures"], "pitch_median_hz": a_reading(median_hz, "Hz")}
    return {**MEASURED, "measures": measures}


def the_end(answer: Answer, **fields: Any) -> Change:
    complete = AnswerComplete(
        question_id=answer.question_id,
        answer_id=answer.pk,
        kind="voice",
        text="yes",
        confidence=None,
        duration_ms=500,
        status="complete",
    )
    return Change(INTERVIEW, 7, [metrics_message(answer, MEASURED), complete], **fields)


def types(change: Change) -> list[str]:
    return [json.loads(text)["type"] for text in delivery_of(change).texts]


def test_a_change_tells_observers_no_metrics_unless_it_says_so() -> None:
    answer = Answer(question_id=UUID(int=2))

    unsaid, shared = the_end(answer), the_end(answer, shares_metrics=True)

    assert [types(unsaid), types(shared)] == [["answer_complete"], ["voice_metrics", "answer_complete"]]
    assert delivery_of(unsaid).is_change


class Recorder(Orchestrator):
    """Remembers the metrics that it was handed."""

    handed: list[dict[str, Any] | None] = []

    def handle_voice_answer(
        self,
        interview: Interview,
        question: Question,
        answer: Answer,
        audio: File[Any] | None,
        transcription: str,
        voice_metrics: dict[str, Any] | None,
    ) -> None:
        self.handed.append(voice_metrics)


@pytest.fixture
def handed(settings: Any) -> list[dict[str, Any] | None]:
    settings.INTERVIEW_ORCHESTRATOR = f"{__name__}.Recorder"
    Recorder.handed = []
    return Recorder.handed


def everywhere(client: Client, answer: Answer, handed: list[dict[str, Any] | None]) -> dict[str, str]:
    """All that anybody but the candidate is shown of an answer."""
    interview = answer.question.interview
    told = status.last_ended(interview.pk)
    change = Change(interview.pk, 1, told, shares_metrics=interview.shares_metrics)
    hand_over(answer.pk)
    pages = {
        "sound": reverse("interviews:answer_sound", args=[answer.pk]),
        "print": reverse("interviews:interview_print", args=[interview.pk]),
        "text": reverse("interviews:interview_export", args=[interview.pk, "txt"]),
        "json": reverse("interviews:interview_export", args=[interview.pk, "json"]),
        "review": reverse("interviews:interview", args=[interview.pk]),
        "dashboard": reverse("interviews:dashboard", args=[interview.pk]),
        "admin": reverse("admin:interviews_answer_change", args=[answer.pk]),
        "admin's interview": reverse("admin:interviews_interview_change", args=[interview.pk]),
    }
    return {
        "observers": "".join(delivery_of(change).texts),
        "snapshot": encode(status.snapshot(interview.pk, None, [])),
        "hand-over": json.dumps(handed),
        **{name: client.get(url).content.decode() for name, url in pages.items()},
    }


@pytest.mark.django_db
@pytest.mark.parametrize("sharing", ["shared", "candidate"])
def test_nobody_else_finds_them_anywhere_where_they_are_the_candidates_alone(
    admin_client: Client, handed: list[dict[str, Any] | None], sharing: str
) -> None:
    interview = an_interview(a_recruiter(), questions=["Why you?"], metrics_sharing=sharing)
    answer = an_answer(
        interview.questions.get(), "indubitably", voice_metrics=measured(MEDIAN_HZ), ended_at=timezone.now()
    )
    Remeasurement.objects.create(answer=answer, version=3, metrics=measured(MEDIAN_LATER_HZ))

    shown = everywhere(admin_client, answer, handed)

    def places(*texts: str) -> list[str]:
        return [place for place, page in shown.items() if any(text in page for text in texts)]

    is_shared = sharing == "shared"
    measured_in = ["observers", "snapshot", "hand-over", "sound", "print", "json", "admin"]
    # Each of them does show the answer.
    assert set(shown) - set(places("indubitably")) == {"hand-over", "dashboard"}
    assert places("1118.5", "1119 Hz") == (measured_in if is_shared else [])
    assert places("1218.5", "1219 Hz") == (["admin"] if is_shared else [])


def readers_of(*names: str) -> dict[str, set[str]]:
    """Which of these attributes each module and template of the product reads."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "interviews").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in names:
                found.setdefault(_short(path), set()).add(node.attr)
    for path in (ROOT / "templates").rglob("*.html"):
        for name in re.findall(rf"\.({'|'.join(names)})\b", path.read_text()):
            found.setdefault(_short(path), set()).add(name)
    return found


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_what_is_measured_is_read_in_few_places() -> None:
    """Whoever adds one says here for whom it is; everybody but the candidate reads `shared_…`."""
    assert readers_of("voice_metrics", "remeasurements") == {
        # These let through what is shared.
        "interviews/models/answers.py": {"voice_metrics", "remeasurements"},
        # These are the candidate's.
        "interviews/wire/rows.py": {"voice_metrics"},
        "templates/interviews/session/over.html": {"voice_metrics"},
    }

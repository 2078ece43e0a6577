from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from interviews import access
from interviews.models import Answer, Interview
from interviews.services import answers
from tests.support.answers import babble, text_of
from tests.support.commands import run
from tests.support.rows import METRICS, a_recruiter, an_interview
from tests.support.running import everything_is_due, owed

pytestmark = pytest.mark.django_db


def create(*options: str) -> str:
    return run("create_interview", "--title=Developer", "--candidate=Grace Example", *options)


# create_interview


def test_an_interview_is_created_with_its_links() -> None:
    a_recruiter("ada")

    told = json.loads(
        create(
            "--question=Why?", "--question=How?", "--owner=ada", "--phrase=Django", "--language=en", "--json"
        )
    )

    interview = Interview.objects.get()
    assert (interview.title, interview.candidate_name) == ("Developer", "Grace Example")
    assert (interview.language, interview.owner) == ("en", User.objects.get())
    assert interview.phrases == ["Django"]
    assert [question.text for question in interview.questions.all()] == ["Why?", "How?"]
    assert access.interview_for_token(told.pop("candidate_url").rstrip("/").rsplit("/", 1)[1]) == interview
    assert told == {
        "interview_id": str(interview.pk),
        "dashboard_url": f"http://127.0.0.1:8000/interviews/{interview.pk}/live/",
        "websocket_path": f"/ws/interviews/{interview.pk}/",
        "watch_path": f"/ws/interviews/{interview.pk}/watch/",
        "question_ids": [str(question.pk) for question in interview.questions.all()],
    }


@pytest.mark.parametrize(
    ("options", "sharing"), [([], "shared"), (["--metrics-sharing=candidate"], "candidate")]
)
def test_who_is_shown_what_is_measured_can_be_said(options: list[str], sharing: str) -> None:
    create("--question=Why?", *options)

    assert Interview.objects.get().metrics_sharing == sharing


def test_people_are_told_in_lines() -> None:
    lines = create("--question=Why?").splitlines()

    assert [line.split(": ")[0] for line in lines] == [
        "interview_id",
        "candidate_url",
        "dashboard_url",
        "websocket_path",
        "watch_path",
        "question_ids",
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["--question=Why?", "--owner=nobody"],
        ["--question=Why?", "--email=nobody"],
        ["--question="],
        [],
    ],
)
def test_an_interview_that_can_not_be_is_refused_with_a_sentence(options: list[str]) -> None:
    with pytest.raises(CommandError):
        create(*options)

    assert not Interview.objects.exists()


# transcriber


@pytest.mark.django_db(transaction=True)
def test_the_transcriber_works_off_what_is_owed_and_ends() -> None:
    interview = an_interview(questions=["1", "2"])
    pcm = babble(1)
    answer = owed(interview, pcm)
    interview.refresh_from_db()
    answers.write_answer(interview.pk, str(interview.current_question_id), "Because.")
    everything_is_due()

    run("transcriber", "--once")

    spoken, written = Answer.objects.order_by("started_at")
    assert (spoken.pk, spoken.status, spoken.text) == (answer.pk, "complete", text_of(pcm))
    assert bool(spoken.audio)
    assert None not in {spoken.handed_over_at, written.handed_over_at}


# remeasure


@pytest.mark.django_db(transaction=True)
def test_answers_are_measured_anew_beside_what_they_were_shown_with() -> None:
    pcm = babble(2)
    answer = owed(an_interview(questions=["1"]), pcm)
    unmeasured = owed(an_interview(questions=["1"], metrics_sharing="off"), pcm)
    everything_is_due()
    run("transcriber", "--once")
    now = Answer.objects.get(pk=answer.pk).voice_metrics
    assert now
    Answer.objects.filter(pk=answer.pk).update(voice_metrics=METRICS)

    first, second = run("remeasure"), run("remeasure")

    answer.refresh_from_db()
    (later,) = answer.remeasurements.all()
    assert (first, second) == ("1 measured, 0 unreadable\n", "0 measured, 0 unreadable\n")
    assert (answer.voice_metrics, later.metrics, later.version) == (METRICS, now, now["version"])
    assert not unmeasured.remeasurements.exists()


@pytest.mark.django_db(transaction=True)
def test_answers_of_before_get_their_waveform() -> None:
    for sharing in ("shared", "off"):
        owed(an_interview(questions=["1"], metrics_sharing=sharing), babble(1))
    everything_is_due()
    run("transcriber", "--once")
    stored = set(Answer.objects.values_list("pk", "peaks"))
    Answer.objects.update(peaks=None)

    first, second = run("remeasure"), run("remeasure")

    assert (first, second) == ("2 measured, 0 unreadable\n", "0 measured, 0 unreadable\n")
    assert set(Answer.objects.values_list("pk", "peaks")) == stored


@pytest.mark.django_db(transaction=True)
def test_audio_that_is_gone_is_told_and_the_others_are_measured() -> None:
    for number in range(2):
        owed(an_interview(questions=["1"]), babble(1, seed=number))
    everything_is_due()
    run("transcriber", "--once")
    Answer.objects.update(voice_metrics=METRICS)
    gone = Answer.objects.all()[0]
    gone.audio.storage.delete(str(gone.audio.name))

    assert run("remeasure") == "1 measured, 1 unreadable\n"

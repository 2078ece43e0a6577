"""An interview as files: what is in them, for whom, and under which names."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker

from interviews.exports.names import safe
from interviews.models import Answer, Correction, Interview, Note, Question, Retranscription
from tests.support.pages import Page
from tests.support.rows import MEASURED, METRICS, a_recruiter, an_answer, an_interview, some_words
from tests.support.servers import ROOT

pytestmark = pytest.mark.django_db

KINDS = ["txt", "json", "srt", "vtt"]


@pytest.fixture
def ada() -> User:
    return a_recruiter("ada")


@cache
def validator() -> Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "export.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def address(interview: Interview, kind: str) -> str:
    return reverse("interviews:interview_export", args=[interview.pk, kind])


def fetch(client: Client, interview: Interview, kind: str, **query: str) -> Page:
    response = client.get(address(interview, kind), query)
    assert response.status_code == 200
    return response


def as_json(client: Client, interview: Interview, **query: str) -> dict[str, Any]:
    exported: dict[str, Any] = json.loads(fetch(client, interview, "json", **query).content)
    assert list(validator().iter_errors(exported)) == []
    return exported


def unzipped(response: Page) -> dict[str, str]:
    with ZipFile(io.BytesIO(response.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def as_text(response: Page, kind: str) -> str:
    return "".join(unzipped(response).values()) if kind in {"srt", "vtt"} else response.content.decode()


def everything(client: Client, interview: Interview, **query: str) -> dict[str, str]:
    """Each kind as text, and the page that is printed."""
    texts = {kind: as_text(fetch(client, interview, kind, **query), kind) for kind in KINDS}
    page = client.get(reverse("interviews:interview_print", args=[interview.pk]), query)
    return {**texts, "print": page.content.decode()}


def a_note(interview: Interview, author: User, text: str, **fields: Any) -> Note:
    return Note.objects.create(interview=interview, author=author, text=text, **fields)


def the_question(interview: Interview) -> Question:
    return interview.questions.get(position=1)


def corrected(answer: Answer, index: int, *texts: str) -> None:
    for text in texts:
        Correction.objects.create(segment=answer.segments.get(index=index), text=text)


# What is in them


def test_the_latest_correction_is_exported_and_the_recognisers_text_beside_it(
    client: Client, ada: User
) -> None:
    client.force_login(ada)
    interview = an_interview(ada)
    answer = an_answer(the_question(interview), "i no django", "and channels")
    corrected(answer, 0, "I now Django", "I know Django.")

    texts = everything(client, interview)
    take = as_json(client, interview)["questions"][0]["takes"][0]

    assert {kind: "I know Django." in text for kind, text in texts.items()} == dict.fromkeys(texts, True)
    assert [kind for kind, text in texts.items() if "I now Django" in text] == []
    assert [kind for kind, text in texts.items() if "i no django" in text] == ["json"]
    assert (take["text"], take["recognised_text"]) == (
        "I know Django. and channels",
        "i no django and channels",
    )
    assert [segment["recognised_text"] for segment in take["segments"]] == ["i no django", "and channels"]


def test_a_passage_that_was_corrected_away_is_in_no_text(client: Client, ada: User) -> None:
    client.force_login(ada)
    interview = an_interview(ada)
    corrected(an_answer(the_question(interview), "um", "because"), 0, "")

    text = fetch(client, interview, "txt").content.decode()

    assert text.splitlines()[3:8] == ["", "", "1. Why you?", "", "[0:05] because"]


@pytest.mark.parametrize(("chosen", "expected"), [(None, "second words"), (1, "first words")])
def test_the_take_that_counts_is_the_chosen_one_or_else_the_last(
    client: Client, ada: User, chosen: int | None, expected: str
) -> None:
    client.force_login(ada)
    interview = an_interview(ada)
    for take, text in enumerate(["first words", "second words"], start=1):
        at = timezone.now() if take == chosen else None
        an_answer(the_question(interview), text, take=take, chosen_at=at)
    an_answer(the_question(interview), "given up", take=3, status=Answer.Status.FAILED)

    texts = everything(client, interview)
    takes = as_json(client, interview)["questions"][0]["takes"]

    said = ["first words", "second words", "given up"]
    assert {
        kind: [text for text in said if text in texts[kind]] for kind in ("txt", "print", "srt", "vtt")
    } == ({key: [expected] for key in ("txt", "print", "srt", "vtt")})
    assert [(take["text"], take["counts"]) for take in takes] == [(text, text == expected) for text in said]


def test_the_candidates_note_is_exported(client: Client, ada: User) -> None:
    client.force_login(ada)
    interview = an_interview(ada)
    an_answer(the_question(interview), "words", candidate_note="I meant seven.")

    texts = everything(client, interview)

    assert [kind for kind in texts if "I meant seven." in texts[kind]] == ["txt", "json", "print"]


@pytest.mark.parametrize("metrics", [METRICS, MEASURED])
def test_voice_metrics_are_exported_where_they_are_shared(client: Client, ada: User, metrics: Any) -> None:
    client.force_login(ada)
    interview = an_interview(ada)
    an_answer(the_question(interview), "words", voice_metrics=metrics)

    exported = as_json(client, interview)["questions"][0]["takes"][0]["voice_metrics"]
    page = everything(client, interview)["print"]

    assert exported["version"] == metrics["version"]
    assert exported["speaking_rate_wpm"] in {120.0, 132.4}
    assert "words a minute" in page or "132" in page


def test_voice_metrics_that_are_the_candidates_alone_are_in_no_file(client: Client, ada: User) -> None:
    client.force_login(ada)
    interview = an_interview(ada, metrics_sharing="candidate")
    an_answer(the_question(interview), "words", voice_metrics=MEASURED)

    texts = everything(client, interview)

    assert as_json(client, interview)["questions"][0]["takes"][0]["voice_metrics"] is None
    leaks = ["118.5", "119 Hz", "Delivery", "words a minute"]
    assert [(kind, leak) for kind, text in texts.items() for leak in leaks if leak in text] == []


def test_notes_are_exported_to_their_author_alone_and_only_when_asked_for(client: Client, ada: User) -> None:
    bea = a_recruiter("bea", is_superuser=True)
    interview = an_interview(ada)
    interview.watchers.add(bea)
    answer = an_answer(the_question(interview), "words")
    a_note(interview, ada, "Adas secret", answer=answer, at_ms=3000)
    a_note(interview, ada, "Adas summary")
    a_note(interview, bea, "Beas secret")

    client.force_login(ada)
    unasked, adas = everything(client, interview), everything(client, interview, notes="1")
    notes = as_json(client, interview, notes="1")["notes"]
    client.force_login(bea)
    beas = everything(client, interview, notes="1")

    def with_text(texts: dict[str, str], text: str) -> list[str]:
        return [kind for kind in texts if text in texts[kind]]

    assert "notes" not in json.loads(unasked["json"])
    assert [with_text(unasked, text) for text in ("Adas", "Beas")] == [[], []]
    assert [with_text(adas, text) for text in ("Adas secret", "Adas summary", "Beas")] == [
        ["txt", "json", "print"],
        ["txt", "json", "print"],
        [],
    ]
    assert [with_text(beas, text) for text in ("Adas", "Beas secret")] == [[], ["txt", "json", "print"]]
    assert [(note["text"], note["at_ms"]) for note in notes] == [
        ("Adas summary", None),
        ("Adas secret", 3000),
    ]


def test_other_transcripts_are_exported_beside_the_one_that_was_seen(client: Client, ada: User) -> None:
    client.force_login(ada)
    interview = an_interview(ada)
    answer = an_answer(the_question(interview), "seen words")
    segment = {"text": "other words", "start_ms": 0, "end_ms": 900, "confidence": None}
    done = {"done_at": timezone.now(), "recogniser": "other-1", "text": "other words"}
    segments = [{**segment, "words": some_words("other words", 0)}]
    Retranscription.objects.create(answer=answer, backend="other", segments=segments, **done)
    Retranscription.objects.create(answer=answer, backend="waiting")

    take = as_json(client, interview)["questions"][0]["takes"][0]

    assert (take["text"], [other["text"] for other in take["other_transcripts"]]) == (
        "seen words",
        ["other words"],
    )


def test_an_interview_of_which_nothing_is_there_yet_can_be_exported(client: Client, ada: User) -> None:
    client.force_login(ada)
    interview = an_interview(ada)
    an_answer(the_question(interview), status=Answer.Status.PENDING, voice_metrics=None)

    texts = everything(client, interview)

    assert "Recorded, transcript to follow" in texts["txt"]
    assert "Not answered." in texts["txt"]
    assert (texts["srt"], texts["vtt"]) == ("", "WEBVTT\n")
    assert unzipped(fetch(client, an_interview(ada), "srt")) == {}


def test_the_schema_knows_every_field_and_no_other(client: Client, ada: User) -> None:
    client.force_login(ada)
    exported = as_json(client, an_interview(ada))

    for place in (exported, exported["interview"], exported["questions"][0]):
        place["unknown"] = 1
        assert not validator().is_valid(exported)
        del place["unknown"]
    assert validator().is_valid(exported)
    assert not validator().is_valid({**exported, "version": 2})


def test_the_page_that_is_printed_holds_words_as_text_and_needs_no_script(client: Client, ada: User) -> None:
    client.force_login(ada)
    evil = "<script>alert(1)</script>"
    interview = an_interview(ada, title=evil, candidate_name=evil, questions=[evil])
    answer = an_answer(the_question(interview), evil, candidate_note=evil)
    a_note(interview, ada, evil, answer=answer)
    written = an_interview(ada, questions=["Why?"])
    an_answer(the_question(written), kind=Answer.Kind.TEXT, text=evil)

    for one in (interview, written):
        page = everything(client, one, notes="1")["print"]
        assert "&lt;script&gt;alert(1)" in page
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page)


# For whom


def test_only_who_may_see_an_interview_may_take_it_along(client: Client, ada: User) -> None:
    bea = a_recruiter("bea", is_staff=True)
    interview = an_interview(ada)
    answer = an_answer(the_question(interview), "words")
    addresses = [
        *(address(interview, kind) for kind in KINDS),
        reverse("interviews:interview_print", args=[interview.pk]),
        reverse("interviews:answer_export", args=[answer.pk, "vtt"]),
    ]

    anonymous = [client.get(one) for one in addresses]
    client.force_login(bea)
    foreign = [client.get(one).status_code for one in addresses]
    interview.watchers.add(bea)
    watching = [client.get(one).status_code for one in addresses]

    assert [response["Location"] for response in anonymous] == [
        f"{reverse('login')}?next={one}" for one in addresses
    ]
    assert foreign == [404] * len(addresses)
    assert watching == [200] * len(addresses)


@pytest.mark.parametrize("kind", ["exe", "zip", "TXT"])
def test_there_are_no_other_kinds(client: Client, ada: User, kind: str) -> None:
    client.force_login(ada)
    answer = an_answer(the_question(an_interview(ada)), "words")

    assert client.get(address(answer.question.interview, kind)).status_code == 404
    assert client.get(reverse("interviews:answer_export", args=[answer.pk, kind])).status_code == 404


def test_exports_are_kept_by_no_cache(client: Client, ada: User) -> None:
    client.force_login(ada)
    interview = an_interview(ada)

    pages = [fetch(client, interview, kind) for kind in KINDS]
    pages.append(client.get(reverse("interviews:interview_print", args=[interview.pk])))

    assert ["no-store" in page["Cache-Control"] for page in pages] == [True] * 5
    assert {page["X-Content-Type-Options"] for page in pages} == {"nosniff"}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_an_export_takes_as_many_queries_for_few_as_for_many(
    client: Client, ada: User, kind: str, rows: int, django_assert_num_queries: Any
) -> None:
    client.force_login(ada)
    interview = an_interview(ada, questions=["Why?"] * rows)
    for question in interview.questions.all():
        answer = an_answer(question, *["words"] * rows)
        corrected(answer, 0, *["other words"] * rows)
        a_note(interview, ada, "mine", answer=answer)

    # Session, user, interview; questions, answers, segments, corrections, other transcripts; notes.
    with django_assert_num_queries(9):
        found = fetch(client, interview, kind, notes="1")

    # JSON says it of the answer and of its segment.
    times = 2 if kind == "json" else 1
    assert as_text(found, kind).count("other words") == rows * times


# Names


def disposition(response: Page) -> str:
    return unquote(response["Content-Disposition"])


def test_files_are_named_after_the_candidate_and_the_questions(client: Client, ada: User) -> None:
    client.force_login(ada)
    interview = an_interview(
        ada, candidate_name="Zoë Žižek", questions=["Why?/../us", "Und \N{RIGHT-TO-LEFT OVERRIDE}gpj?"]
    )
    answers = [an_answer(question, "words") for question in interview.questions.all()]
    day = timezone.now() - timedelta(days=1)
    Interview.objects.update(started_at=day)

    whole = fetch(client, interview, "srt")
    one = client.get(reverse("interviews:answer_export", args=[answers[0].pk, "vtt"]))

    name = f"Zoë Žižek {day:%Y-%m-%d} {interview.pk.hex[:8]} srt.zip"
    assert disposition(whole) == f"attachment; filename*=utf-8''{name}"
    assert list(unzipped(whole)) == ["01 Why .. us.srt", "02 Und gpj.srt"]
    assert disposition(one) == 'attachment; filename="01 Why .. us.vtt"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a/b\\c:d*e?"f<g>|h', "a b c d e f g h"),
        ("../../etc/passwd", "etc passwd"),
        ("line\r\nSet-Cookie: x=1", "line Set-Cookie x=1"),
        ("...", ""),
        ("é" * 100, "é" * 40),
        ("面试 שלום", "面试 שלום"),
    ],
)
def test_names_are_safe(text: str, expected: str) -> None:
    assert safe(text) == expected

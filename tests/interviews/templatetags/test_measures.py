from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from interviews.models import Answer, Interview
from interviews.templatetags.measures import GROUPS, SCORES, UNITS, WORDINGS, decimal, reading_text
from speech.metrics.assessment import ESTIMATED_UNIT
from speech.metrics.catalogue import MEASURES, NAMES
from tests.support.pages import text_of
from tests.support.rows import MEASURED, METRICS, a_reading, a_recruiter, an_answer, an_interview


def test_every_measure_has_a_name_and_every_unit_is_said() -> None:
    # The contour is drawn.
    shown = [wording.name for _label, wordings in GROUPS for wording in wordings]

    assert sorted([*shown, "pitch_contour"]) == sorted(NAMES)
    units = {measure.unit for measure in MEASURES if measure.name != "pitch_contour"}
    assert units | {ESTIMATED_UNIT} == set(UNITS)


def test_confidence_is_the_recognitions_and_never_stands_alone() -> None:
    labels = [str(wording.label) for wording in WORDINGS.values()] + [str(label) for _, label, _ in SCORES]

    assert [
        label for label in labels if "confidence" in label.lower().replace("recognition confidence", "")
    ] == []


@pytest.mark.parametrize(
    ("name", "reading", "text"),
    [
        ("pitch_median_hz", a_reading(118.4, "Hz"), "118 Hz"),
        ("phonation_time_ratio", a_reading(0.784, "ratio"), "78 %"),
        ("clipped_ratio", a_reading(0.00012, "ratio"), "0.01 %"),
        ("pauses_per_minute", a_reading(0.0, "1/min"), "0.0 a minute"),
        ("speech_time_s", a_reading(4.25, "phones"), "4.3 phones"),
        ("mean_pause_s", a_reading(None, "s", "insufficient_speech"), "No pause"),
        ("pitch_median_hz", a_reading(None, "Hz", "insufficient_speech"), "Too little speech"),
        ("pitch_median_hz", a_reading(None, "Hz", "noisy"), "Too noisy"),
        (
            "recognition_confidence",
            a_reading(None, "ratio", "unavailable"),
            "Not reported by this recogniser",
        ),
    ],
)
def test_a_reading_is_its_value_with_its_unit_or_why_there_is_none(
    name: str, reading: dict[str, Any], text: str
) -> None:
    assert reading_text(reading, WORDINGS[name]) == text


def test_halves_are_rounded_away_from_zero_as_in_the_browser() -> None:
    assert [decimal(value, 0) for value in (118.5, 2.5, -23.5)] == ["119", "3", "−24"]


def test_numbers_are_written_as_the_language_of_the_page_writes_them() -> None:
    with override("de"):
        assert [decimal(value, 1) for value in (4.25, -23.5, 1234.5)] == ["4,3", "−23,5", "1234,5"]


# On the pages


def page_of(client: Client, interview: Interview) -> str:
    client.force_login(interview.owner)  # type: ignore[arg-type]
    return text_of(client.get(reverse("interviews:interview", args=[interview.pk])))


def rows_of(page: str) -> dict[str, str]:
    found = re.findall(r'data-part="name">(.*?)</span> <span [^>]*data-part="value">(.*?)</span>', page)
    return dict(found)


def admin_page_of(client: Client, answer: Answer) -> str:
    return text_of(client.get(reverse("admin:interviews_answer_change", args=[answer.pk])))


@pytest.mark.django_db
def test_what_was_measured_is_listed_and_why_the_rest_was_not(admin_client: Client) -> None:
    question = an_interview(questions=["Why you?"]).questions.get()
    answer = an_answer(question, "first words", voice_metrics=MEASURED, duration_ms=12_000)

    rows = rows_of(admin_page_of(admin_client, answer))

    assert len(rows) == len(WORDINGS) + len(SCORES)
    assert rows["Pitch, median"] == "119 Hz"
    assert rows["Articulation rate"] == "4.3 syllables a second (estimated)"
    assert rows["Pitch, range"] == "Too noisy"
    assert rows["Recognition confidence"] == "Not reported by this recogniser"
    assert (rows["Intonation score"], rows["Fluency score"]) == ("0.47", "Not given")


@pytest.mark.django_db
def test_each_measure_is_explained_and_what_it_is_not_is_said(client: Client) -> None:
    interview = an_interview(a_recruiter(), questions=["Why you?", "Why us?"])
    for question in interview.questions.all():
        an_answer(question, "first words", voice_metrics=MEASURED)

    page = page_of(client, interview)

    # Once for all answers: the page fills the rows in.
    assert page.count('class="measures__about"') == len(WORDINGS) + len(SCORES)
    assert "Made of: Pitch, variation; not given" in page
    assert "They say nothing about emotion, honesty or fit for a position." in page
    assert page.count('<details class="delivery">') == 2


@pytest.mark.django_db
def test_measures_are_told_in_the_language_of_the_page(admin_client: Client) -> None:
    question = an_interview(a_recruiter(), questions=["Why you?"]).questions.get()
    answer = an_answer(question, "first words", voice_metrics=MEASURED, duration_ms=12_000)
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"

    page = admin_page_of(admin_client, answer)

    rows = rows_of(page)
    assert rows["Artikulationsrate"] == "4,3\N{NO-BREAK SPACE}Silben pro Sekunde (geschätzt)"
    assert rows["Tonhöhe, Umfang"] == "Zu viel Hintergrundgeräusch"
    assert rows["Kennzahl Intonation"] == "0,47"
    assert "Benötigt: 5\N{NO-BREAK SPACE}Wörter über 2\N{NO-BREAK SPACE}s." in page
    assert "Benötigt: nichts." not in page


@pytest.mark.django_db
def test_a_review_brings_its_measures_and_its_drawing_when_it_is_looked_at(client: Client) -> None:
    interview = an_interview(a_recruiter(), questions=["Why you?"])
    answer = an_answer(
        interview.questions.get(), "first words", voice_metrics=MEASURED, peaks=b"\x00\x80\xff"
    )

    page = page_of(client, interview)
    sound = client.get(reverse("interviews:answer_sound", args=[answer.pk])).json()

    assert f'data-sound="{reverse("interviews:answer_sound", args=[answer.pk])}"' in page
    assert (sound["peaks"], sound["trace"]) == ("AID/", MEASURED["trace"])
    assert sound["metrics"]["measures"]["pitch_median_hz"]["value"] == 118.5
    assert sound["metrics"]["intonation_score"] == 0.471


@pytest.mark.django_db
def test_what_is_not_shared_leaves_nothing_on_the_recruiters_pages(client: Client) -> None:
    interview = an_interview(a_recruiter(), questions=["Why you?"], metrics_sharing="candidate")
    answer = an_answer(interview.questions.get(), "first words", voice_metrics=MEASURED, peaks=b"\x80")

    page = page_of(client, interview)
    sound = client.get(reverse("interviews:answer_sound", args=[answer.pk])).json()

    assert "first words" in page
    assert [
        part for part in ("<measure-list", "<answer-plot", "level_dbfs", 'class="metrics"') if part in page
    ] == []
    assert (sound["peaks"], sound["trace"], sound["metrics"]) == ("gA==", None, None)


@pytest.mark.django_db
def test_answers_of_before_are_shown_as_they_were(client: Client) -> None:
    interview = an_interview(a_recruiter(), questions=["Why you?"])
    an_answer(interview.questions.get(), "first words", voice_metrics=METRICS)

    page = page_of(client, interview)

    assert ('data-metric="speaking_rate_wpm">132</dd>' in page, 'class="delivery"' in page) == (True, False)


@pytest.mark.django_db
def test_the_admins_page_of_an_answer_lists_them_too(admin_client: Client) -> None:
    question = an_interview().questions.get(position=1)
    answer = an_answer(question, "first words", voice_metrics=MEASURED, confidence=0.894)

    page = admin_page_of(admin_client, answer)

    assert rows_of(page)["Pitch, median"] == "119 Hz"
    assert re.search(r"<label>Recognition confidence:</label>\s*<div class=\"readonly\">89 %</div>", page)
    assert not re.search(r"(?<!ecognition )confidence:?</", page, re.IGNORECASE)

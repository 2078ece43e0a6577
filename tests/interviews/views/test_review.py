from __future__ import annotations

import gzip
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews.models import Answer, Correction
from tests.support.pages import Page, signed_in, text_of
from tests.support.rows import MEASURED, a_recruiter, an_answer, an_interview

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rows", [1, 3])
def test_a_transcript_takes_as_many_queries_for_few_as_for_many(
    client: Client, rows: int, django_assert_num_queries: Any
) -> None:
    interview = an_interview(signed_in(client), questions=["Why?"] * rows)
    for question in interview.questions.all():
        for take in range(1, rows + 1):
            answer = an_answer(question, *["words"] * rows, take=take, audio=b"fLaC")
        Correction.objects.create(segment=answer.segments.get(index=0), text="others")

    with django_assert_num_queries(7):
        page = text_of(client.get(reverse("interviews:interview", args=[interview.pk])))

    assert page.count("data-segment=") == rows**3
    assert page.count("<span data-text>others</span>") == rows


def test_a_transcript_shows_words_times_and_measures(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    answer = an_answer(interview.questions.get(), "first words", "second words", audio=b"fLaC")

    page = text_of(client.get(reverse("interviews:interview", args=[interview.pk])))

    assert re.search(
        r'data-start="5000"><button [^>]*>0:05</button><span data-text>second words</span>', page
    )
    [link] = re.findall(r'<audio [^>]*src="([^"]+)"', page)
    assert client.get(link).status_code == 200
    assert f'data-renewed-at="{reverse("interviews:answer_audio", args=[answer.pk])}"' in page
    assert ">132</dd>" in page
    assert ">91 %</dd>" in page
    assert page.count(">not measured</dd>") == 2


def numbers(page: Page, name: str) -> list[int]:
    return [take.take for take in page.context[name]]


def test_the_take_that_counts_is_shown_and_the_others_are_folded(client: Client) -> None:
    asked = {"text": "Why you?", "takes_allowed": 5}
    interview = an_interview(signed_in(client), questions=[asked])
    question = interview.questions.get()
    an_answer(question, "first take")
    an_answer(question, "second take", take=2, chosen_at=timezone.now())
    an_answer(question, "third take", take=3)
    an_answer(question, take=4, status=Answer.Status.FAILED)

    page = text_of(client.get(reverse("interviews:interview", args=[interview.pk])))

    counting, *others = page.split('<details class="answer__other">')
    assert ("second take" in counting, "Chosen by the candidate" in counting) == (True, True)
    assert [re.findall(r"(\w+) take</span>", other) for other in others] == [["first"], ["third"], []]
    assert "Chosen by the candidate" not in "".join(others)
    assert reverse("interviews:takes", args=[interview.pk, question.pk]) in page


def test_one_take_is_not_compared(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    an_answer(interview.questions.get(), "words")
    an_answer(interview.questions.get(), take=2, status=Answer.Status.FAILED)

    page = text_of(client.get(reverse("interviews:interview", args=[interview.pk])))

    assert "Compare the takes" not in page


def test_the_take_that_counts_is_compared_with_another(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why you?"])
    question = interview.questions.get()
    for take in (1, 2, 3):
        an_answer(question, f"words {take}", take=take, audio=b"fLaC")
    an_answer(question, take=4, status=Answer.Status.FAILED)
    address = reverse("interviews:takes", args=[interview.pk, question.pk])

    pages = [client.get(address), client.get(address, {"take": [1, 3]}), client.get(address, {"take": "x"})]

    assert [numbers(page, "takes") for page in pages] == [[3, 2], [3, 1], [3, 2]]
    assert text_of(pages[1]).count("<audio ") == 2


def test_takes_of_others_are_as_missing_as_a_question_that_never_was(client: Client) -> None:
    others = an_interview(a_recruiter("bea"), questions=["A secret?"])
    mine = an_interview(signed_in(client))
    addresses = [
        reverse("interviews:takes", args=[others.pk, others.questions.get().pk]),
        reverse("interviews:takes", args=[mine.pk, others.questions.get().pk]),
        reverse("interviews:takes", args=[mine.pk, uuid4()]),
    ]

    assert [client.get(address).status_code for address in addresses] == [404, 404, 404]


def test_ten_answers_of_three_minutes_are_a_light_page(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["Why?"] * 10)
    for question in interview.questions.all():
        sentences = ["seven words about this and that there"] * 45
        an_answer(question, *sentences, audio=b"fLaC", voice_metrics=MEASURED, peaks=bytes(1200))

    page = client.get(
        reverse("interviews:interview", args=[interview.pk]), headers={"Accept-Encoding": "gzip"}
    )

    text = gzip.decompress(page.content).decode()
    assert text.count("seven words about this and that there") == 450
    assert len(page.content) < 15_000
    assert len(text.encode()) < 150_000


def test_words_can_do_no_harm_to_the_page(client: Client) -> None:
    interview = an_interview(signed_in(client), questions=["<script>one</script>"])
    an_answer(interview.questions.get(), "<script>two</script>")

    assert "<script>one" not in text_of(client.get(reverse("interviews:interview", args=[interview.pk])))
    assert "<script>two" not in text_of(client.get(reverse("interviews:interview", args=[interview.pk])))


def test_a_recording_that_is_not_complete_says_so(client: Client) -> None:
    interview = an_interview(signed_in(client))
    question, other = interview.questions.all()
    lost = {"at_ms": 61_000, "code": "AUDIO_DECODING_FAILED", "doubts": []}
    an_answer(question, "as far as it went", audio=b"flac", damage=[lost])
    an_answer(other, "all of it", audio=b"flac")

    shown = text_of(client.get(reverse("interviews:interview", args=[interview.pk])))

    assert shown.count("This recording is not complete") == 1
    assert "from 1:01 on" in shown

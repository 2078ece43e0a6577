"""How an answer sounds while somebody speaks, as recruiters and candidates see it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.looks import look
from tests.support.browsers import SENTENCE, Opener
from tests.support.servers import Site

DRAWING = "Level, pitch and words over time."


def row(place: Page | Locator, name: str) -> Locator:
    return place.locator(f"[data-measure={name}]")


def test_a_dashboard_draws_and_lists_while_somebody_speaks(
    server: Site, open_context: Opener, open_desk: Opener
) -> None:
    created = server.create_interview("Why you?")
    desk, calm, candidate = open_desk().page(), open_desk().page(), open_context().page()
    # Who wants things to keep still opens the drawing themselves.
    calm.emulate_media(reduced_motion="reduce")
    for page in (desk, calm):
        page.goto(f"{server.url}/interviews/{created['interview_id']}/live/")
    card = people.card(desk, 1)
    people.begin(candidate, created["candidate_url"])
    expect(card.locator("measure-list")).to_be_hidden()

    people.record(candidate)

    expect(card.get_by_text("Delivery, the answer so far")).to_be_visible()
    expect(card.get_by_role("img", name=DRAWING)).to_be_visible()
    expect(row(card, "pitch_median_hz")).to_contain_text(
        re.compile(r"Pitch, median\s+\d+ Hz\s*last 10 s:\s*\d+")
    )
    expect(people.finals(card)).to_contain_text(SENTENCE)
    expect(candidate.locator("measure-list")).to_be_hidden()
    look(desk, "dashboard-live")
    expect(row(calm, "pitch_median_hz")).to_be_visible()
    expect(calm.locator("svg")).to_have_count(0)
    calm.get_by_text("Level, pitch and pace").click()
    expect(calm.locator("svg")).to_be_visible()

    people.stop(candidate)

    expect(card.get_by_text("Delivery, whole answer")).to_be_visible()
    expect(row(card, "speaking_rate_wpm")).to_contain_text(re.compile(r"\d+ words a minute"))
    expect(card.get_by_role("img", name=DRAWING)).to_be_visible()
    expect(card.get_by_text("They say nothing about emotion, honesty or fit")).to_be_visible()
    # The candidate, too, if they like.
    expect(candidate.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    expect(candidate.locator("measure-list")).to_be_hidden()
    candidate.get_by_text("How your last answer sounded").click()
    expect(row(candidate, "pitch_median_hz")).to_contain_text("Hz")
    expect(candidate.get_by_role("img", name=DRAWING)).to_be_visible()
    look(candidate, "candidate-sounded")


def test_what_is_the_candidates_alone_is_on_no_dashboard(
    server: Site, open_context: Opener, open_desk: Opener
) -> None:
    created = server.create_interview("Why you?", **{"metrics-sharing": "candidate"})
    desk, candidate = open_desk().page(), open_context().page()
    desk.goto(f"{server.url}/interviews/{created['interview_id']}/live/")
    people.begin(candidate, created["candidate_url"])
    people.record(candidate)
    expect(people.finals(people.card(desk, 1))).to_contain_text(SENTENCE)
    people.stop(candidate)

    expect(candidate.get_by_text("How your last answer sounded")).to_be_visible()
    expect(people.card(desk, 1)).to_contain_text("Answered")

    expect(desk.locator("measure-list")).to_be_hidden()
    expect(desk.locator("svg")).to_have_count(0)
    desk.goto(f"{server.url}/interviews/{created['interview_id']}/")
    expect(desk.get_by_text(SENTENCE)).to_be_visible()
    expect(desk.locator("measure-list, answer-plot")).to_have_count(0)

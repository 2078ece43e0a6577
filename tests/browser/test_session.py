"""A candidate's whole way: practice, captions, a question read aloud, a note, and what comes at the end."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import people, speakers
from tests.browser.looks import look
from tests.support.browsers import SAID, Opener
from tests.support.observing import rows
from tests.support.servers import Created, Site
from tests.support.voices import read_pcm, speak

# The test's browser has no voices of its own; what it is told to say is written down.
VOICES = """
window.said = []
class Said { constructor(text) { this.text = text } }
window.SpeechSynthesisUtterance = Said
const voices = [{ lang: "de-DE", localService: true }, { lang: "en_US", localService: true }]
Object.defineProperty(window, "speechSynthesis", { value: Object.assign(new EventTarget(), {
  getVoices: () => voices,
  speak: ({ text, lang, voice }) => window.said.push(`${text} (${lang}, ${voice.lang})`),
  cancel: () => window.said.push("cancelled"),
}) })
"""
# Of the sentence, what is heard alike however busy the machine is.
HEARD = "I believe that clear communication"


@pytest.fixture
def page(created: Created, open_context: Opener) -> Page:
    """A candidate's who was heard, and may practise."""
    page = open_context().page()
    page.add_init_script(VOICES)
    people.consent(page, created["candidate_url"])
    expect(page.get_by_role("heading", name="Try it out")).to_be_hidden()
    people.check_microphone(page)
    return page


@pytest.fixture
def desk(server: Site, created: Created, open_desk: Opener) -> Page:
    """The dashboard of the same interview."""
    desk = open_desk().page()
    desk.goto(f"{server.url}/interviews/{created['interview_id']}/live/")
    return desk


def captions(page: Page, size: str) -> None:
    page.get_by_role("group", name="Captions").get_by_label(size).check()


def letters(place: Locator) -> float:
    size: float = people.interim(place).evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    return size


def practise(page: Page) -> Locator:
    page.get_by_role("button", name="Practise").click()
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    practice = page.locator("practice-round")
    expect(people.words(practice)).to_contain_text("I believe that")
    return practice


def begin(page: Page) -> None:
    page.get_by_role("button", name="Begin the interview").click()
    people.question(page, "Why you?")


def note(page: Page, text: str) -> None:
    page.get_by_text("What was understood of your last answer").click()
    page.get_by_label("A note to it").fill(text)
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("Your note is saved.")).to_be_visible()


def test_a_practice_is_read_and_heard_again_in_captions_that_suit(page: Page) -> None:
    practice = practise(page)
    usual = letters(practice)
    captions(page, "Large")
    assert letters(practice) > usual
    captions(page, "Off")
    expect(people.interim(practice)).to_be_hidden()
    captions(page, "Normal")
    expect(people.finals(practice)).to_contain_text(HEARD)
    page.get_by_role("button", name="Stop").click()

    expect(page.get_by_role("heading", name="What was understood")).to_be_focused()
    expect(people.finals(practice)).to_contain_text(HEARD)
    expect(page.get_by_text("Your voice is clear.")).to_be_visible()
    look(page, "practice-done")
    page.get_by_role("button", name="Listen to it").click()
    page.get_by_role("button", name="Stop listening").click()
    expect(page.get_by_role("button", name="Listen to it")).to_be_visible()


def test_nothing_is_left_of_a_practice_when_the_interview_begins_in_the_middle_of_it(
    server: Site, created: Created, page: Page, desk: Page
) -> None:
    practice = practise(page)
    expect(desk.get_by_text("Scheduled")).to_be_visible()

    begin(page)

    expect(practice).to_have_count(0)
    query = (
        "SELECT COUNT(*) FROM interviews_answer JOIN interviews_question AS question"
        " ON question_id = question.id WHERE interview_id = ?"
    )
    assert rows(server, query, UUID(created["interview_id"]).hex) == [(0,)]


def test_a_question_is_read_aloud_until_it_is_answered(page: Page) -> None:
    begin(page)
    page.get_by_role("button", name="Read the question aloud").click()
    expect(page.get_by_role("button", name="Stop reading")).to_be_visible()

    people.record(page)

    assert page.evaluate("window.said") == ["Why you? (en-US, en_US)", "cancelled"]


def test_who_wants_no_captions_is_heard_all_the_same_and_may_have_large_ones_later(
    page: Page, desk: Page
) -> None:
    begin(page)
    people.record(page)
    captions(page, "Off")
    expect(page.get_by_text("Recording", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Saved up to 0:0\d of 0:0\d"))).to_be_visible()
    expect(people.finals(people.card(desk, 1))).to_contain_text(HEARD)
    expect(people.finals(page)).to_be_hidden()
    people.stop(page)
    people.question(page, "Why us?")

    # The choice outlives the page.
    page.reload()
    expect(page.get_by_role("group", name="Captions").get_by_label("Off")).to_be_checked()
    captions(page, "Large")
    people.record(page)
    expect(people.finals(page)).to_contain_text(HEARD)
    look(page, "recording-captions-large")


def test_a_note_is_made_to_what_was_understood(page: Page, desk: Page) -> None:
    begin(page)
    people.record(page)
    expect(people.finals(page)).to_contain_text(HEARD)
    people.stop(page)
    people.question(page, "Why us?")

    note(page, "I said “Ada”, not “either”.")

    expect(page.get_by_text(HEARD)).to_be_visible()
    expect(page.get_by_text("Your recording is what counts.")).to_be_visible()
    expect(people.card(desk, 1)).to_contain_text("I said “Ada”, not “either”.")


def test_the_end_takes_a_note_too_and_is_there_when_the_link_is_opened_again(
    server: Site, created: Created, open_context: Opener, desk: Page
) -> None:
    speakers.answer(server, created, read_pcm(speak(SAID)))
    page = open_context().page()
    page.goto(created["candidate_url"])
    people.question(page, "Why us?")
    people.record(page)
    expect(people.finals(page)).to_contain_text(HEARD)
    people.stop(page)
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_focused()
    expect(page.get_by_text("Answers given: 2 of 2")).to_be_visible()

    note(page, "Thank you.")

    look(page, "done")
    page.goto(created["candidate_url"])
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    expect(page.get_by_text("Answers given: 2 of 2")).to_be_visible()
    expect(page.get_by_text("Robin")).to_be_hidden()
    page.get_by_text("Why you?").click()
    expect(page.locator("[data-measure=pitch_median_hz]").first).to_be_visible()
    look(page, "done-reopened")
    desk.goto(f"{server.url}/interviews/{created['interview_id']}/")
    expect(desk.get_by_role("group", name="The candidate's note")).to_have_count(1)

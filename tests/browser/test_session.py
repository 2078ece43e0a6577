"""A candidate's whole way: practice, captions, a question read aloud, a note, and what comes at the end."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.looks import look
from tests.support.browsers import Opener
from tests.support.servers import Site

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
HEARD = "i believe that clear communication"
ANSWERS = "from interviews.models import Answer; print(Answer.objects.count(), end='')"


def captions(page: Page, size: str) -> None:
    page.get_by_role("group", name="Captions").get_by_label(size).check()


def letters(place: Locator) -> float:
    size: float = people.interim(place).evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    return size


def practise(page: Page) -> None:
    page.get_by_role("button", name="Practise").click()
    expect(page.get_by_role("button", name="Stop")).to_be_focused()


def test_a_candidate_is_at_ease(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?", "Why us?")
    candidate = open_context()
    page, desk = candidate.page(), open_context().page()
    page.add_init_script(VOICES)
    people.sign_in(desk, server, f"/interviews/{created['interview_id']}/live/")
    people.consent(page, created["candidate_url"])
    expect(page.get_by_role("heading", name="Try it out")).to_be_hidden()
    people.check_microphone(page)

    # Practice, with captions of the size that suits.
    practice = page.locator("practice-round")
    practise(page)
    expect(people.interim(practice)).to_contain_text("i believe that")
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
    practise(page)
    expect(people.interim(practice)).to_contain_text("i believe that")
    expect(desk.get_by_text("Scheduled")).to_be_visible()
    assert server.manage("shell", "-v0", "-c", ANSWERS) == "0"

    # Nothing of it is left when the interview begins in the middle of it.
    page.get_by_role("button", name="Begin the interview").click()
    people.question(page, "Why you?")
    expect(practice).to_have_count(0)
    page.get_by_role("button", name="Read the question aloud").click()
    expect(page.get_by_role("button", name="Stop reading")).to_be_visible()
    people.record(page)
    assert page.evaluate("window.said") == ["Why you? (en-US, en_US)", "cancelled"]
    captions(page, "Off")
    expect(page.get_by_text("Recording", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Saved up to 0:0\d of 0:0\d"))).to_be_visible()
    expect(people.finals(people.card(desk, 1))).to_contain_text(HEARD)
    expect(people.finals(page)).to_be_hidden()
    people.stop(page)

    # A note to what was understood.
    people.question(page, "Why us?")
    page.get_by_text("What was understood of your last answer").click()
    expect(page.get_by_text(HEARD)).to_be_visible()
    expect(page.get_by_text("Your recording is what counts.")).to_be_visible()
    page.get_by_label("A note to it").fill("I said “Ada”, not “either”.")
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("Your note is saved.")).to_be_visible()
    expect(people.card(desk, 1)).to_contain_text("I said “Ada”, not “either”.")

    # The end, here and when the link is opened again.
    page.reload()
    expect(page.get_by_role("group", name="Captions").get_by_label("Off")).to_be_checked()
    captions(page, "Large")
    people.record(page)
    expect(people.finals(page)).to_contain_text(HEARD)
    look(page, "recording-captions-large")
    people.stop(page)
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_focused()
    expect(page.get_by_text("Answers given: 2 of 2")).to_be_visible()
    page.get_by_text("What was understood of your last answer").click()
    page.get_by_label("A note to it").fill("Thank you.")
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("Your note is saved.")).to_be_visible()
    look(page, "done")
    page.goto(created["candidate_url"])
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    expect(page.get_by_text("Answers given: 2 of 2")).to_be_visible()
    expect(page.get_by_text("Robin")).to_be_hidden()
    page.get_by_text("Why you?").click()
    expect(page.locator("[data-measure=pitch_median_hz]").first).to_be_visible()
    look(page, "done-reopened")

    desk.goto(f"{server.url}/interviews/{created['interview_id']}/")
    expect(desk.get_by_role("group", name="The candidate's note")).to_have_count(2)

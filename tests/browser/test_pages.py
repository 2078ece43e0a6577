"""Every page in two widths and both colour schemes: nothing complains, is cut off or shuts anybody out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people, speakers
from tests.browser.looks import look, shoot
from tests.support.browsers import SAID, SENTENCE, Opener
from tests.support.servers import RECRUITER, Created, Site
from tests.support.voices import read_pcm, speak

SPEECH = read_pcm(speak(SAID))


def live(site: Site, created: Created) -> str:
    return f"{site.url}/interviews/{created['interview_id']}/live/"


def write(page: Page, text: str) -> None:
    page.get_by_text("Answer in writing instead").click()
    page.get_by_label("Your answer").fill(text)
    page.get_by_role("button", name="Send the answer").click()


@pytest.fixture
def page(created: Created, open_context: Opener) -> Page:
    """The candidate's, before the first question."""
    page = open_context().page()
    people.consent(page, created["candidate_url"])
    return page


def test_pages_of_nobody_in_particular(server: Site, created: Created, open_context: Opener) -> None:
    guest = open_context()
    guest.expected = ("404", "403")
    page = guest.page()

    page.goto(server.url)
    look(page, "login")
    page.goto(f"{server.url}/join/unknown/")
    look(page, "not-found")
    page.goto(f"{server.url}/interviews/{created['interview_id']}/session/")
    look(page, "session-denied")
    page.goto(created["candidate_url"])
    look(page, "join")


@pytest.mark.alone  # drafts give way to everything else
def test_a_candidates_pages(server: Site, created: Created, page: Page, open_desk: Opener) -> None:
    desk = open_desk().page()
    desk.goto(live(server, created))
    expect(people.liveness(desk)).to_have_text("Waiting for the candidate")

    look(page, "check")
    people.check_microphone(page)
    look(page, "check-heard")
    page.get_by_role("button", name="Begin the interview").click()
    people.question(page, "Why you?")
    page.get_by_text("Answer in writing instead").click()
    look(page, "question")
    people.record(page)
    expect(people.interim(people.card(desk, 1))).to_contain_text("I believe that")
    look(page, "recording-interim")
    look(desk, "dashboard-interim")
    expect(people.finals(page)).to_contain_text(SENTENCE)
    look(page, "recording-final")


def test_pages_of_an_answer_that_was_interrupted(created: Created, page: Page) -> None:
    page.get_by_role("button", name="Use the microphone").click()
    page.get_by_role("button", name="Begin the interview").click()
    people.record(page)
    expect(people.finals(page)).to_contain_text(SENTENCE)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("heading", name="Your answer was interrupted")).to_be_visible()
    look(page, "recovery")

    other = page.context.new_page()
    other.goto(created["candidate_url"])
    other.get_by_role("button", name="Go on recording").click()
    expect(people.finals(other).get_by_text(SENTENCE)).to_have_count(2)
    page.get_by_role("button", name="Go on recording").click()
    expect(other.get_by_role("heading", name="This page has stopped")).to_be_visible()
    look(other, "replaced")


def test_pages_of_an_interview_that_ends(
    server: Site, created: Created, page: Page, open_desk: Opener
) -> None:
    desk = open_desk().page()
    desk.goto(live(server, created))
    people.check_microphone(page)
    page.get_by_role("button", name="Begin the interview").click()
    people.record(page)
    expect(people.finals(page)).to_contain_text(SENTENCE)
    people.stop(page)

    people.question(page, "Why us?")
    look(page, "question-next")
    write(page, "In writing I can think twice.\n\nAnd begin a new paragraph.")
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    look(page, "complete")

    expect(desk.get_by_text("2 of 2 answered", exact=True)).to_be_visible()
    look(desk, "dashboard-complete")
    desk.get_by_role("link", name="Transcript and audio").click()
    look(desk, "transcript")


def test_pages_on_which_an_interview_is_made(server: Site, open_desk: Opener) -> None:
    desk = open_desk().page()
    desk.goto(f"{server.url}/interviews/new/")
    look(desk, "new")
    desk.get_by_label("Position or title").fill("Gardener")
    desk.get_by_label("Candidate name").fill("Rosa Rose")
    desk.get_by_role("textbox", name="Language").fill("nonsense!")
    desk.get_by_label("Questions").fill("Which flower?\nWhich tree?")
    desk.get_by_role("button", name="Create and get the link").click()
    look(desk, "new-refused")
    desk.get_by_role("textbox", name="Language").fill("en-US")
    desk.get_by_role("button", name="Create and get the link").click()
    look(desk, "link")
    desk.goto(server.url)
    expect(desk.get_by_text("Kept up to date")).to_be_visible()
    look(desk, "lobby")


@pytest.fixture(scope="module")
def answered(server: Site) -> Created:
    created = server.create_interview("Why you?")
    speakers.answer(server, created, SPEECH)
    return created


def test_the_admin_does_not_complain(server: Site, answered: Created, open_desk: Opener) -> None:
    page = open_desk().page()

    for name, path in {
        "index": "",
        "interviews": "interviews/interview/",
        "interview": f"interviews/interview/{answered['interview_id']}/change/",
        "answers": "interviews/answer/",
    }.items():
        page.goto(f"{server.url}/admin/{path}")
        shoot(page, f"admin-{name}", ["light"])
    page.locator("#result_list tbody a").first.click()
    expect(page.locator("audio")).to_be_visible()
    shoot(page, "admin-answer", ["light"])


def test_the_admins_pickers_which_are_scripts_work(
    server: Site, answered: Created, open_desk: Opener
) -> None:
    page = open_desk().page()
    page.goto(f"{server.url}/admin/interviews/interview/{answered['interview_id']}/change/")

    page.get_by_role("listbox").first.select_option(RECRUITER)
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()

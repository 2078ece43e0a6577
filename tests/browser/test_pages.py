"""Every page in two widths and both colour schemes: nothing complains, is cut off or shuts anybody out."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import people
from tests.browser.looks import look, shoot
from tests.support.browsers import SENTENCE, Opener
from tests.support.servers import RECRUITER, Site


def test_pages_fit_and_do_not_complain(server: Site, open_context: Opener) -> None:
    created = server.create_interview(
        "Why do you want to work with us?", "What are you proud of?", "And in writing?"
    )
    live = f"/interviews/{created['interview_id']}/live/"
    candidate, recruiter = open_context(), open_context()
    candidate.expected = ("404", "403")
    page, desk = candidate.page(), recruiter.page()

    desk.goto(server.url)
    look(desk, "login")
    people.sign_in(desk, server, live)
    expect(people.liveness(desk)).to_have_text("Waiting for the candidate")

    page.goto(f"{server.url}/join/unknown/")
    look(page, "not-found")
    page.goto(f"{server.url}/interviews/{created['interview_id']}/session/")
    look(page, "session-denied")
    page.goto(created["candidate_url"])
    look(page, "join")
    people.consent(page, created["candidate_url"])
    look(page, "check")
    people.check_microphone(page)
    look(page, "check-heard")
    page.get_by_role("button", name="Begin the interview").click()
    people.question(page, "Why do you want to work with us?")
    page.get_by_text("Answer in writing instead").click()
    look(page, "question")
    people.record(page)
    expect(people.interim(people.card(desk, 1))).to_contain_text("i believe that")
    look(page, "recording-interim")
    look(desk, "dashboard-interim")
    expect(people.finals(page)).to_contain_text(SENTENCE)
    look(page, "recording-final")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_role("heading", name="Your answer was interrupted")).to_be_visible()
    look(page, "recovery")
    other = candidate.page()
    other.goto(created["candidate_url"])
    other.get_by_role("button", name="Go on recording").click()
    expect(people.finals(other).get_by_text(SENTENCE)).to_have_count(2)
    page.get_by_role("button", name="Go on recording").click()
    expect(other.get_by_role("heading", name="This page has stopped")).to_be_visible()
    look(other, "replaced")
    other.close()
    people.stop(page)
    people.question(page, "What are you proud of?")
    look(page, "question-next")
    people.record(page)
    expect(people.finals(page)).to_contain_text(SENTENCE)
    people.stop(page)
    people.question(page, "And in writing?")
    page.get_by_text("Answer in writing instead").click()
    page.get_by_label("Your answer").fill("In writing I can think twice.\n\nAnd begin a new paragraph.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    look(page, "complete")

    expect(desk.get_by_text("3 of 3 answered", exact=True)).to_be_visible()
    look(desk, "dashboard-complete")
    desk.get_by_role("link", name="Transcript and audio").click()
    look(desk, "transcript")
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


def test_the_admin_does_not_complain(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?")
    page = open_context().page()
    guest = open_context().page()
    people.begin(guest, created["candidate_url"])
    people.record(guest)
    expect(people.finals(guest)).to_contain_text(SENTENCE)
    people.stop(guest)
    expect(guest.get_by_role("heading", name="Your interview is complete")).to_be_visible()

    people.sign_in(page, server)
    for name, path in {
        "index": "",
        "interviews": "interviews/interview/",
        "interview": f"interviews/interview/{created['interview_id']}/change/",
        "answers": "interviews/answer/",
    }.items():
        page.goto(f"{server.url}/admin/{path}")
        shoot(page, f"admin-{name}", ["light"])
    page.locator("#result_list tbody a").first.click()
    expect(page.locator("audio")).to_be_visible()
    shoot(page, "admin-answer", ["light"])

    # The pickers, which are scripts, work too.
    page.goto(f"{server.url}/admin/interviews/interview/{created['interview_id']}/change/")
    page.get_by_role("listbox").first.select_option(RECRUITER)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

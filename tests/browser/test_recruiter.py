from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import people
from tests.browser.looks import look
from tests.support.browsers import Opener
from tests.support.servers import Site, new_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """One whose mail goes into a folder."""
    backend = "django.core.mail.backends.filebased.EmailBackend"
    return new_site(tmp_path, EMAIL_BACKEND=backend, EMAIL_FILE_PATH=str(tmp_path / "mail"))


def test_a_new_interview_and_its_link(server: Site, open_context: Opener) -> None:
    recruiter, candidate = open_context(), open_context()
    recruiter.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = recruiter.page()
    people.sign_in(page, server)

    page.get_by_role("link", name="New interview").click()
    page.get_by_label("Position or title").fill("Gardener")
    page.get_by_label("Candidate name").fill("Rosa Rose")
    page.get_by_label("Questions").fill("Which flower?\nWhich tree?")
    page.get_by_role("button", name="Create and get the link").click()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    guest = candidate.page()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="Welcome, Rosa Rose")).to_be_visible()
    # Loading the page again shows the interview, and neither the link nor another one.
    page.reload()
    expect(page.get_by_role("heading", name="Rosa Rose")).to_be_visible()
    assert link not in page.content()


def test_from_a_set_of_questions_to_a_lobby_that_shows_who_answers_them(
    server: Site, open_context: Opener, browser: Browser
) -> None:
    page, guest = open_context().page(), open_context().page()
    people.sign_in(page, server)

    # A set of questions, by the keyboard.
    page.get_by_role("link", name="Prepare a set of questions").click()
    page.get_by_label("Name").fill("Gardeners")
    question(page, 1).fill("Which tree?")
    add = page.get_by_role("button", name="Add a question")
    add.press("Enter")
    expect(question(page, 2)).to_be_focused()
    page.keyboard.type("Which flower?")
    up = page.get_by_role("group", name="Question 2").get_by_role("button", name="Move up")
    up.press("Enter")
    expect(page.get_by_text("It is question 1 now.")).to_be_attached()
    add.press("Enter")
    page.keyboard.type("Too much?")
    page.get_by_role("group", name="Question 3").get_by_role("button", name="Remove").press("Enter")
    expect(question(page, 2)).to_be_focused()
    page.get_by_role("group", name="Question 1").get_by_label("Seconds to think").fill("5")
    look(page, "question-set")
    page.get_by_role("button", name="Save the set").click()
    expect(page.get_by_text("The question set is saved.")).to_be_visible()
    expect(question(page, 1)).to_have_value("Which flower?")
    expect(question(page, 2)).to_have_value("Which tree?")
    expect(page.get_by_role("group")).to_have_count(2)
    set_page = page.url

    # The same without a script, by numbers and blank rows.
    plain = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    ).new_page()
    plain.goto(set_page)
    plain.get_by_role("group", name="Question 1").get_by_label("Place").fill("3")
    question(plain, 3).fill("Which bush?")
    plain.get_by_role("button", name="Save the set").click()
    for number, text in enumerate(["Which tree?", "Which flower?", "Which bush?"], start=1):
        expect(question(plain, number)).to_have_value(text)

    # An interview with it, to which the candidate is invited at once.
    page.goto(f"{server.url}/interviews/")
    lobby = page.context.new_page()
    lobby.goto(f"{server.url}/interviews/?status=waiting")
    expect(lobby.get_by_role("heading", name="Nobody is expected")).to_be_visible()
    page.get_by_role("link", name="Question sets").click()
    page.get_by_role("link", name="New interview: Gardeners").click()
    page.get_by_label("Position or title").fill("Head gardener")
    page.get_by_label("Candidate name").fill("Rosa Rose")
    page.get_by_role("button", name="Create and invite by e-mail").click()
    page.get_by_label("Candidate's e-mail").fill("rosa@example.org")
    page.get_by_role("button", name="Create and invite by e-mail").click()
    expect(page.get_by_text("The invitation is on its way to rosa@example.org.")).to_be_visible()
    look(page, "invited")
    [mail] = (server.folder / "mail").iterdir()
    message = message_from_bytes(mail.read_bytes(), policy=default)
    text = message.get_body(("plain",)).get_content()
    link = next(line for line in text.splitlines() if "/join/" in line)

    # The lobby shows it by itself, and follows it while the candidate answers.
    row = lobby.get_by_role("row", name="Rosa Rose")
    expect(row).to_contain_text("Invited")
    expect(lobby.get_by_role("link", name="Waiting 1")).to_have_attribute("aria-current", "page")
    look(lobby, "lobby-waiting")
    lobby.get_by_role("link", name="All 1").click()
    lobby.get_by_role("link", name="Rosa Rose", exact=True).focus()
    people.consent(guest, link)
    guest.get_by_role("button", name="Begin without a microphone").click()
    expect(row).to_contain_text("In progress")
    expect(lobby.get_by_role("link", name="Live 1")).to_be_visible()
    expect(lobby.get_by_role("link", name="Rosa Rose", exact=True)).to_be_focused()
    expect(guest.get_by_role("heading", name="Which tree?")).to_be_visible()
    guest.get_by_label("Your answer").fill("The oak.")
    guest.get_by_role("button", name="Send the answer").click()
    expect(row).to_contain_text("1 of 3 answered")

    # Who is sought for is found, by candidate or by e-mail, and others are not.
    server.create_interview(candidate="Tom Tulip")
    expect(lobby.get_by_role("row", name="Tom Tulip")).to_be_visible()
    lobby.get_by_role("searchbox").fill("rosa@")
    lobby.get_by_role("searchbox").press("Enter")
    expect(lobby.get_by_role("row")).to_have_count(2)
    expect(row.get_by_role("link", name="Watch live: Rosa Rose")).to_be_visible()
    lobby.get_by_text("Filters", exact=True).click()
    lobby.get_by_label("Status").select_option("Cancelled")
    lobby.get_by_role("button", name="Apply").click()
    expect(lobby.get_by_role("heading", name="No interview is like that")).to_be_visible()
    plain.goto(lobby.url)
    plain.get_by_role("link", name="Show all interviews").click()
    expect(plain.get_by_role("row")).to_have_count(3)
    plain.context.close()


def question(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Question {number}").get_by_role("textbox", name="Question")


def test_those_who_watch_see_each_other(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?")
    server.create_recruiter("second")
    page = open_context().page()

    people.sign_in(page, server, f"/interviews/{created['interview_id']}/live/")

    expect(page.get_by_role("list", name="Watching:")).to_contain_text("Robin")

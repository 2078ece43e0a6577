from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import people
from tests.browser.conftest import Opener
from tests.servers import Site


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


def test_the_lobby_shows_who_is_being_interviewed(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?", candidate="Rosa Rose")
    lobby, guest = open_context().page(), open_context().page()
    people.sign_in(lobby, server)
    row = lobby.get_by_role("row", name="Rosa Rose")
    expect(row).to_contain_text("Scheduled")
    expect(lobby.get_by_text("Nobody is being interviewed")).to_be_visible()

    people.consent(guest, created["candidate_url"])
    guest.get_by_role("button", name="Begin without a microphone").click()

    expect(row).to_contain_text("In progress")
    expect(lobby.get_by_role("listitem").filter(has_text="Rosa Rose")).to_contain_text("0 of 1 answered")
    guest.get_by_label("Your answer").fill("In writing.")
    guest.get_by_role("button", name="Send the answer").click()
    expect(row).to_contain_text("Completed")
    expect(row).to_contain_text("1 of 1 answered")
    expect(lobby.get_by_text("Nobody is being interviewed")).to_be_visible()


def test_those_who_watch_see_each_other(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?")
    server.create_recruiter("second")
    page = open_context().page()

    people.sign_in(page, server, f"/interviews/{created['interview_id']}/live/")

    expect(page.get_by_role("list", name="Watching:")).to_contain_text("Robin")

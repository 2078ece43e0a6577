"""What candidates and recruiters do with the pages."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.support.servers import PASSWORD, RECRUITER, Site


def consent(page: Page, candidate_url: str) -> None:
    page.goto(candidate_url)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").click()


def check_microphone(page: Page) -> None:
    page.get_by_role("button", name="Use the microphone").click()
    expect(page.get_by_text("We can hear you.")).to_be_visible()


def begin(page: Page, candidate_url: str) -> None:
    """To the first question."""
    consent(page, candidate_url)
    check_microphone(page)
    page.get_by_role("button", name="Begin the interview").click()


def record(page: Page) -> None:
    page.get_by_role("button", name="Record the answer").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()


def question(page: Page, text: str) -> None:
    """Waits for the question to be asked."""
    expect(page.get_by_role("heading", name=text)).to_be_visible()
    expect(page.get_by_role("button", name="Record the answer")).to_be_visible()


def finals(place: Page | Locator) -> Locator:
    return place.get_by_role("log", name="Transcript")


def words(place: Page | Locator) -> Locator:
    """What is shown of what is said, settled or not.

    On a machine with much else to do a short sentence may be over before there was time for a draft of it.
    """
    return place.locator("live-transcript").filter(visible=True)


def interim(place: Page | Locator) -> Locator:
    return place.locator(".transcript__segment--interim [data-text]")


def sign_in(page: Page, site: Site, path: str = "/", *, name: str = RECRUITER) -> None:
    page.goto(f"{site.url}{path}")
    enter(page, name)


def enter(page: Page, name: str = RECRUITER) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def card(page: Page, number: int) -> Locator:
    """A question on the dashboard."""
    return page.locator("question-card").nth(number - 1)


def liveness(place: Page | Locator) -> Locator:
    """How live what a dashboard shows is, in words."""
    return place.locator("[data-part=connection]")

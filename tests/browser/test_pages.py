"""Every page in both widths and both colour schemes: nothing complains, nothing is cut off.

What the pages looked like is kept in var/screenshots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import people
from tests.browser.conftest import SENTENCE, Opener
from tests.servers import ROOT, Site

SCREENSHOTS = ROOT / "var" / "screenshots"
WIDTHS = [1280, 360]
SCHEMES = ["light", "dark"]


@dataclass
class Camera:
    """Takes pictures of pages under one width and scheme."""

    folder: Path
    name: str

    def take(self, page: Page, of: str) -> None:
        sideways = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        page.screenshot(path=self.folder / f"{of}-{self.name}.png", full_page=True)
        assert sideways <= 0, f"{of} is {sideways} px wider than the window"


@pytest.fixture(params=[(w, s) for w in WIDTHS for s in SCHEMES], ids=lambda p: f"{p[0]}-{p[1]}")
def look(request: pytest.FixtureRequest) -> Iterator[tuple[Camera, dict[str, object]]]:
    width, scheme = request.param
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    yield Camera(SCREENSHOTS, f"{width}-{scheme}"), options


def test_pages_fit_and_do_not_complain(
    server: Site, open_context: Opener, look: tuple[Camera, dict[str, object]]
) -> None:
    camera, options = look
    created = server.create_interview(
        "Why do you want to work with us?", "What are you proud of?", "And in writing?"
    )
    live = f"/interviews/{created['interview_id']}/live/"
    candidate, recruiter = open_context(**options), open_context(**options)
    candidate.expected = ("404", "403")
    page, desk = candidate.page(), recruiter.page()

    desk.goto(server.url)
    camera.take(desk, "login")
    people.sign_in(desk, server, live)
    expect(desk.get_by_text("Live", exact=True)).to_be_visible()

    page.goto(f"{server.url}/join/unknown/")
    camera.take(page, "not-found")
    page.goto(f"{server.url}/interviews/{created['interview_id']}/session/")
    camera.take(page, "session-denied")
    page.goto(created["candidate_url"])
    camera.take(page, "join")
    people.consent(page, created["candidate_url"])
    camera.take(page, "check")
    people.check_microphone(page)
    camera.take(page, "check-heard")
    page.get_by_role("button", name="Begin the interview").click()
    people.question(page, "Why do you want to work with us?")
    page.get_by_text("Answer in writing instead").click()
    camera.take(page, "question")
    people.record(page)
    expect(people.interim(people.card(desk, 1))).to_contain_text("i enjoy learning")
    camera.take(page, "recording-interim")
    camera.take(desk, "dashboard-interim")
    expect(people.finals(page)).to_contain_text(SENTENCE)
    camera.take(page, "recording-final")
    people.stop(page)
    people.question(page, "What are you proud of?")
    camera.take(page, "question-next")
    people.record(page)
    expect(people.finals(page)).to_contain_text(SENTENCE)
    people.stop(page)
    people.question(page, "And in writing?")
    page.get_by_text("Answer in writing instead").click()
    page.get_by_label("Your answer").fill("In writing I can think twice.\n\nAnd begin a new paragraph.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    camera.take(page, "complete")

    expect(desk.get_by_text("3 of 3 answered", exact=True)).to_be_visible()
    camera.take(desk, "dashboard-complete")
    desk.get_by_role("link", name="Transcript and audio").click()
    camera.take(desk, "transcript")
    desk.goto(f"{server.url}/interviews/new/")
    camera.take(desk, "new")
    desk.get_by_label("Position or title").fill("Gardener")
    desk.get_by_label("Candidate name").fill("Rosa Rose")
    desk.get_by_label("Language").fill("nonsense!")
    desk.get_by_label("Questions").fill("Which flower?\nWhich tree?")
    desk.get_by_role("button", name="Create and get the link").click()
    camera.take(desk, "new-refused")
    desk.get_by_label("Language").fill("en-US")
    desk.get_by_role("button", name="Create and get the link").click()
    camera.take(desk, "link")
    desk.goto(server.url)
    expect(desk.get_by_text("Live", exact=True)).to_be_visible()
    camera.take(desk, "lobby")


def test_the_admin_does_not_complain(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?")
    page = open_context().page()
    guest = open_context().page()
    people.begin(guest, created["candidate_url"])
    people.record(guest)
    expect(people.finals(guest)).to_contain_text(SENTENCE)
    people.stop(guest)
    expect(guest.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    people.sign_in(page, server)
    for name, path in {
        "index": "",
        "interviews": "interviews/interview/",
        "interview": f"interviews/interview/{created['interview_id']}/change/",
        "answers": "interviews/answer/",
    }.items():
        page.goto(f"{server.url}/admin/{path}")
        page.screenshot(path=SCREENSHOTS / f"admin-{name}.png", full_page=True)
    page.locator("#result_list tbody a").first.click()
    expect(page.locator("audio")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "admin-answer.png", full_page=True)

    # The pickers, which are scripts, work too.
    page.goto(f"{server.url}/admin/interviews/interview/{created['interview_id']}/change/")
    page.get_by_role("listbox").first.select_option("recruiter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()

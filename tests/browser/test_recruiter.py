"""From a set of questions to a lobby that shows who answers them. Each test has a recruiter of its own."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.looks import look
from tests.browser.speakers import Speaker
from tests.support.browsers import Opener
from tests.support.servers import Site, new_site

NAMES = "ada", "bea", "cleo", "dora", "eva", "fay"
SET = """
from django.contrib.auth import get_user_model
from interviews.models import QuestionSet, SetQuestion
for owner in get_user_model().objects.filter(username__in={names!r}):
    made = QuestionSet.objects.create(owner=owner, name="Gardeners")
    for position, text in enumerate(["Which flower?", "Which tree?"], start=1):
        SetQuestion.objects.create(question_set=made, position=position, text=text)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One whose mail goes into a folder, with recruiters who have a set of questions."""
    folder = tmp_path_factory.mktemp("site")
    backend = "django.core.mail.backends.filebased.EmailBackend"
    site = new_site(folder, EMAIL_BACKEND=backend, EMAIL_FILE_PATH=str(folder / "mail"))
    site.create_recruiters(*NAMES)
    site.run_code(SET.format(names=NAMES))
    return site


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return iter(NAMES)


@pytest.fixture
def name(names: Iterator[str]) -> str:
    """Somebody who has a set of questions, and no interview yet."""
    return next(names)


@pytest.fixture
def page(server: Site, open_context: Opener, name: str) -> Page:
    page = open_context().page()
    people.sign_in(page, server, name=name)
    return page


@pytest.fixture
def lobby(page: Page, server: Site) -> Page:
    """Another page of theirs."""
    lobby = page.context.new_page()
    lobby.goto(f"{server.url}/interviews/?status=waiting")
    expect(lobby.get_by_role("heading", name="Nobody is expected")).to_be_visible()
    return lobby


def question(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Question {number}").get_by_role("textbox", name="Question")


def mail_to(site: Site, address: str) -> EmailMessage:
    mails = [
        message_from_bytes(path.read_bytes(), policy=default) for path in (site.folder / "mail").iterdir()
    ]
    [mail] = [mail for mail in mails if address in mail["To"]]
    return mail


def test_a_new_interview_and_its_link(page: Page, open_context: Opener) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="New interview", exact=True).click()
    page.get_by_label("Position or title").fill("Gardener")
    page.get_by_label("Candidate name").fill("Rosa Rose")
    page.get_by_label("Questions").fill("Which flower?\nWhich tree?")
    page.get_by_role("button", name="Create and get the link").click()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")

    guest = open_context().page()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="Welcome, Rosa Rose")).to_be_visible()
    # Loading the page again shows the interview, and neither the link nor another one.
    page.reload()
    expect(page.get_by_role("heading", name="Rosa Rose")).to_be_visible()
    assert link not in page.content()


def test_a_set_of_questions_is_made_by_the_keyboard(page: Page) -> None:
    page.get_by_role("link", name="Prepare a set of questions").click()
    page.get_by_label("Name").fill("Bakers")
    question(page, 1).fill("Which bread?")
    add = page.get_by_role("button", name="Add a question")
    add.press("Enter")
    expect(question(page, 2)).to_be_focused()
    page.keyboard.type("Which cake?")
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
    expect(question(page, 1)).to_have_value("Which cake?")
    expect(question(page, 2)).to_have_value("Which bread?")
    expect(page.get_by_role("group")).to_have_count(2)


def test_without_a_script_a_set_is_changed_by_numbers_and_blank_rows(
    server: Site, open_context: Opener, name: str
) -> None:
    plain = open_context(java_script_enabled=False).page()
    people.sign_in(plain, server, "/question-sets/", name=name)
    plain.get_by_role("link", name="Gardeners", exact=True).click()

    plain.get_by_role("group", name="Question 1").get_by_label("Place").fill("3")
    question(plain, 3).fill("Which bush?")
    plain.get_by_role("button", name="Save the set").click()

    for number, text in enumerate(["Which tree?", "Which flower?", "Which bush?"], start=1):
        expect(question(plain, number)).to_have_value(text)


def test_who_is_invited_to_a_sets_questions_is_shown_by_the_lobby_while_they_answer(
    server: Site, page: Page, lobby: Page, open_context: Opener
) -> None:
    # The candidate is invited as the interview is made.
    page.get_by_role("link", name="Question sets").click()
    page.get_by_role("link", name="New interview: Gardeners").click()
    page.get_by_label("Position or title").fill("Head gardener")
    page.get_by_label("Candidate name").fill("Rosa Rose")
    page.get_by_role("button", name="Create and invite by e-mail").click()
    page.get_by_label("Candidate's e-mail").fill("rosa@example.org")
    page.get_by_role("button", name="Create and invite by e-mail").click()
    expect(page.get_by_text("The invitation is on its way to rosa@example.org.")).to_be_visible()
    look(page, "invited")

    # The lobby shows it by itself.
    row = lobby.get_by_role("row", name="Rosa Rose")
    expect(row).to_contain_text("Invited")
    expect(lobby.get_by_role("link", name="Waiting 1")).to_have_attribute("aria-current", "page")
    look(lobby, "lobby-waiting")
    lobby.get_by_role("link", name="All 1").click()
    lobby.get_by_role("link", name="Rosa Rose", exact=True).focus()

    # And follows it.
    body = mail_to(server, "rosa@example.org").get_body(("plain",))
    assert body
    link = next(line for line in body.get_content().splitlines() if "/join/" in line)
    guest = open_context().page()
    people.consent(guest, link)
    guest.get_by_role("button", name="Begin without a microphone").click()
    expect(row).to_contain_text("In progress")
    expect(lobby.get_by_role("link", name="Live 1")).to_be_visible()
    expect(lobby.get_by_role("link", name="Rosa Rose", exact=True)).to_be_focused()
    expect(guest.get_by_role("heading", name="Which flower?")).to_be_visible()
    guest.get_by_label("Your answer").fill("The rose.")
    guest.get_by_role("button", name="Send the answer").click()
    expect(row).to_contain_text("1 of 2 answered")


def test_who_is_sought_for_is_found_and_others_are_not(
    server: Site, lobby: Page, open_context: Opener, name: str
) -> None:
    lobby.goto(f"{server.url}/interviews/")
    rosa = server.create_interview(candidate="Rosa Rose", email="rosa@example.org", owner=name)
    server.create_interview(candidate="Tom Tulip", owner=name)
    expect(lobby.get_by_role("row", name="Tom Tulip")).to_be_visible()
    with Speaker(server, rosa):
        expect(lobby.get_by_role("row", name="Rosa Rose")).to_contain_text("In progress")

    lobby.get_by_role("searchbox").fill("rosa@")
    lobby.get_by_role("searchbox").press("Enter")

    expect(lobby.get_by_role("row")).to_have_count(2)
    row = lobby.get_by_role("row", name="Rosa Rose")
    expect(row.get_by_role("link", name="Watch live: Rosa Rose")).to_be_visible()
    lobby.get_by_text("Filters", exact=True).click()
    lobby.get_by_label("Status").select_option("Cancelled")
    lobby.get_by_role("button", name="Apply").click()
    expect(lobby.get_by_role("heading", name="No interview is like that")).to_be_visible()
    # Without a script, too.
    plain = open_context(java_script_enabled=False, storage_state=lobby.context.storage_state()).page()
    plain.goto(lobby.url)
    plain.get_by_role("link", name="Show all interviews").click()
    expect(plain.get_by_role("row")).to_have_count(3)


def test_those_who_watch_see_each_other(server: Site, open_desk: Opener) -> None:
    created = server.create_interview("Why you?")
    page = open_desk().page()

    page.goto(f"{server.url}/interviews/{created['interview_id']}/live/")

    expect(page.get_by_role("list", name="Watching:")).to_contain_text("Robin")

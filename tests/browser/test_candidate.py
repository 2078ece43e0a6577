from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Dialog, Page, Playwright, expect

from tests.browser import people
from tests.support.browsers import SENTENCE, Opener, launched, whole
from tests.support.observing import rows
from tests.support.proxy import Proxy
from tests.support.servers import Created, Site, free_port


def texts(site: Site, interview_id: str) -> list[str]:
    query = (
        "SELECT answer.text FROM interviews_answer AS answer"
        " JOIN interviews_question AS question ON question_id = question.id"
        " WHERE status = 'complete' AND interview_id = ? ORDER BY question.position"
    )
    return [text for (text,) in rows(site, query, UUID(interview_id).hex)]


def saved(seconds: int) -> re.Pattern[str]:
    """So much is saved, or more."""
    return re.compile(rf"Saved up to 0:(0[{seconds}-9]|[1-5]\d)")


def test_an_answer_survives_a_network_that_goes_away(
    server: Site, proxy: Proxy, created: Created, open_context: Opener
) -> None:
    candidate = open_context()
    candidate.expected = ("WebSocket connection to",)
    page = candidate.page()
    people.begin(page, proxy.leading_to(created["candidate_url"]))
    people.record(page)
    expect(people.words(page)).to_contain_text("I believe that")

    proxy.cut()
    expect(page.get_by_text("Connection lost. Connecting again …")).to_be_visible()
    candidate.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    # All the rest is said while there is no connection.
    expect(page.get_by_role("timer")).to_have_text("0:07")
    proxy.restore()
    candidate.context.set_offline(False)

    expect(page.get_by_text("Recording", exact=True)).to_be_visible()
    expect(people.finals(page)).to_contain_text(SENTENCE)
    people.stop(page)
    people.question(page, "Why us?")
    assert texts(server, created["interview_id"]) == [SENTENCE]


def test_an_answer_that_ends_without_a_network_is_saved_later(
    server: Site, proxy: Proxy, created: Created, open_context: Opener
) -> None:
    candidate = open_context()
    candidate.expected = ("WebSocket connection to",)
    page = candidate.page()
    people.begin(page, proxy.leading_to(created["candidate_url"]))
    people.record(page)
    expect(people.words(page)).to_contain_text("I believe that")

    proxy.cut()
    expect(page.get_by_role("timer")).to_have_text("0:07")
    people.stop(page)
    expect(page.get_by_role("heading", name="Saving your answer …")).to_be_focused()
    proxy.restore()

    people.question(page, "Why us?")
    assert texts(server, created["interview_id"]) == [SENTENCE]


def test_an_answer_survives_a_server_that_is_killed(
    site: Site, created: Created, open_context: Opener
) -> None:
    candidate = open_context()
    candidate.expected = ("WebSocket connection to",)
    page = candidate.page()
    port = free_port()
    with site.serve(port) as process:
        people.begin(page, site.by_port(created["candidate_url"], port))
        people.record(page)
        expect(people.words(page)).to_contain_text("I believe that")
        process.kill()
        expect(page.get_by_text("Connection lost. Connecting again …")).to_be_visible()

    with site.serve(port):
        expect(people.finals(page)).to_contain_text(SENTENCE)
        people.stop(page)
        people.question(page, "Why us?")
        assert texts(site, created["interview_id"]) == [SENTENCE]


def test_an_answer_that_no_recogniser_is_free_for_is_recorded_and_says_so(
    site: Site, interviews: Iterator[Created], open_context: Opener
) -> None:
    busy, created = next(interviews), next(interviews)
    first, page = open_context().page(), open_context().page()
    port, slots = free_port(), str(site.folder / "a single slot")
    with site.serve(port, SPEECH_CAPACITY="1", SPEECH_SLOTS_DIRECTORY=slots):
        people.begin(first, site.by_port(busy["candidate_url"], port))
        people.record(first)
        expect(people.words(first)).to_contain_text("I believe that")

        people.begin(page, site.by_port(created["candidate_url"], port))
        people.record(page)
        expect(
            page.get_by_text("Its transcript follows later, so that no words appear here.")
        ).to_be_visible()
        expect(page.get_by_text(saved(2))).to_be_visible()
        people.stop(page)

        people.question(page, "Why us?")
        expect(page.get_by_text("Your last answer is saved. Its transcript follows later.")).to_be_visible()


def test_an_answer_goes_on_in_another_tab_and_the_first_does_not_come_back(
    server: Site, created: Created, open_context: Opener
) -> None:
    candidate = open_context()
    first, second = candidate.page(), candidate.page()
    people.begin(first, created["candidate_url"])
    people.record(first)
    expect(people.finals(first)).to_contain_text(SENTENCE)

    second.goto(created["candidate_url"])
    second.get_by_role("button", name="Go on recording").click()

    expect(first.get_by_text("This interview goes on in another window or tab.")).to_be_visible()
    expect(first.get_by_role("heading", name="This page has stopped")).to_be_focused()
    expect(people.finals(second).get_by_text(SENTENCE)).to_have_count(2)
    people.stop(second)
    people.question(second, "Why us?")
    assert texts(server, created["interview_id"]) == [f"{SENTENCE} {SENTENCE}"]


def test_leaving_while_something_is_unsaved_asks_first(
    server: Site, created: Created, open_context: Opener
) -> None:
    page = open_context().page()
    people.begin(page, created["candidate_url"])
    people.record(page)
    expect(page.get_by_text(saved(1))).to_be_visible()

    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.reload()

    assert asked == ["beforeunload"]
    expect(page.get_by_role("heading", name="Your answer was interrupted")).to_be_visible()


def test_a_question_is_answered_in_writing(
    server: Site, created: Created, open_context: Opener, open_desk: Opener
) -> None:
    page = open_context().page()
    recruiter = open_desk().page()
    recruiter.goto(f"{server.url}/interviews/{created['interview_id']}/live/")
    people.consent(page, created["candidate_url"])
    page.get_by_role("button", name="Begin without a microphone").click()
    people.question(page, "Why you?")

    page.get_by_label("Your answer").fill("Because <b>I</b> write.")
    page.get_by_role("button", name="Send the answer").click()

    people.question(page, "Why us?")
    page.get_by_label("Your answer").fill("Because you read.")
    page.get_by_role("button", name="Send the answer").click()

    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_focused()
    expect(people.card(recruiter, 1)).to_contain_text("Because <b>I</b> write.")
    expect(people.card(recruiter, 1)).to_contain_text("Answered in writing")


@pytest.fixture(scope="module")
def without_microphone(playwright: Playwright) -> Iterator[Browser]:
    """To which the site is also `interviews.test`."""
    names = "--host-resolver-rules=MAP interviews.test 127.0.0.1"
    with launched(playwright, "--use-fake-ui-for-media-stream", names) as browser:
        yield browser


def expect_refusal(page: Page, created: Created, sentence: str) -> None:
    people.consent(page, created["candidate_url"])

    page.get_by_role("button", name="Use the microphone").click()

    expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
    expect(page.get_by_role("button", name="Use the microphone")).to_be_visible()


def test_a_microphone_that_is_denied_is_explained(
    server: Site, created: Created, playwright: Playwright
) -> None:
    denied = "--use-fake-device-for-media-stream", "--deny-permission-prompts"
    with launched(playwright, *denied, program=whole) as browser:
        expect_refusal(browser.new_page(), created, "was not allowed to use the microphone")


def test_a_microphone_that_is_not_there_is_explained(
    server: Site, created: Created, without_microphone: Browser
) -> None:
    expect_refusal(without_microphone.new_page(), created, "No microphone was found")


def test_an_address_without_https_is_named_as_the_reason(
    site: Site, created: Created, without_microphone: Browser
) -> None:
    port, page = free_port(), without_microphone.new_page()
    address = site.by_port(created["candidate_url"], port).replace("127.0.0.1", "interviews.test")
    hosts = {"ALLOWED_HOSTS": "interviews.test", "ALLOWED_ORIGINS": f"http://interviews.test:{port}"}
    with site.serve(port, **hosts):
        people.consent(page, address)

        expect(page.get_by_role("alert").filter(has_text="not on a secure address")).to_be_visible()
        page.get_by_role("button", name="Begin without a microphone").click()
        people.question(page, "Why you?")

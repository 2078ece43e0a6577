"""What recruiters do while they watch: private notes, several interviews at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.looks import look
from tests.browser.speakers import Speaker
from tests.support.answers import text_of
from tests.support.browsers import SAID, Opener
from tests.support.proxy import Proxy
from tests.support.servers import Created, Site
from tests.support.voices import read_pcm, speak

SETTINGS = {"SPEECH_BACKEND": "scripted"}
SPEECH = read_pcm(speak(SAID))
SAID = text_of(SPEECH)


def live(site: Site, created: Created) -> str:
    return f"{site.url}/interviews/{created['interview_id']}/live/"


@pytest.fixture
def speaker(server: Site, created: Created) -> Iterator[Speaker]:
    with Speaker(server, created) as speaker:
        yield speaker


@pytest.fixture
def desk(server: Site, created: Created, open_desk: Opener) -> Page:
    desk = open_desk().page()
    desk.goto(live(server, created))
    return desk


@pytest.fixture
def card(desk: Page) -> Locator:
    """The first question on it."""
    return people.card(desk, 1)


def make_note(desk: Page, text: str) -> None:
    box = desk.get_by_label("New note")
    box.focus()
    desk.keyboard.type(text)
    desk.keyboard.press("Enter")
    expect(box).to_have_value("")


def test_a_note_before_it_begins_is_on_the_interview(desk: Page) -> None:
    expect(people.liveness(desk)).to_have_text("Waiting for the candidate")

    desk.keyboard.press("Alt+n")
    desk.keyboard.type("Ask for her garden.")
    desk.keyboard.press("Enter")

    expect(desk.get_by_text("Note made on the interview.")).to_be_visible()


def test_a_note_while_they_speak_belongs_to_where_its_typing_began(
    desk: Page, card: Locator, speaker: Speaker
) -> None:
    speaker.begin()
    speaker.say(SPEECH[:64_000])
    expect(card).to_contain_text("Being answered")
    expect(people.liveness(desk)).to_have_text("Live")
    desk.get_by_label("New note").focus()
    desk.keyboard.type("Good")
    expect(desk.get_by_text(re.compile(r"^on question 1, at \d:\d\d$"))).to_be_visible()
    speaker.say(SPEECH[64_000:])
    expect(people.finals(card)).to_contain_text(SAID)

    desk.keyboard.type(" point.")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Alt+h")

    expect(card.locator(".note")).to_have_count(2)
    expect(card.locator(".note").get_by_text("Highlight", exact=True).last).to_be_visible()
    look(desk, "dashboard-notes")


def test_without_the_server_notes_are_kept_and_sent_again(
    server: Site, created: Created, proxy: Proxy, open_context: Opener, speaker: Speaker
) -> None:
    recruiter = open_context()
    recruiter.expected = ("ERR_",)
    desk = recruiter.page()
    desk.goto(proxy.leading_to(live(server, created)))
    people.enter(desk)
    speaker.begin()
    expect(people.card(desk, 1)).to_contain_text("Being answered")
    proxy.cut()

    make_note(desk, "Kept meanwhile.")

    expect(desk.get_by_text("Not saved yet: 1. They are kept in this tab")).to_be_visible()
    expect(people.liveness(desk)).to_contain_text("Connection lost")
    look(desk, "dashboard-away")
    proxy.restore()
    expect(desk.get_by_text("Not saved yet")).to_have_count(0)
    desk.reload()
    expect(people.card(desk, 1).locator(".note")).to_have_text([re.compile("Kept meanwhile.")])


def test_a_page_that_is_loaded_again_has_all_and_what_was_being_typed(
    desk: Page, card: Locator, speaker: Speaker
) -> None:
    speaker.begin()
    speaker.say(SPEECH)
    expect(people.finals(card)).to_contain_text(SAID)
    make_note(desk, "Good point.")
    box = desk.get_by_label("New note")
    box.focus()
    desk.keyboard.type("Half a tho")
    speaker.stop()
    expect(card).to_contain_text("Answered")

    desk.reload()

    expect(card.locator(".note")).to_have_count(1)
    expect(box).to_have_value("Half a tho")
    expect(card.get_by_role("img", name="Level, pitch and words over time.")).to_be_visible()
    expect(card.locator(".plot__word")).not_to_have_attribute("d", "")
    expect(card.locator(".note").filter(has_text="Good point.")).to_contain_text(re.compile(r"\d:\d\d"))


def test_notes_are_changed_and_thrown_away_by_the_keyboard(
    desk: Page, card: Locator, speaker: Speaker
) -> None:
    speaker.begin()
    speaker.say(SPEECH)
    expect(people.finals(card)).to_contain_text(SAID)
    make_note(desk, "Good point.")
    make_note(desk, "Kept.")
    desk.keyboard.press("Alt+h")
    expect(card.locator(".note")).to_have_count(3)
    first = card.locator(".note").filter(has_text="Good point.")

    first.get_by_role("button", name="Edit").press("Enter")
    desk.keyboard.press("End")
    desk.keyboard.type(" Ask more.")
    desk.keyboard.press("Enter")
    expect(first).to_contain_text("Good point. Ask more.")
    expect(first.get_by_role("button", name="Edit")).to_be_focused()
    card.locator(".note[data-kind=highlight]").get_by_role("button", name="Throw away").press("Enter")
    expect(card.locator(".note")).to_have_count(2)

    speaker.stop()
    desk.reload()
    expect(card.locator(".note")).to_have_text([re.compile("Good point. Ask more."), re.compile("Kept")])
    look(desk, "dashboard-answered")


def test_notes_are_nobody_elses(
    server: Site, created: Created, desk: Page, card: Locator, speaker: Speaker, open_context: Opener
) -> None:
    server.create_recruiters("second", is_superuser=True)
    other, candidate = open_context().page(), open_context().page()
    speaker.begin()
    speaker.say(SPEECH)
    expect(people.finals(card)).to_contain_text(SAID)
    make_note(desk, "Good point.")
    expect(card.locator(".note")).to_have_count(1)

    # Another recruiter, who may see everything else, and the candidate see none.
    people.sign_in(other, server, f"/interviews/{created['interview_id']}/live/", name="second")
    expect(people.finals(people.card(other, 1))).to_contain_text(SAID)
    with other.expect_response("**/notes/") as answered:
        other.reload()
    assert answered.value.json() == {"notes": []}
    expect(other.locator(".note")).to_have_count(0)
    candidate.goto(created["candidate_url"])
    expect(candidate.get_by_role("heading", name="Your answer was interrupted")).to_be_visible()
    assert "Good point" not in other.content() + candidate.content()


def test_interviews_are_watched_side_by_side(server: Site, open_context: Opener, name: str) -> None:
    speaks, writes = (
        server.create_interview("Why you?", candidate=candidate, owner=name)
        for candidate in ("Ada Oak", "Rosa Rose")
    )
    desk, writer = (open_context().page() for _ in range(2))
    people.sign_in(desk, server, "/interviews/side-by-side/", name=name)
    expect(desk.get_by_text("Nobody is being interviewed at the moment.")).to_be_visible()
    with Speaker(server, speaks) as speaker:
        people.consent(writer, writes["candidate_url"])
        writer.get_by_role("button", name="Begin without a microphone").click()
        expect(writer.get_by_label("Your answer")).to_be_visible()

        desk.reload()
        look(desk, "side-by-side-choice")
        begin = desk.get_by_role("button", name="Watch side by side")
        expect(begin).to_be_disabled()
        for candidate in ("Ada Oak", "Rosa Rose"):
            desk.get_by_label(candidate).press("Space")
        begin.press("Enter")
        ada, rosa = (desk.get_by_role("region", name=candidate) for candidate in ("Ada Oak", "Rosa Rose"))

        speaker.begin()
        speaker.say(SPEECH)
        expect(people.finals(ada)).to_contain_text(SAID)
        expect(ada).to_contain_text("Being answered")
        expect(people.liveness(ada)).to_have_text("Live")
        expect(rosa).to_contain_text("Being thought about")
        look(desk, "side-by-side")
        writer.get_by_label("Your answer").fill("In writing.")
        writer.get_by_role("button", name="Send the answer").click()
        expect(rosa.get_by_text("In writing.")).to_be_visible()
        expect(people.liveness(rosa)).to_have_text("The interview is over")
    expect(people.liveness(ada)).to_have_text(re.compile(r"^Candidate offline for \d+ seconds$"))

    ada.get_by_role("link", name="Ada Oak").press("Enter")
    expect(people.finals(people.card(desk, 1))).to_contain_text(SAID)


@pytest.fixture
def name(server: Site) -> str:
    """A recruiter who sees no others' interviews."""
    server.create_recruiters("ada")
    return "ada"

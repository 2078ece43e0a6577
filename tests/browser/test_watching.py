"""What recruiters do while they watch: private notes, several interviews at once."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser import people
from tests.browser.looks import look
from tests.support.browsers import SENTENCE, Opener
from tests.support.proxy import Proxy
from tests.support.servers import RECRUITER, Site


def live(created: dict[str, Any]) -> str:
    return f"/interviews/{created['interview_id']}/live/"


def test_notes_are_made_while_watching_and_are_nobody_elses(
    server: Site, proxy: Proxy, open_context: Opener
) -> None:
    created = server.create_interview("Why you?", "Why us?")
    server.create_recruiter("second")
    desk_context, candidate, other = open_context(), open_context().page(), open_context().page()
    desk_context.expected = ("ERR_",)
    desk = desk_context.page()
    desk.goto(proxy.leading_to(f"{server.url}{live(created)}"))
    people.enter(desk, RECRUITER)
    expect(people.liveness(desk)).to_have_text("Waiting for the candidate")
    box, card = desk.get_by_label("New note"), people.card(desk, 1)

    # Before it begins, a note is on the interview itself.
    desk.keyboard.press("Alt+n")
    desk.keyboard.type("Ask for her garden.")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Note made on the interview.")).to_be_visible()

    # While they speak it belongs to where its typing began.
    people.begin(candidate, created["candidate_url"])
    people.record(candidate)
    expect(card).to_contain_text("Being answered")
    expect(people.liveness(desk)).to_have_text("Live")
    box.focus()
    desk.keyboard.type("Good")
    expect(desk.get_by_text(re.compile(r"^on question 1, at \d:\d\d$"))).to_be_visible()
    expect(people.finals(card)).to_contain_text(SENTENCE)
    desk.keyboard.type(" point.")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Alt+h")
    expect(card.locator(".note")).to_have_count(2)
    expect(card.locator(".note").get_by_text("Highlight", exact=True).last).to_be_visible()
    look(desk, "dashboard-notes")

    # Without the server they are kept, also over a reload of what is being typed, and sent again.
    proxy.cut()
    box.focus()
    desk.keyboard.type("Kept meanwhile.")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Not saved yet: 1. They are kept in this tab")).to_be_visible()
    expect(people.liveness(desk)).to_contain_text("Connection lost")
    look(desk, "dashboard-away")
    proxy.restore()
    expect(desk.get_by_text("Not saved yet")).to_have_count(0)
    box.focus()
    desk.keyboard.type("Half a tho")
    people.stop(candidate)
    people.question(candidate, "Why us?")
    expect(card).to_contain_text("Answered")

    # A page that is loaded again has them all, what was being typed, and what was drawn.
    desk.reload()
    expect(card.locator(".note")).to_have_count(3)
    expect(box).to_have_value("Half a tho")
    expect(card.get_by_role("img", name="Level, pitch and words over time.")).to_be_visible()
    expect(card.locator(".plot__word")).not_to_have_attribute("d", "")
    first = card.locator(".note").filter(has_text="Good point.")
    expect(first).to_contain_text(re.compile(r"\d:\d\d"))

    # Changed and thrown away by keyboard.
    first.get_by_role("button", name="Edit").press("Enter")
    desk.keyboard.press("End")
    desk.keyboard.type(" Ask more.")
    desk.keyboard.press("Enter")
    expect(first).to_contain_text("Good point. Ask more.")
    expect(first.get_by_role("button", name="Edit")).to_be_focused()
    card.locator(".note[data-kind=highlight]").get_by_role("button", name="Throw away").press("Enter")
    expect(card.locator(".note")).to_have_count(2)
    desk.once("dialog", lambda dialog: dialog.accept())
    desk.reload()
    expect(card.locator(".note")).to_have_text([re.compile("Good point. Ask more."), re.compile("Kept")])
    look(desk, "dashboard-answered")

    # Another recruiter, who may see everything else, and the candidate see none.
    people.sign_in(other, server, live(created), name="second")
    expect(people.finals(people.card(other, 1))).to_contain_text(SENTENCE)
    with other.expect_response("**/notes/") as answered:
        other.reload()
    assert answered.value.json() == {"notes": []}
    expect(other.locator(".note")).to_have_count(0)
    assert "Good point" not in other.content() + candidate.content()


def test_interviews_are_watched_side_by_side(server: Site, open_context: Opener) -> None:
    speaks, writes = (
        server.create_interview("Why you?", candidate=name) for name in ("Ada Oak", "Rosa Rose")
    )
    desk, speaker, writer = (open_context().page() for _ in range(3))
    people.sign_in(desk, server, "/interviews/side-by-side/")
    expect(desk.get_by_text("Nobody is being interviewed at the moment.")).to_be_visible()
    people.begin(speaker, speaks["candidate_url"])
    people.question(speaker, "Why you?")
    people.consent(writer, writes["candidate_url"])
    writer.get_by_role("button", name="Begin without a microphone").click()
    expect(writer.get_by_label("Your answer")).to_be_visible()

    desk.reload()
    look(desk, "side-by-side-choice")
    begin = desk.get_by_role("button", name="Watch side by side")
    expect(begin).to_be_disabled()
    for name in ("Ada Oak", "Rosa Rose"):
        desk.get_by_label(name).press("Space")
    begin.press("Enter")
    ada, rosa = (desk.get_by_role("region", name=name) for name in ("Ada Oak", "Rosa Rose"))

    people.record(speaker)
    expect(people.finals(ada)).to_contain_text(SENTENCE)
    expect(ada).to_contain_text("Being answered")
    expect(people.liveness(ada)).to_have_text("Live")
    expect(rosa).to_contain_text("Being thought about")
    look(desk, "side-by-side")
    writer.get_by_label("Your answer").fill("In writing.")
    writer.get_by_role("button", name="Send the answer").click()
    expect(rosa.get_by_text("In writing.")).to_be_visible()
    expect(people.liveness(rosa)).to_have_text("The interview is over")
    speaker.close()
    expect(people.liveness(ada)).to_have_text(re.compile(r"^Candidate offline for \d+ seconds$"))

    ada.get_by_role("link", name="Ada Oak").press("Enter")
    expect(people.finals(people.card(desk, 1))).to_contain_text(SENTENCE)

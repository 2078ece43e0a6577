"""Time to think and to answer, several takes, coming back: from the first question to the review."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import people
from tests.support.browsers import SENTENCE, Opener
from tests.support.servers import Site


def takes(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".take__text").all_text_contents()]


def test_time_to_think_several_takes_and_the_choice_between_them(
    server: Site, open_context: Opener, open_desk: Opener
) -> None:
    options = {"takes": "3", "think-seconds": "4", "answer-seconds": "2", "time-factor": "1.5"}
    created = server.create_interview("Why you?", "Why us?", **options)
    context, recruiter = open_context(), open_desk().page()
    page = context.page()
    people.begin(page, created["candidate_url"])

    # Nobody presses anything: recording begins by itself, and time runs out in the middle of it.
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"Recording begins in 0:0[1-6]"))
    expect(page.get_by_role("status").filter(has_text="begins by itself in 6 seconds")).to_be_attached()
    expect(page.get_by_role("progressbar", name="Question 1 of 2")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    expect(page.get_by_text(re.compile(r"0:0[1-3] left"))).to_be_visible()
    expect(page.get_by_text("Your time is over. Please finish your sentence")).to_be_visible()
    expect(people.finals(page)).to_contain_text(SENTENCE)
    people.stop(page)

    # The interview waits. The take is there after a reload, too, and can be listened to.
    again = page.get_by_role("heading", name="Use this recording, or record it again?")
    expect(again).to_be_focused()
    page.reload()
    expect(again).to_be_visible()
    assert takes(page) == [SENTENCE]
    length = (
        "audio => new Promise(done => { audio.onloadedmetadata = () => done(audio.duration); audio.load() })"
    )
    audio = page.locator(".take audio")
    audio.evaluate("audio => { audio.preload = 'metadata' }")
    assert audio.evaluate(length) > 4

    # A second one, which is broken off by a pause and gone on with afterwards.
    page.get_by_role("button", name="Record again (2 of 3)").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile("0:0[1-9]"))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="Your interview is paused")).to_be_focused()
    expect(page.get_by_text("0 of 2 questions are answered")).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"The answer that you have begun is saved up to 0:0\d\."))
    ).to_be_visible()
    page.get_by_role("button", name="Go on here").click()
    page.get_by_role("button", name="Go on recording").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile("0:(0[3-9]|1)"))
    people.stop(page)

    # The first one counts.
    expect(page.get_by_role("radio", name="Recording 2")).to_be_checked()
    page.get_by_role("radio", name="Recording 1").check()
    page.get_by_role("button", name="Use this answer").click()

    # Who writes is not recorded.
    expect(page.get_by_role("heading", name="Why us?")).to_be_visible()
    expect(page.get_by_role("button", name="Start now")).to_be_visible()
    page.get_by_text("Answer in writing instead").click()
    expect(page.get_by_role("button", name="Record the answer")).to_be_visible()
    expect(page.get_by_role("timer")).to_have_count(0)
    page.get_by_label("Your answer").fill("In writing.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Your interview is complete")).to_be_focused()

    recruiter.goto(f"{server.url}/interviews/{created['interview_id']}/")
    answer = recruiter.get_by_role("article", name="Why you?")
    expect(answer.get_by_text("Chosen by the candidate")).to_be_visible()
    expect(answer.get_by_text(re.compile(r"\d:\d\d over the time")).first).to_be_visible()
    expect(answer.get_by_text("The time of 0:03 was over here.").first).to_be_visible()
    expect(answer.get_by_text("Take 2, which does not count").first).to_be_visible()

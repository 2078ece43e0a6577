"""How an answer sounded, as recruiters see it: drawn, listed and explained, in step with the sound."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser import people
from tests.browser.conftest import SENTENCE, Opener
from tests.browser.looks import look
from tests.media import encode
from tests.servers import Site, wait_until
from tests.voices import read_pcm, silence, speak

DRAWING = "Level, pitch and words over time."
ROWS = """
from pathlib import Path
from django.contrib.auth.models import User
from tests.interviews.rows import MEASURED, an_answer, an_interview
owner = User.objects.get()
interview = an_interview(owner, questions=["Why you?", "Why us?"], status="in_progress")
an_answer(
    interview.questions.get(position=1), "i listen before i speak", "and finish what i begin",
    voice_metrics=MEASURED, duration_ms=12_000, audio=Path({audio!r}).read_bytes(),
)
print(interview.pk)
"""


def a_measured_interview(site: Site, folder: Path) -> str:
    """One with an answer of twelve seconds."""
    audio = folder / "answer.flac"
    pcm = read_pcm(speak("I listen before I speak."))
    audio.write_bytes(encode((pcm + silence(12.0))[: 12 * 32_000], "flac", sample_rate=16_000, layout="mono"))
    return site.manage("shell", "-v0", "-c", ROWS.format(audio=str(audio))).strip()


def row(place: Page | Locator, name: str) -> Locator:
    return place.locator(f"[data-measure={name}]")


def place_of(audio: Locator) -> Any:
    return audio.evaluate("audio => audio.currentTime")


def test_a_review_is_heard_seen_and_read_in_step(server: Site, open_context: Opener, tmp_path: Path) -> None:
    interview_id = a_measured_interview(server, tmp_path)
    page = open_context().page()
    people.sign_in(page, server, f"/interviews/{interview_id}/")
    slider, audio = page.get_by_role("slider", name="Position in the recording"), page.locator("audio")
    drawing = page.get_by_role("img", name=DRAWING)
    current = page.locator(".transcript__segment[data-current]")

    expect(drawing).to_be_visible()
    assert "Speech time: 10.5 s; Pauses: 5.0 a minute" in str(drawing.get_attribute("aria-label"))

    # By keyboard.
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "0:03 of 0:12")
    expect(current).to_contain_text("i listen before i speak")
    assert place_of(audio) == 3
    page.keyboard.press("End")
    expect(current).to_contain_text("and finish what i begin")
    page.keyboard.press("PageDown")
    assert place_of(audio) == 2

    # By mouse: on the drawing, and on a sentence's time.
    box = slider.bounding_box()
    assert box
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert abs(place_of(audio) - 6) < 0.1
    page.get_by_role("button", name="0:05").click()
    expect(slider).to_have_attribute("aria-valuetext", "0:05 of 0:12")

    # And it follows what is played.
    slider.focus()
    page.keyboard.press("Space")
    expect(audio).to_have_js_property("paused", False)
    wait_until(lambda: float(slider.input_value()) > 5500, "the playhead moves")
    page.keyboard.press("Space")
    expect(audio).to_have_js_property("paused", True)
    look(page, "review")


def test_each_measure_has_its_explanation(server: Site, open_context: Opener, tmp_path: Path) -> None:
    interview_id = a_measured_interview(server, tmp_path)
    page = open_context().page()
    people.sign_in(page, server, f"/interviews/{interview_id}/")
    pitch = row(page, "pitch_median_hz")
    explanation = pitch.get_by_text("Median of the fundamental frequency")

    expect(pitch).to_contain_text("Pitch, median 119 Hz")
    expect(row(page, "recognition_confidence")).to_contain_text("Not reported by this recogniser")
    expect(explanation).to_be_hidden()
    pitch.locator("summary").press("Enter")

    expect(explanation).to_be_visible()


def test_a_dashboard_draws_and_lists_while_somebody_speaks(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?")
    desk, calm, candidate = (open_context().page() for _ in range(3))
    # Who wants things to keep still opens the drawing themselves.
    calm.emulate_media(reduced_motion="reduce")
    for page in (desk, calm):
        people.sign_in(page, server, f"/interviews/{created['interview_id']}/live/")
    card = people.card(desk, 1)
    people.begin(candidate, created["candidate_url"])
    expect(card.locator("measure-list")).to_be_hidden()

    people.record(candidate)

    expect(card.get_by_text("Delivery, the answer so far")).to_be_visible()
    expect(card.get_by_role("img", name=DRAWING)).to_be_visible()
    expect(row(card, "pitch_median_hz")).to_contain_text(re.compile(r"Pitch, median \d+ Hz *last 10 s: *\d+"))
    expect(people.finals(card)).to_contain_text(SENTENCE)
    expect(candidate.locator("measure-list")).to_be_hidden()
    look(desk, "dashboard-live")
    expect(row(calm, "pitch_median_hz")).to_be_visible()
    expect(calm.locator("svg")).to_have_count(0)
    calm.get_by_text("Level, pitch and pace").click()
    expect(calm.locator("svg")).to_be_visible()

    people.stop(candidate)

    expect(card.get_by_text("Delivery, whole answer")).to_be_visible()
    expect(row(card, "speaking_rate_wpm")).to_contain_text(re.compile(r"\d+ words a minute"))
    expect(card.get_by_role("img", name=DRAWING)).to_be_visible()
    expect(card.get_by_text("They say nothing about emotion, honesty or fit")).to_be_visible()
    # The candidate, too, if they like.
    expect(candidate.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    expect(candidate.locator("measure-list")).to_be_hidden()
    candidate.get_by_text("How your last answer sounded").click()
    expect(row(candidate, "pitch_median_hz")).to_contain_text("Hz")
    expect(candidate.get_by_role("img", name=DRAWING)).to_be_visible()
    look(candidate, "candidate-sounded")


def test_what_is_the_candidates_alone_is_on_no_dashboard(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Why you?", **{"metrics-sharing": "candidate"})
    desk, candidate = open_context().page(), open_context().page()
    people.sign_in(desk, server, f"/interviews/{created['interview_id']}/live/")
    people.begin(candidate, created["candidate_url"])
    people.record(candidate)
    expect(people.finals(people.card(desk, 1))).to_contain_text(SENTENCE)
    people.stop(candidate)

    expect(candidate.get_by_text("How your last answer sounded")).to_be_visible()
    expect(people.card(desk, 1)).to_contain_text("Answered")

    expect(desk.locator("measure-list")).to_be_hidden()
    expect(desk.locator("svg")).to_have_count(0)
    desk.goto(f"{server.url}/interviews/{created['interview_id']}/")
    expect(desk.get_by_text(SENTENCE)).to_be_visible()
    expect(desk.locator("measure-list, answer-plot")).to_have_count(0)

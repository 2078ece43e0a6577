"""An interview that is over, as reviewers hear, read, search and correct it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from tests.browser.looks import look
from tests.support.browsers import Opener, Watched
from tests.support.media import encode
from tests.support.servers import Site, wait_until
from tests.support.voices import read_pcm, silence, speak

ROWS = """
from pathlib import Path
from django.contrib.auth.models import User
from django.utils import timezone
from speech.audio import Peaks
from tests.support.rows import MEASURED, an_answer, an_interview
from tests.support.voices import read_pcm, silence, speak
peaks = Peaks()
peaks.add((read_pcm(speak("I listen before I speak.")) + silence(12))[:12 * 32_000])
owner = User.objects.get()
questions = ["Why you?", {{"text": "Why us?", "takes_allowed": 2}}]
texts = "i listen before i speak", "and finish what i begin"
sound = {{"duration_ms": 12_000, "audio": Path({audio!r}).read_bytes(), "peaks": peaks.result}}
for _ in range({count}):
    interview = an_interview(owner, questions=questions, status="in_progress")
    one, two = interview.questions.all()
    an_answer(one, *texts, voice_metrics=MEASURED, **sound)
    an_answer(two, *texts, **sound)
    an_answer(two, "the second take", take=2, chosen_at=timezone.now(), **sound)
    print(interview.pk)
"""
LONG = """
from pathlib import Path
from django.contrib.auth.models import User
from interviews.models import Segment
from tests.support.rows import MEASURED, an_answer, an_interview
interview = an_interview(User.objects.get(), questions=["Why you?"])
sound = {{"duration_ms": 600_000, "audio": Path({audio!r}).read_bytes(), "peaks": bytes(range(240)) * 5}}
answer = an_answer(interview.questions.get(), voice_metrics=MEASURED, **sound)
for index in range(150):
    starts = [index * 4000 + n * 400 for n in range(10)]
    words = [{{"word": f"word{{ms}}", "start_ms": ms, "end_ms": ms + 300}} for ms in starts]
    text = " ".join(word["word"] for word in words)
    times = {{"start_ms": starts[0], "end_ms": starts[0] + 3900}}
    Segment.objects.create(answer=answer, index=index, revision=0, text=text, words=words, **times)
print(interview.pk)
"""
REVIEWS = 10
STARTS = {1.5: "i", 2.0: "speak", 5.0: "and", 5.5: "finish", 6.0: "what", 6.5: "i", 7.0: "begin"}
DRAWING = "Level, pitch and words over time."
TASK = "ThreadControllerImpl::RunTask"
MOST_TASK_MS = 50


def made(site: Site, rows: str, pcm: bytes, folder: Path, count: int = 1) -> list[str]:
    """The interviews' ids."""
    audio = folder / "answer.flac"
    audio.write_bytes(encode(pcm, "flac", sample_rate=16_000, layout="mono"))
    return site.run_code(rows.format(audio=str(audio), count=count)).split()


@pytest.fixture(scope="module")
def reviewed(server: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of each its second question was answered twice."""
    pcm = (read_pcm(speak("I listen before I speak.")) + silence(12.0))[: 12 * 32_000]
    return iter(made(server, ROWS, pcm, tmp_path_factory.mktemp("audio"), count=REVIEWS))


@pytest.fixture
def review(open_desk: Opener) -> Watched:
    return open_desk()


@pytest.fixture
def page(server: Site, reviewed: Iterator[str], review: Watched) -> Page:
    page = review.page()
    page.goto(f"{server.url}/interviews/{next(reviewed)}/")
    return page


@pytest.fixture
def answer(page: Page) -> Locator:
    """The first one, with all that comes after the page."""
    answer = page.locator("answer-review").first
    expect(answer.locator("[data-timed]")).to_have_count(10)
    return answer


@pytest.fixture
def slider(answer: Locator) -> Locator:
    return answer.get_by_role("slider", name="Position in the recording")


@pytest.fixture
def audio(answer: Locator) -> Locator:
    return answer.locator("audio")


def current(answer: Locator) -> Locator:
    return answer.locator("[data-current]")


def place_of(audio: Locator) -> float:
    return float(audio.evaluate("audio => audio.currentTime"))


def word(place: Page | Locator, text: str) -> Locator:
    return place.locator("[data-ms]", has_text=text)


# Heard


def test_an_answer_is_sought_through_by_the_keyboard(page: Page, answer: Locator, slider: Locator) -> None:
    expect(answer.locator(".wave__bars")).to_be_visible()

    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "0:02 of 0:12")
    expect(current(answer)).to_have_text("speak")
    page.keyboard.press("l")
    assert place_of(answer.locator("audio")) == 7
    expect(current(answer)).to_have_text("begin")
    page.keyboard.press("j")
    page.keyboard.press("Home")
    expect(current(answer)).to_have_text("i")


def test_a_click_on_the_waveform_or_on_a_word_is_heard_and_goes_on_from_word_to_word(
    page: Page, answer: Locator, slider: Locator, audio: Locator
) -> None:
    box = slider.bounding_box()
    assert box
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert abs(place_of(audio) - 6) < 0.1
    answer.get_by_label("Speed").select_option("2")

    word(answer, "listen").click()

    expect(audio).to_have_js_property("paused", False)
    assert audio.evaluate("audio => audio.playbackRate") == 2
    wait_until(lambda: place_of(audio) > 1.5, "it plays on")
    page.keyboard.press("k")
    expect(audio).to_have_js_property("paused", True)
    said = [said for start, said in STARTS.items() if start <= place_of(audio)][-1]
    expect(current(answer)).to_have_text(said)
    expect(answer.get_by_role("button", name="Play")).to_be_visible()


def test_a_link_that_has_expired_is_renewed_where_one_was(
    page: Page, review: Watched, slider: Locator, audio: Locator
) -> None:
    review.expected = ("410",)
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("PageDown")

    def expire(route: Route) -> None:
        route.fulfill(status=410)

    page.route("**/media/**", expire, times=1)
    audio.evaluate("audio => { const at = audio.currentTime; audio.load(); audio.currentTime = at }")
    page.keyboard.press("Space")

    expect(audio).to_have_js_property("paused", False)
    wait_until(lambda: place_of(audio) > 2.5, "it goes on")
    page.keyboard.press("Space")
    assert str(audio.get_attribute("src")).startswith("/answers/")


def test_what_was_measured_is_drawn_and_explained(page: Page, answer: Locator) -> None:
    answer.get_by_text("Delivery: pauses, pitch and pace").click()

    drawing = answer.get_by_role("img", name=DRAWING)
    expect(drawing).to_be_visible()
    assert "Speech time: 10.5 s; Pauses: 5.0 a minute" in str(drawing.get_attribute("aria-label"))
    pitch = answer.locator("[data-measure=pitch_median_hz]")
    expect(pitch).to_contain_text("Pitch, median 119 Hz")
    pitch.locator("summary").press("Enter")
    expect(pitch.get_by_text("Median of the fundamental frequency")).to_be_visible()
    look(page, "review")


# Searched and corrected


def correct(first: Locator, text: str) -> Locator:
    """Its field, filled."""
    first.hover()
    first.get_by_role("button", name="Correct what was said at 0:00").click()
    field = first.get_by_label("Corrected text")
    field.fill(text)
    return field


@pytest.fixture
def first(answer: Locator) -> Locator:
    """The first segment."""
    return answer.locator("[data-segment='0']")


@pytest.fixture
def search(page: Page, answer: Locator) -> Locator:
    return page.get_by_label("Search the transcript")


@pytest.fixture
def found(page: Page) -> Locator:
    return page.locator("transcript-search [role=status]")


def test_folded_takes_are_searched_too_and_opened(page: Page, search: Locator, found: Locator) -> None:
    search.fill("FINISH what")
    expect(found).to_have_text("2 found")
    search.press("Enter")
    expect(found).to_have_text("1 of 2")
    search.press("Shift+Enter")
    expect(found).to_have_text("2 of 2")

    folded = page.locator(".answer__other")
    expect(folded.get_by_text("and finish what i begin")).to_be_visible()


def test_a_correction_that_can_not_be_saved_is_not_lost(page: Page, review: Watched, first: Locator) -> None:
    review.expected = ("ERR_FAILED",)
    page.route("**/corrections/", lambda route: route.abort())

    text = correct(first, "I listen before speaking.")
    first.get_by_role("button", name="Save").click()

    expect(first.get_by_role("alert")).to_contain_text("could not be saved")
    expect(text).to_have_value("I listen before speaking.")
    page.unroute("**/corrections/")
    look(page, "review-correcting")
    text.press("Control+Enter")
    expect(first.locator("[data-text]")).to_have_text("I listen before speaking.")


def test_a_correction_is_shown_found_and_heard_with_the_original_behind_its_mark(
    page: Page, first: Locator, audio: Locator, search: Locator, found: Locator
) -> None:
    correct(first, "I listen before speaking.").press("Control+Enter")

    expect(first.locator("[data-text]")).to_have_text("I listen before speaking.")
    first.get_by_text("Corrected", exact=True).click()
    expect(first.get_by_text("i listen before i speak")).to_be_visible()
    expect(first.locator(".versions")).to_contain_text("Robin, ")
    # It is found, what it replaced isn't, and words that are still there are heard where they were said.
    search.fill("i speak")
    expect(found).to_have_text("1 found")
    search.fill("speaking")
    expect(found).to_have_text("1 found")
    word(first, "before").click()
    assert 1 <= place_of(audio) < 1.5
    page.reload()
    expect(first.locator("[data-text]")).to_have_text("I listen before speaking.")


def test_a_note_belongs_to_what_was_heard_last_and_leads_back_to_it(
    page: Page, answer: Locator, slider: Locator, audio: Locator
) -> None:
    word(answer, "finish").click()
    page.get_by_role("group", name="Transcript").first.press("k")
    page.get_by_label("New note").fill("Ask about this.")
    page.keyboard.press("Enter")

    note = page.get_by_role("list", name="Your notes").first
    expect(note).to_contain_text("Ask about this.")
    slider.press("Home")
    note.get_by_role("button", name="0:05").click()
    assert 5.5 <= place_of(audio) < 6
    look(page, "review-notes")


def test_without_scripts_a_form_takes_the_corrections_of_a_whole_answer(page: Page, answer: Locator) -> None:
    page.get_by_role("link", name="Correct the whole transcript").first.click()
    page.get_by_label("0:05").fill("And I finish what I begin.")
    look(page, "corrections")

    page.get_by_role("button", name="Save the corrections").click()

    expect(answer.get_by_text("And I finish what I begin.").first).to_be_visible()


def test_takes_are_compared(page: Page) -> None:
    page.get_by_role("link", name="Compare the takes").click()

    expect(page.get_by_text("Chosen by the candidate")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_have_count(2)
    look(page, "takes")


# A long one


# In one go, so that nothing of the test is among the page's tasks: the answer is shown anew, then sought
# through by keyboard, played, scrolled and searched.
READING = """
async () => {
  const until = async (met) => { do await new Promise(requestAnimationFrame); while (!met()) }
  const review = document.querySelector("answer-review")
  const slider = review.querySelector("input[type=range]"), audio = review.querySelector("audio")
  const said = () => review.querySelector("[data-current]")?.textContent
  for (const word of review.querySelectorAll("[data-text]")) word.textContent = word.textContent
  review.parentElement.append(review)
  await until(() => review.querySelectorAll("[data-timed]").length === 1500)
  for (let n = 1; n <= 20; n++) {
    slider.dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp", bubbles: true }))
    await until(() => said() === `word${n * 10000}`)
  }
  slider.value = 500000
  slider.dispatchEvent(new Event("input", { bubbles: true }))
  slider.dispatchEvent(new Event("change", { bubbles: true }))
  await until(() => said() === "word500000")
  review.querySelector("[data-do=toggle]").click()
  await until(() => audio.currentTime > 501)
  for (let n = 0; n < 60; n++) {
    scrollBy(0, n < 30 ? -120 : 120)
    await new Promise(requestAnimationFrame)
  }
  const search = document.querySelector("transcript-search input")
  search.value = "word20"
  search.dispatchEvent(new Event("input", { bubbles: true }))
  await until(() => true)
  for (let n = 0; n < 20; n++) {
    document.querySelector("[data-by='-1']").click()
    await new Promise(requestAnimationFrame)
  }
}
"""


@pytest.mark.alone
def test_a_long_answer_keeps_nobody_waiting(server: Site, review: Watched, tmp_path: Path) -> None:
    [interview_id] = made(server, LONG, silence(600), tmp_path)
    page = review.page()
    page.goto(f"{server.url}/interviews/{interview_id}/")
    current = page.locator("[data-current]")
    expect(page.locator("[data-timed]")).to_have_count(1500)

    assert longest_task_ms(page, READING) < MOST_TASK_MS

    # Who scrolls away from what is said is left alone, and led back when they like.
    page.get_by_role("button", name="Pause").click()
    word(page, "word100000").click()
    page.mouse.wheel(0, 3000)
    expect(current).not_to_be_in_viewport()
    expect(page.get_by_role("button", name="Show what is being said")).to_be_visible()
    top, said = page.evaluate("scrollY"), current.text_content()
    expect(current).not_to_have_text(str(said))
    assert page.evaluate("scrollY") == top
    page.get_by_role("button", name="Show what is being said").click()
    expect(current).to_be_in_viewport()


def longest_task_ms(page: Page, script: str) -> float:
    """Of the page's own thread while the script runs, in its own time: others have the processor too."""
    devtools, streams = page.context.new_cdp_session(page), list[str]()
    devtools.on("Tracing.tracingComplete", lambda event: streams.append(event["stream"]))
    categories = {"categories": "devtools.timeline,toplevel", "transferMode": "ReturnAsStream"}
    devtools.send("Tracing.start", categories)
    page.evaluate(script)
    devtools.send("Tracing.end")
    wait_until(lambda: page.evaluate("1") and streams, "the trace")
    events = json.loads(read(devtools, streams[0]))["traceEvents"]
    threads = {(one["pid"], one["tid"]) for one in events if one["name"] == "FunctionCall"}
    tasks = [one for one in events if one["name"] == TASK and (one["pid"], one["tid"]) in threads]
    assert tasks
    return max(float(one.get("tdur", 0)) for one in tasks) / 1000


def read(devtools: CDPSession, stream: str) -> str:
    text = ""
    while True:
        part: dict[str, Any] = devtools.send("IO.read", {"handle": stream})
        text += part["data"]
        if part["eof"]:
            return text

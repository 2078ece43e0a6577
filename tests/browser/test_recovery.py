"""Nothing recorded is lost: reloads, killed browsers, lost networks, other tabs, other servers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser import people
from tests.browser.hearings import Hearings, lost_chunks, stored
from tests.support.browsers import QUIET, Opener, Watched, hearing, launched, whole
from tests.support.media import tone
from tests.support.proxy import Proxy
from tests.support.servers import Created, Site, free_port, running, wait_until
from tests.support.voices import FOLDER, save

SETTINGS = {"SPEECH_BACKEND": "scripted"}
# What was not yet a chunk when the page went away is up to 100 ms more: 200 ms together, of 250.
MAY_BE_LOST = 1

KEPT = """
() => new Promise((resolve) => {
  const opening = indexedDB.open("interviews", 1)
  opening.onsuccess = () => {
    const transaction = opening.result.transaction(["takes", "chunks"])
    const counts = ["takes", "chunks"].map((name) => transaction.objectStore(name).count())
    transaction.oncomplete = () => resolve(counts.map(({ result }) => result))
  }
})
"""


@pytest.fixture(scope="module")
def voice() -> Path:
    """No moment of it is like another one."""
    path = FOLDER / "sweep.wav"
    save(path, tone(30))
    return path


@pytest.fixture(scope="module")
def browser(playwright: Playwright, voice: Path) -> Iterator[Browser]:
    with launched(playwright, *hearing(voice)) as browser:
        yield browser


def recorded(page: Page, seconds: int) -> None:
    """Waits until that much is recorded, or more."""
    expect(page.get_by_role("timer")).to_have_text(re.compile(rf"0:(0[{seconds}-9]|[1-5]\d)"))


def record(page: Page, seconds: int) -> None:
    people.record(page)
    recorded(page, seconds)


def reload(page: Page) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()


def interrupted(page: Page) -> None:
    expect(page.get_by_role("heading", name="Your answer was interrupted")).to_be_focused()


def go_on(page: Page, seconds: int) -> None:
    page.get_by_role("button", name="Go on recording").press("Enter")
    recorded(page, seconds)


def send_recorded(page: Page) -> None:
    page.get_by_role("button", name="Send what was recorded").press("Enter")


def expect_nothing_kept(page: Page) -> None:
    assert wait_until(lambda: page.evaluate(KEPT) == [0, 0], "nothing kept in the browser")


def speaking(candidate: Watched, url: str) -> tuple[Page, Hearings]:
    """A candidate who has spoken for two seconds, and what their page hears from its first load on."""
    hearings = Hearings(candidate.context)
    page = candidate.page()
    people.begin(page, url)
    record(page, 2)
    return page, hearings


def test_a_reload_in_mid_answer_and_going_on(server: Site, created: Created, open_context: Opener) -> None:
    page, hearings = speaking(open_context(), created["candidate_url"])

    reload(page)

    interrupted(page)
    expect(page.get_by_text(re.compile(r"^Already saved: \d+ seconds\.$"))).to_be_visible()
    go_on(page, 4)
    people.stop(page)
    people.question(page, "Why us?")
    lost, at_stop = lost_chunks(stored(server, created["interview_id"]), hearings[1], hearings[2])
    assert lost <= MAY_BE_LOST and at_stop == 0
    expect_nothing_kept(page)


def test_a_reload_in_mid_answer_and_sending_what_was_recorded(
    server: Site, created: Created, open_context: Opener
) -> None:
    page, hearings = speaking(open_context(), created["candidate_url"])

    reload(page)
    interrupted(page)
    send_recorded(page)

    people.question(page, "Why us?")
    [lost] = lost_chunks(stored(server, created["interview_id"]), hearings[1])
    assert lost <= MAY_BE_LOST
    expect_nothing_kept(page)


def test_a_page_that_went_away_after_the_end_sends_it_without_asking(
    server: Site, proxy: Proxy, created: Created, open_context: Opener
) -> None:
    candidate = open_context()
    candidate.expected = ("WebSocket connection to",)
    hearings = Hearings(candidate.context)
    page = candidate.page()
    people.begin(page, proxy.leading_to(created["candidate_url"]))
    record(page, 1)
    proxy.cut()
    recorded(page, 2)
    people.stop(page)
    expect(page.get_by_text("kept on this device")).to_be_visible()
    proxy.restore()
    reload(page)

    people.question(page, "Why us?")
    assert lost_chunks(stored(server, created["interview_id"]), hearings[1]) == [0]
    expect_nothing_kept(page)


class Chromium:
    """A browser with a profile that outlives it, to be killed."""

    def __init__(self, playwright: Playwright, profile: Path, voice: Path) -> None:
        self._playwright = playwright
        self._profile = profile
        self._voice = voice
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def open(self) -> Iterator[BrowserContext]:
        port_file = self._profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        arguments = [f"--user-data-dir={self._profile}", "--headless=new", "--remote-debugging-port=0"]
        command = [whole(), *QUIET, *arguments, *hearing(self._voice)]
        with running(command, log=self._profile / "chromium.log") as self._process:
            wait_until(lambda: port_file.exists() and "\n" in port_file.read_text(), "Chromium")
            address = f"http://127.0.0.1:{port_file.read_text().split()[0]}"
            # Whoever attaches to a tab that is only being made may wait for it for ever.
            wait_until(lambda: _has_a_tab(address), "its first tab")
            browser = self._playwright.chromium.connect_over_cdp(address)
            try:
                yield browser.contexts[0]
            finally:
                browser.close()

    def kill(self) -> None:
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _has_a_tab(address: str) -> bool:
    try:
        with urlopen(f"{address}/json/list", timeout=5) as response:
            targets = json.load(response)
    except OSError:
        return False
    return any(target["type"] == "page" and target["url"] for target in targets)


@pytest.fixture
def chromium(playwright: Playwright, tmp_path: Path, voice: Path) -> Chromium:
    profile = tmp_path / "profile"
    profile.mkdir()
    return Chromium(playwright, profile, voice)


def test_a_browser_that_is_killed_in_mid_answer_and_going_on(
    server: Site, created: Created, chromium: Chromium
) -> None:
    with chromium.open() as context:
        before = Hearings(context)
        page = context.new_page()
        people.begin(page, created["candidate_url"])
        record(page, 2)
        chromium.kill()

    with chromium.open() as context:
        after = Hearings(context)
        page = context.new_page()
        # No second consent, and no second check of the microphone.
        page.goto(created["candidate_url"])
        interrupted(page)
        go_on(page, 4)
        people.stop(page)
        people.question(page, "Why us?")
        expect_nothing_kept(page)

    lost, at_stop = lost_chunks(stored(server, created["interview_id"]), before[1], after[0])
    assert lost <= MAY_BE_LOST and at_stop == 0


def test_what_only_the_killed_browser_had_arrives(
    server: Site, proxy: Proxy, created: Created, chromium: Chromium
) -> None:
    link = proxy.leading_to(created["candidate_url"])
    with chromium.open() as context:
        before = Hearings(context)
        page = context.new_page()
        people.begin(page, link)
        record(page, 1)
        proxy.cut()
        recorded(page, 5)
        chromium.kill()
    proxy.restore()

    with chromium.open() as context:
        page = context.new_page()
        page.goto(link)
        interrupted(page)
        expect(page.get_by_text("Kept on this device, and not sent yet: ")).to_be_visible()
        send_recorded(page)
        people.question(page, "Why us?")
        expect_nothing_kept(page)

    [lost] = lost_chunks(stored(server, created["interview_id"]), before[1])
    assert lost <= MAY_BE_LOST


def test_a_server_that_is_stopped_and_another_one_in_its_place(
    site: Site, created: Created, open_context: Opener
) -> None:
    candidate = open_context()
    candidate.expected = ("WebSocket connection to",)
    hearings = Hearings(candidate.context)
    page = candidate.page()
    port = free_port()
    with site.serve(port) as process:
        people.begin(page, site.by_port(created["candidate_url"], port))
        record(page, 1)
        process.terminate()
        expect(page.get_by_text("The server is restarting.")).to_be_visible()

    with site.serve(port):
        begun = time.monotonic()
        expect(page.get_by_text("Recording", exact=True)).to_be_visible()
        assert time.monotonic() - begun < 5
        people.stop(page)
        people.question(page, "Why us?")
        assert lost_chunks(stored(site, created["interview_id"]), hearings[1]) == [0]


def test_two_tabs_do_not_fight(server: Site, created: Created, open_context: Opener) -> None:
    candidate = open_context()
    hearings = Hearings(candidate.context)
    first, second = candidate.page(), candidate.page()
    people.begin(first, created["candidate_url"])
    record(first, 1)

    second.goto(created["candidate_url"])
    interrupted(second)
    expect(second.get_by_text("It is being recorded in another window or tab")).to_be_visible()
    go_on(second, 3)

    expect(first.get_by_text("This interview goes on in another window or tab.")).to_be_visible()
    expect(first.get_by_role("heading", name="This page has stopped")).to_be_focused()
    # It does not come back by itself, and takes nothing away from the other one.
    recorded(second, 5)
    first.get_by_role("button", name="Go on here").click()
    interrupted(first)
    send_recorded(first)

    people.question(first, "Why us?")
    expect(second.get_by_role("heading", name="This page has stopped")).to_be_focused()
    lost_chunks(stored(server, created["interview_id"]), hearings[1], hearings[2])
    expect_nothing_kept(first)


def test_a_device_that_comes_back_leaves_the_answer_to_the_one_that_went_on(
    server: Site, proxy: Proxy, created: Created, open_context: Opener
) -> None:
    laptop, phone = open_context(), open_context()
    laptop.expected = ("WebSocket connection to",)
    before, after = Hearings(laptop.context), Hearings(phone.context)
    page, other = laptop.page(), phone.page()
    people.begin(page, proxy.leading_to(created["candidate_url"]))
    record(page, 1)
    proxy.cut()
    expect(page.get_by_text("Recording goes on.")).to_be_visible()
    other.goto(created["candidate_url"])
    interrupted(other)
    go_on(other, 4)
    proxy.restore()

    expect(page.get_by_role("heading", name="This page has stopped")).to_be_focused()
    expect(page.get_by_text("recorded here could not be saved.")).to_be_visible()
    people.stop(other)
    people.question(other, "Why us?")
    _, at_stop = lost_chunks(stored(server, created["interview_id"]), before[1], after[0])
    assert at_stop == 0
    expect_nothing_kept(page)


def test_what_comes_too_late_is_told_and_deleted(
    server: Site, proxy: Proxy, created: Created, open_context: Opener
) -> None:
    laptop, phone = open_context(), open_context()
    laptop.expected = ("WebSocket connection to",)
    page, other = laptop.page(), phone.page()
    people.begin(page, proxy.leading_to(created["candidate_url"]))
    record(page, 1)
    proxy.cut()
    recorded(page, 3)
    other.goto(created["candidate_url"])
    interrupted(other)
    send_recorded(other)
    people.question(other, "Why us?")
    # Before the network is there again: this page would be told, and the next one not any more.
    page.close()
    proxy.restore()

    page = laptop.page()
    page.goto(proxy.leading_to(created["candidate_url"]))

    people.question(page, "Why us?")
    expect(page.get_by_text("Your answer was closed while you were away.")).to_be_visible()
    expect_nothing_kept(page)


NO_STORAGE = "IDBFactory.prototype.open = () => { throw new DOMException('No', 'SecurityError') }"
FULL_STORAGE = """
let puts = 0
const put = IDBObjectStore.prototype.put
IDBObjectStore.prototype.put = function (...args) {
  if (++puts > 10) throw new DOMException("Full", "QuotaExceededError")
  return put.apply(this, args)
}
"""


@pytest.mark.parametrize("script", [NO_STORAGE, FULL_STORAGE], ids=["no storage", "full storage"])
def test_a_browser_that_keeps_nothing_records_and_says_so(
    server: Site, created: Created, open_context: Opener, script: str
) -> None:
    candidate = open_context()
    candidate.context.add_init_script(script)
    page, hearings = speaking(candidate, created["candidate_url"])

    expect(page.get_by_text("This browser keeps nothing when the page is closed")).to_be_visible()
    people.stop(page)

    people.question(page, "Why us?")
    assert lost_chunks(stored(server, created["interview_id"]), hearings[1]) == [0]


def test_what_is_kept_of_an_interview_that_is_over_is_deleted(
    server: Site, created: Created, open_context: Opener
) -> None:
    candidate = open_context()
    candidate.expected = ("410",)
    page = candidate.page()
    people.begin(page, created["candidate_url"])
    record(page, 1)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{server.url}/accounts/login/")
    assert page.evaluate(KEPT)[0] == 1
    cancel(server, created)

    page.goto(created["candidate_url"])

    expect(page.get_by_role("heading", name="This interview was cancelled")).to_be_visible()
    expect_nothing_kept(page)


def cancel(site: Site, created: Created) -> None:
    code = (
        "from interviews.services import interviews;from interviews.models import Interview;"
        f"interviews.cancel(Interview.objects.get(pk={created['interview_id']!r}))"
    )
    site.run_code(code)

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Response,
    expect,
    sync_playwright,
)

from tests.support.proxy import Proxy
from tests.support.servers import Site, needed, new_site
from tests.support.voices import FOLDER, STABLE_SENTENCES, read_pcm, save, silence, speak

QUIET = [
    "--no-sandbox",
    # There is none, and to do without is cheaper than to imitate one.
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Two cores, a browser, a recogniser: things take their time, and each wait ends as soon as it can.
expect.set_options(timeout=30_000)
SENTENCE = STABLE_SENTENCES[3]
# Microphones need a moment to open, and nobody speaks in it.
LEAD_SECONDS = 0.7


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    # For no longer than a file: as long as it runs, so does its event loop, and no other one can.
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return new_site(tmp_path)


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    """A way to the site that can be cut."""
    with Proxy(site.port) as proxy:
        yield proxy


@pytest.fixture
def server(site: Site, proxy: Proxy) -> Iterator[Site]:
    with site.serve(ALLOWED_ORIGINS=f"{site.url},http://127.0.0.1:{proxy.port}"):
        yield site


class Watched:
    """A browser context whose pages may not complain of anything."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complain(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._complain(f"{response.status}: {response.url}")

    def _complain(self, complaint: str) -> None:
        if not any(text in complaint for text in self.expected):
            self.complaints.append(complaint)

    def page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(30_000)
        return page


Opener = Callable[..., Watched]


@contextmanager
def launched(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=needed("chromium", "chromium"), args=[*QUIET, *arguments]
    )
    try:
        yield browser
    finally:
        browser.close()


def hearing(voice: Path) -> list[str]:
    """A microphone that plays the file, once each time it is opened, and may be used without asking."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={voice}%noloop",
    ]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One whose microphone hears SENTENCE whenever it is opened."""
    voice = FOLDER / "microphone.wav"
    save(voice, silence(LEAD_SECONDS) + read_pcm(speak(SENTENCE)))
    with launched(playwright, *hearing(voice)) as browser:
        yield browser


@pytest.fixture
def open_context(browser: Browser) -> Iterator[Opener]:
    """Opens browser contexts and fails the test at its end if any of their pages complained."""
    opened: list[Watched] = []
    with ExitStack() as stack:

        def open_context(**options: Any) -> Watched:
            opened.append(Watched(stack.enter_context(browser.new_context(**options))))
            return opened[-1]

        yield open_context
        complaints = [complaint for watched in opened for complaint in watched.complaints]
    assert complaints == []

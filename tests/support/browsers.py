"""Chromium, whose microphone plays a file, and pages that may not complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Response

from tests.support.servers import needed
from tests.support.voices import STABLE_SENTENCES

QUIET = [
    "--no-sandbox",
    # There is none, and to do without is cheaper than to imitate one.
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What the microphone hears, and how it is understood.
SAID = STABLE_SENTENCES[3]
SENTENCE = f"{SAID.capitalize()}."
# Microphones need a moment to open, and nobody speaks in it.
LEAD_SECONDS = 0.7


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


def whole() -> str:
    """Chromium with all of its own windows, which asks whether a page may use the microphone."""
    return needed("chromium", "chromium")


def shell() -> str:
    """The same engine without them, at half the CPU; whatever a page asks for it leaves unanswered."""
    return needed("chromium-headless-shell", "chromium-headless-shell")


@contextmanager
def launched(
    playwright: Playwright, *arguments: str, program: Callable[[], str] = shell
) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=program(), args=[*QUIET, *arguments])
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

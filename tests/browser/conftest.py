from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.support.browsers import LEAD_SECONDS, SENTENCE, Opener, Watched, hearing, launched
from tests.support.proxy import Proxy
from tests.support.servers import Site, new_site
from tests.support.voices import FOLDER, read_pcm, save, silence, speak

# Two cores, a browser, a recogniser: things take their time, and each wait ends as soon as it can.
expect.set_options(timeout=30_000)


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

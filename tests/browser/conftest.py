from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.support.browsers import LEAD_SECONDS, SAID, Opener, Watched, hearing, launched
from tests.support.clients import sign_in
from tests.support.proxy import Proxy
from tests.support.servers import Created, Site, new_site
from tests.support.voices import FOLDER, read_pcm, save, silence, speak

INTERVIEWS_AT_ONCE = 12
# Two cores, a browser, a recogniser: things take their time, and each wait ends as soon as it can.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    # For no longer than a file: as long as it runs, so does its event loop, and no other one can.
    with sync_playwright() as playwright:
        yield playwright


# One site a file: to start one takes longer than most of what is done with it.


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A file's SETTINGS are those of its site."""
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    return new_site(tmp_path_factory.mktemp("site"), **settings)


@pytest.fixture(scope="module")
def way(site: Site) -> Iterator[Proxy]:
    with Proxy(site.port) as way:
        yield way


@pytest.fixture
def proxy(way: Proxy) -> Iterator[Proxy]:
    """A way to the site that can be cut, and is whole again after each test."""
    yield way
    way.restore()


@pytest.fixture(scope="module")
def server(site: Site, way: Proxy) -> Iterator[Site]:
    with site.serve(ALLOWED_ORIGINS=f"{site.url},http://127.0.0.1:{way.port}"):
        yield site


@pytest.fixture(scope="module")
def interviews(server: Site) -> Iterator[Created]:
    def without_end() -> Iterator[Created]:
        while True:
            yield from server.create_interviews(INTERVIEWS_AT_ONCE, "Why you?", "Why us?")

    return without_end()


@pytest.fixture
def created(interviews: Iterator[Created]) -> Created:
    """An interview of two questions that nobody has begun."""
    return next(interviews)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One whose microphone hears SAID whenever it is opened."""
    voice = FOLDER / "microphone.wav"
    save(voice, silence(LEAD_SECONDS) + read_pcm(speak(SAID)))
    with launched(playwright, *hearing(voice)) as browser:
        yield browser


@pytest.fixture(scope="module")
def staff(server: Site) -> list[Any]:
    """The cookies of a recruiter who has signed in, and may see everything."""
    cookies = (cookie.split("=", 1) for cookie in sign_in(server).split("; "))
    return [{"name": name, "value": value, "url": server.url} for name, value in cookies]


@pytest.fixture
def open_desk(open_context: Opener, staff: list[Any]) -> Opener:
    """Opens contexts of that recruiter."""

    def open_desk(**options: Any) -> Watched:
        watched = open_context(**options)
        watched.context.add_cookies(staff)
        return watched

    return open_desk


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

"""How pages look: kept in var/screenshots, and without a flaw that a machine can find.

Accessibility is axe-core's judgement, with all of its rules, which are those of WCAG 2.2 AA and more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.support.servers import ROOT

Scheme = Literal["light", "dark"]
SCREENSHOTS = ROOT / "var" / "screenshots"
WIDTHS = [1280, 360]
SCREEN_HEIGHT = 800
SCHEMES: list[Scheme] = ["light", "dark"]
MOST_BYTES = 150_000
WEIGHT = """["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
  .filter(({ name }) => !name.includes("/audio/") && !name.includes("/media/"))
  .reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0)"""
# What is drawn only where it is seen is drawn, and another scheme's colours, which may fade in, are there.
SETTLED = """() => new Promise(requestAnimationFrame)
  .then(() => Promise.allSettled(
    document.getAnimations().filter((animation) => animation instanceof CSSTransition)
      .map(({ finished }) => finished)
  ))
  .then(() => new Promise(requestAnimationFrame))
  .then(() => null)"""


def look(page: Page, name: str) -> None:
    """Every width and scheme of the page as it stands, which has to be without a flaw."""
    for width, scheme in _views(page, name, SCHEMES):
        # The scheme changes nothing but colours, and they are the same in each width.
        if scheme == "light" or width == WIDTHS[0]:
            found = flaws(page, **({"runOnly": ["color-contrast"]} if scheme == "dark" else {}))
            assert found == [], f"{name}, {width} px, {scheme}: {found}"
    assert page.evaluate(WEIGHT) <= MOST_BYTES, f"{name}: too heavy"


def shoot(page: Page, name: str, schemes: Sequence[Scheme] = SCHEMES) -> None:
    """The same of a page that may have flaws which aren't ours to mend. It has to fit all the same."""
    for _ in _views(page, name, schemes):
        pass


def _views(page: Page, name: str, schemes: Sequence[Scheme]) -> Iterator[tuple[int, str]]:
    """Shown and kept one after the other, as on a screen that is as high as the page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width, scheme in product(WIDTHS, schemes):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": SCREEN_HEIGHT})
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(SETTLED)
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        where = f"{name}, {width} px, {scheme}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{where}: too wide"
        yield width, scheme
    page.set_viewport_size({"width": width, "height": SCREEN_HEIGHT})


def flaws(page: Page, **options: Any) -> list[tuple[str, list[str]]]:
    """Rules that are broken, and by what."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    rules = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **options})
    return [
        (rule["id"], [f"{node['target']}: {node['failureSummary']}" for node in rule["nodes"]])
        for rule in rules["violations"]
    ]

"""In a German browser the pages are German, to the last phrase that may ever be needed, and fit a phone."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.looks import shoot
from tests.support.browsers import Opener
from tests.support.servers import PASSWORD, RECRUITER, Site

# Words that no German sentence has.
ENGLISH = re.compile(
    r"\b(the|and|of|to|or|you|your|is|are|be|it|its|this|that|these|with|for|from|by|at|as|not|no|yes"
    r"|what|who|how|when|please|answers?|questions?|words?|recording|recorded|voice|page|again"
    r"|candidates?|language|transcript|consent|pitch|pace|times?|minutes|seconds?|takes?|notes?"
    r"|all|new|next|back|save|delete|remove|search|send|copy|show|none)\b",
    re.IGNORECASE,
)
# Whatever is on the page or waits there to be shown, but for what is marked as another language.
TEXTS = """() => {
  const texts = []
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) texts.push(node.data)
    if (node.matches?.("script, style, [lang]:not([lang=de])")) return
    for (const name of ["aria-label", "placeholder", "title", "alt"]) texts.push(node.getAttribute?.(name))
    for (const child of (node.matches?.("template") ? node.content : node).childNodes) visit(child)
  }
  visit(document.documentElement)
  return texts.map((text) => (text ?? "").replace(/\\s+|{\\w+}/g, " ").trim()).filter(Boolean)
}"""


def check(page: Page, name: str) -> None:
    shoot(page, f"german-{name}", ["light"])
    assert page.locator("html").get_attribute("lang") == "de"
    assert [text for text in page.evaluate(TEXTS) if ENGLISH.search(text)] == [], name


def test_a_german_browser_is_shown_german_alone(server: Site, open_context: Opener) -> None:
    created = server.create_interview("Warum wir?", title="Gärtnerei", candidate="Rosa Rose")
    page, desk = (open_context(locale="de-DE").page() for _ in range(2))

    desk.goto(server.url)
    check(desk, "login")
    desk.get_by_label("Benutzername").fill(RECRUITER)
    desk.get_by_label("Passwort").fill(PASSWORD)
    desk.get_by_role("button", name="Anmelden").click()
    expect(desk.get_by_role("link", name="Rosa Rose", exact=True)).to_be_visible()
    check(desk, "lobby")
    desk.goto(f"{server.url}/interviews/new/")
    desk.get_by_label("Stelle oder Titel").fill("Baumschule")
    desk.get_by_label("Name (Kandidat/in)").fill("Rosa Rose")
    desk.locator("[name=language][type=text]").fill("Unsinn!")
    desk.get_by_role("textbox", name="Fragen").fill("Warum?")
    desk.get_by_role("button", name="Anlegen und Link erhalten").click()
    expect(desk.get_by_text("Bitte so wie in en-US oder de-DE schreiben.")).to_be_visible()
    check(desk, "new")
    desk.goto(f"{server.url}/interviews/{created['interview_id']}/live/")
    expect(desk.get_by_text("0 von 1 beantwortet")).to_be_visible()
    check(desk, "dashboard")

    page.goto(created["candidate_url"])
    check(page, "join")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Weiter").click()
    page.get_by_role("button", name="Mikrofon verwenden").click()
    expect(page.get_by_text("Wir hören Sie.")).to_be_visible()
    check(page, "session-check")
    page.get_by_role("button", name="Interview beginnen").click()
    expect(page.get_by_role("heading", name="Warum wir?")).to_be_visible()
    page.get_by_text("Lieber schriftlich antworten").click()
    check(page, "session")
    page.get_by_label("Ihre Antwort").fill("Weil es hier so schön grün ist.")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_role("heading", name="Ihr Interview ist abgeschlossen")).to_be_visible()
    check(page, "done")

    desk.get_by_role("link", name="Transkript und Ton").click()
    expect(desk.get_by_text("Weil es hier so schön grün ist.")).to_be_visible()
    check(desk, "review")

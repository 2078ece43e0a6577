"""Interviews in the admin: listed, acted upon after a page that asks, and taken along on paper."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from playwright.sync_api import expect

from tests.browser.looks import SCREENSHOTS, look, shoot
from tests.support.browsers import Opener
from tests.support.servers import Site

ROWS = """
from django.contrib.auth.models import User
from interviews.models import Correction, Note
from tests.support.rows import MEASURED, an_answer, an_interview
owner = User.objects.get()
for name in ("Grace Example", "Alan Example", "Ada Example"):
    interview = an_interview(owner, candidate_name=name, questions=["Why you?", "Why us?", "When?"])
    spoken, written, _ = interview.questions.all()
    answer = an_answer(
        spoken, "i listen before i speak", "and finish what i begin", audio=b"fLaC", voice_metrics=MEASURED,
        duration_ms=12_000, recogniser="pocketsphinx-5.1.1/en-US", candidate_note="I meant: always.",
    )
    an_answer(written, kind="text", text="In writing.\\n\\nTwice.", voice_metrics=None)
    Correction.objects.create(segment=answer.segments.get(index=0), text="I listen before I speak.")
    Note.objects.create(interview=interview, answer=answer, author=owner, at_ms=5000, text="Ask about this.")
print(interview.pk)
"""


def test_interviews_are_listed_acted_upon_and_printed(server: Site, open_desk: Opener) -> None:
    interview_id = server.run_code(ROWS).strip()
    page = open_desk().page()
    page.goto(f"{server.url}/interviews/{interview_id}/")
    page.get_by_text("Export", exact=True).click()
    look(page, "review-export")
    page.get_by_label("With my notes").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Text").click()
    assert "Ask about this." in download.value.path().read_text()
    page.get_by_role("button", name="Page to print").click()

    expect(page.get_by_text("I listen before I speak.")).to_be_visible()
    expect(page.get_by_text("Ask about this.")).to_be_visible()
    look(page, "print")
    page.emulate_media(media="print", color_scheme="light")
    expect(page.get_by_role("link", name="Back to the interview")).to_be_hidden()
    assert page.pdf(path=SCREENSHOTS / "print.pdf")[:4] == b"%PDF"
    page.emulate_media(media="screen")

    page.goto(f"{server.url}/admin/interviews/interview/?q=listen")
    shoot(page, "admin-list")
    for name in ("Grace Example", "Alan Example"):
        page.get_by_role("row", name=name).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("Export as ZIP")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("With the audio").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    with ZipFile(BytesIO(download.value.path().read_bytes())) as archive:
        assert len(archive.namelist()) == 2 * 4

    page.goto(f"{server.url}/admin/interviews/interview/")
    page.get_by_role("row", name="Grace Example").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("Delete the data")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="Grace Example")).to_be_visible()
    look(page, "admin-delete")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The data of 1 interview was deleted.")).to_be_visible()
    expect(page.get_by_role("row", name="Deleted interview")).to_be_visible()
    expect(page.get_by_text("Grace Example")).to_have_count(0)
    shoot(page, "admin-deleted")

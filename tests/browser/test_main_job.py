"""The product's main job in a real browser against a real server: somebody speaks, somebody reads along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from speech.backends.pocketsphinx import PocketSphinxBackend
from tests.browser import people
from tests.support.azure.server import serving
from tests.support.browsers import SAID, SENTENCE, Opener
from tests.support.servers import Site, new_site


@pytest.fixture(scope="module", params=["offline", "azure"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same job with either recogniser: an address in the environment is all that differs."""
    folder = tmp_path_factory.mktemp("site")
    with ExitStack() as stack:
        settings = {}
        if request.param == "azure":
            backend = PocketSphinxBackend(slots_directory=folder / "slots")
            settings["AZURE_SPEECH_HOST"] = stack.enter_context(serving(backend)).url
        yield new_site(folder, **settings)


# Words appear while they are spoken: beside other tests, a short sentence may be over before its first draft.
@pytest.mark.alone
def test_a_candidate_answers_by_voice_while_a_recruiter_reads_along(
    server: Site, open_context: Opener
) -> None:
    by_azure = "AZURE_SPEECH_HOST" in server.settings
    recogniser, sentence = (
        (r"azure-[0-9.]+/en-US", SAID) if by_azure else (r"moonshine-[0-9.]+/tiny-en", SENTENCE)
    )
    created = server.create_interview("Why you?", "Why us?")
    interview_id = created["interview_id"]
    candidate, recruiter = open_context().page(), open_context().page()

    people.sign_in(recruiter, server, f"/interviews/{interview_id}/live/")
    expect(recruiter.get_by_text("Scheduled")).to_be_visible()
    people.begin(candidate, created["candidate_url"])
    people.question(candidate, "Why you?")
    expect(people.card(recruiter, 1)).to_contain_text("Being thought about")

    expect(candidate.get_by_role("heading", name="Why you?")).to_be_focused()

    people.record(candidate)
    expect(candidate.get_by_role("button", name="Stop")).to_be_focused()
    # The words are there before the answer is over, and on the dashboard at the same time.
    expect(people.interim(candidate)).to_contain_text(sentence[:14])
    expect(people.interim(people.card(recruiter, 1))).to_contain_text(sentence[:14])
    if not by_azure:
        # What two tries agreed on, wherever it is shown.
        expect(candidate.locator(".transcript__settled")).to_contain_text("I believe")
    expect(people.finals(candidate)).to_contain_text(sentence)
    expect(people.finals(people.card(recruiter, 1))).to_contain_text(sentence)
    expect(people.card(recruiter, 1)).to_contain_text("Being answered")
    people.stop(candidate)

    people.question(candidate, "Why us?")
    expect(candidate.get_by_role("heading", name="Why us?")).to_be_focused()
    expect(candidate.get_by_text("Your last answer is saved.")).to_be_visible()
    expect(people.card(recruiter, 1)).to_contain_text("Answered")
    expect(people.card(recruiter, 1)).to_contain_text(re.compile(r"Recognition confidence\s*\d+ %"))
    people.record(candidate)
    expect(people.finals(candidate)).to_contain_text(sentence)
    people.stop(candidate)

    expect(candidate.get_by_role("heading", name="Your interview is complete")).to_be_visible()
    expect(recruiter.get_by_text("2 of 2 answered", exact=True)).to_be_visible()
    recruiter.get_by_role("link", name="Transcript and audio").click()
    expect(recruiter.get_by_text(sentence)).to_have_count(2)

    recruiter.goto(f"{server.url}/admin/interviews/interview/{interview_id}/change/")
    expect(recruiter.get_by_text(sentence)).to_have_count(2)
    expect(recruiter.get_by_text(re.compile(recogniser)).first).to_be_attached()
    audio = recruiter.locator("audio").first
    length = (
        "audio => new Promise(done => { audio.onloadedmetadata = () => done(audio.duration); audio.load() })"
    )
    audio.evaluate("audio => { audio.preload = 'metadata' }")
    assert audio.evaluate(length) > 4

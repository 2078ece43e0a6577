"""A storage that does not delete what it is told to, and the transcriber that tells it to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.observing import rows
from tests.support.servers import Site, wait_until

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.support.stubborn_settings", "SPEECH_BACKEND": "scripted"}
QUICK_SECONDS = 10


def an_old_interview(site: Site, created: dict[str, Any], file: str) -> Path:
    """One that is kept no longer, with a file of that name."""
    pk = created["interview_id"]
    site.run_code(
        "from datetime import timedelta\n"
        "from django.utils import timezone\n"
        "from interviews.models import Interview\n"
        f"Interview.objects.filter(pk={pk!r}).update(expires_at=timezone.now() - timedelta(days=9))"
    )
    path = site.folder / "media" / "answers" / pk / file
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def erased(site: Site) -> int:
    return len(rows(site, "SELECT id FROM interviews_interview WHERE erased_at IS NOT NULL"))


def test_what_can_not_be_deleted_ends_no_transcriber(site: Site) -> None:
    kept, other = [site.create_interview("Why you?") for _ in range(2)]
    path = an_old_interview(site, kept, "kept.flac")

    with site.transcriber() as first:
        wait_until(lambda: erased(site) == 1, "its rows are deleted")
        assert path.exists()
    an_old_interview(site, other, "answer.flac")
    with site.transcriber() as second:
        wait_until(lambda: erased(site) == 2, "another one is deleted, by a transcriber that starts with it")
        ends = [process.poll() for process in (first, second)]

    log = (site.folder / "transcriber.log").read_text()
    assert ends[1] is None
    assert f"interview {kept['interview_id']}: its files can't be deleted yet" in log


def test_the_transcriber_ends_in_the_middle_of_a_deletion(site: Site) -> None:
    path = an_old_interview(site, site.create_interview("Why you?"), "stuck.flac")

    with site.transcriber() as transcriber:
        wait_until(path.with_name("stuck.flac.begun").exists, "it is told to delete it")
        transcriber.terminate()
        code = transcriber.wait(QUICK_SECONDS)

    assert code == 0

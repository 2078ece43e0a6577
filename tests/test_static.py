from __future__ import annotations

import gzip
import re

import pytest
from django.test import AsyncClient, Client

from interviews.admin.read_only import COMPONENTS
from tests.support.servers import ROOT

CSS = ROOT / "static" / "interviews" / "css"
# It comes in several pieces.
SCRIPT = "interviews/js/models/candidate_session.js"
WHOLE = (ROOT / "static" / SCRIPT).read_bytes()
TAKES_GZIP = {"accept-encoding": "gzip"}


@pytest.mark.parametrize("is_taken", [True, False])
async def test_static_files_are_compressed_for_who_takes_it(
    async_client: AsyncClient, is_taken: bool
) -> None:
    answered = await async_client.get(f"/static/{SCRIPT}", headers=TAKES_GZIP if is_taken else {})

    sent = b"".join([piece async for piece in answered.streaming_content])  # type: ignore[attr-defined]
    assert answered.get("Content-Encoding") == ("gzip" if is_taken else None)
    assert "Accept-Encoding" in answered["Vary"]
    # Browsers read no second member.
    assert sent.count(b"\x1f\x8b\x08") == (1 if is_taken else 0)
    assert (gzip.decompress(sent) if is_taken else sent) == WHOLE


def test_it_is_the_same_without_an_event_loop(client: Client) -> None:
    answered = client.get(f"/static/{SCRIPT}", headers=TAKES_GZIP)

    sent = b"".join(answered)
    assert (gzip.decompress(sent), len(sent) < len(WHOLE) / 2) == (WHOLE, True)


def test_a_part_of_a_file_is_sent_as_it_is(client: Client) -> None:
    part = client.get(f"/static/{SCRIPT}", headers={**TAKES_GZIP, "range": "bytes=10-19"})

    assert (part.status_code, "Content-Encoding" in part, b"".join(part)) == (206, False, WHOLE[10:20])


def test_pages_that_name_no_icon_have_it_all_the_same(client: Client) -> None:
    icon = client.get("/favicon.ico", follow=True)

    assert (icon.status_code, icon["Content-Type"]) == (200, "image/svg+xml")


def properties(names: list[str], pattern: str) -> set[str]:
    return {
        name
        for sheet in names
        for name in re.findall(pattern, (CSS / f"{sheet}.css").read_text(), re.MULTILINE)
    }


USED = r"var\((--[\w-]+)"
SET = r"^ *(--[\w-]+):"


def test_pages_use_no_colour_and_no_size_that_nobody_gives() -> None:
    sheets = sorted(path.stem for path in CSS.glob("*.css"))

    used = properties([name for name in sheets if name != "admin"], USED)

    assert len(used) > 30
    assert used - properties([name for name in sheets if name != "admin"], SET) == set()


def test_what_is_shown_in_the_admin_has_all_its_colours_and_sizes_there() -> None:
    used = properties(COMPONENTS, USED)

    assert len(used) > 20
    # What it holds while it plays is its own.
    assert used - properties(["admin"], SET) - properties(COMPONENTS, SET) == set()

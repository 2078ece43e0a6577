from __future__ import annotations

import gzip

from django.test import Client

from tests.servers import ROOT

SCRIPT = "js/models/candidate_session.js"


def body(response: object) -> bytes:
    return b"".join(response)  # type: ignore[call-overload, no-any-return]


def test_static_files_are_compressed_for_who_takes_it(client: Client) -> None:
    whole = (ROOT / "static" / SCRIPT).read_bytes()

    plain = client.get(f"/static/{SCRIPT}")
    small = client.get(f"/static/{SCRIPT}", headers={"accept-encoding": "gzip"})

    assert ("Content-Encoding" in plain, body(plain)) == (False, whole)
    sent = body(small)
    assert (small["Content-Encoding"], gzip.decompress(sent)) == ("gzip", whole)
    assert len(sent) < len(whole) / 2


def test_a_part_of_a_file_is_sent_as_it_is(client: Client) -> None:
    asked = {"accept-encoding": "gzip", "range": "bytes=10-19"}

    part = client.get(f"/static/{SCRIPT}", headers=asked)

    assert (part.status_code, "Content-Encoding" in part) == (206, False)
    assert body(part) == (ROOT / "static" / SCRIPT).read_bytes()[10:20]

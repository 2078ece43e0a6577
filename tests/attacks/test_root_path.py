"""Where the site is, is not for its visitors to say."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from tests.support.servers import free_port, new_site


def location(port: int, path: str) -> str:
    """Where a visitor is sent who forges the header that Daphne takes for its own."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Daphne-Root-Path": "/evil"})
        return connection.getresponse().headers["Location"]


def test_a_forged_path_changes_no_link(tmp_path: Path) -> None:
    site = new_site(tmp_path, SPEECH_BACKEND="scripted")
    root, below = free_port(), free_port()

    with site.serve(root), site.serve(below, ROOT_PATH="/careers"):
        assert location(root, "/") == "/interviews/"
        assert location(below, "/careers/") == "/careers/interviews/"

"""Real servers, one site a module: a module's SETTINGS are those of its site."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.reports import Report, reporter
from tests.support.servers import Site, new_site

INTERVIEWS_AT_ONCE = 12


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    return new_site(tmp_path_factory.mktemp("site"), **settings)


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    with site.serve() as process:
        yield process


@pytest.fixture(scope="module")
def interviews(site: Site) -> Iterator[dict[str, Any]]:
    def without_end() -> Iterator[dict[str, Any]]:
        while True:
            yield from site.create_interviews(INTERVIEWS_AT_ONCE)

    return without_end()


@pytest.fixture
def interview(interviews: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """A new one, of a single question."""
    return next(interviews)


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Shows a measured figure, whether the test passes or not."""
    return reporter(request.node)

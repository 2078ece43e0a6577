"""Real servers, one site a module: a module's SETTINGS are those of its site."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.process.idling import Ends, idle
from tests.servers import Site, new_site

INTERVIEWS_AT_ONCE = 12
Report = Callable[[str], None]


def is_idle(item: pytest.Item) -> bool:
    return "idle_minute" in getattr(item, "fixturenames", ()) and "test_idle" in item.nodeid


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes a minute of doing nothing goes on beside the others: its end is looked at last."""
    items.sort(key=is_idle)


@pytest.fixture(scope="session", autouse=True)
def idle_minute(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Future[Ends] | None]:
    if not any(map(is_idle, request.session.items)):
        yield None
        return
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(idle, tmp_path_factory.mktemp("idle"))


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    with new_site(tmp_path_factory.mktemp("site"), **settings) as site:
        yield site


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
def report(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Report:
    """Shows a measured figure, whether the test passes or not."""

    def show(figure: str) -> None:
        with capsys.disabled():
            print(f"\n  {request.node.name}: {figure}", end="", flush=True)

    return show

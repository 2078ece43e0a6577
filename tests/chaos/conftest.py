"""One site that everything is done to, and the table of what came of it.

The short form runs with the other tests. In the long one (`make chaos N=`) CHAOS_ROUNDS says how often
workers are killed, and outages last as long as is promised.
"""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Iterator

import pytest

from tests.chaos.injuries import Stage, new_stage
from tests.chaos.verdict import Tally

SEED = pytest.StashKey[int]()
TALLIES = pytest.StashKey[list[Tally]]()
COLUMNS = (
    "times",
    "acked",
    "lost",
    "different",
    "doubled",
    "late",
    "behind in s",
    "resumed in s (median, max)",
)


@pytest.fixture(scope="package")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with new_stage(tmp_path_factory.mktemp("sqlite")) as stage:
        yield stage


@pytest.fixture(scope="package")
def postgres_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with new_stage(tmp_path_factory.mktemp("postgres"), database="postgres") as stage:
        yield stage


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """On SQLite, unless the test names the other; whole again after each test."""
    stage: Stage = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_stage")
    yield stage
    stage.mend()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """The test's line in the table."""
    tally = Tally(request.node.name.removeprefix("test_").replace("_", " "))
    request.config.stash[TALLIES].append(tally)
    return tally


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The same moments again with the same CHAOS_SEED, as far as the machine keeps time."""
    return random.Random(f"{request.config.stash[SEED]} {request.node.name}")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLIES] = []
    config.stash[SEED] = int(os.environ.get("CHAOS_SEED") or random.randrange(1, 10**6))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tallies = config.stash[TALLIES]
    if not tallies:
        return
    terminalreporter.section(f"chaos, CHAOS_SEED={config.stash[SEED]}")
    width = max(len(tally.injury) for tally in tallies)
    terminalreporter.line(" | ".join(["".ljust(width), *COLUMNS]))
    for tally in tallies:
        cells = [str(cell).rjust(len(column)) for cell, column in zip(_cells(tally), COLUMNS, strict=True)]
        terminalreporter.line(" | ".join([tally.injury.ljust(width), *cells]))
        if tally.note:
            terminalreporter.line(f"    {tally.note}")


def _cells(tally: Tally) -> list[str | int]:
    resumes = tally.resumes
    resumed = f"{statistics.median(resumes):.2f}, {max(resumes):.2f}" if resumes else "–"
    behind = f"{tally.behind:.2f}"
    return [tally.injections, tally.acked, *tally.harm.values(), behind, resumed]

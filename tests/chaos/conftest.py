"""One site that everything is done to.

The short form runs with the other tests. In the long one (`make chaos N=`) CHAOS_ROUNDS says how often
workers are killed, and outages last as long as is promised.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.chaos.injuries import Stage, new_stage
from tests.support.tallies import Tally, noted


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
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """The test's line in the table."""
    tally = Tally(request.node.name.removeprefix("test_").replace("_", " "))
    yield tally
    request.node.user_properties.append(noted(tally))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The same moments again with the same CHAOS_SEED, as far as the machine keeps time."""
    return random.Random(f"{os.environ['CHAOS_SEED']} {request.node.name}")

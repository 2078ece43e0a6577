from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.support.reports import show_figures
from tests.support.tallies import show_tallies

# Real processes, really killed, cut off and flooded.
PROCESSES = {"process", "chaos"}
# Those whose times and sizes say something only when nothing else runs.
ALONE = {"test_hostile.py", "test_hour.py", "test_leaks.py", "test_two_workers.py"}
# They wait for most of their time, for what other tests can't hasten or delay by much.
BESIDE = {
    "test_azure_outage.py",
    "test_basic_dialect.py",
    "test_disorder.py",
    "test_idle_sockets.py",
    "test_large_messages.py",
    "test_queue.py",
    "test_run.py",
    "test_shutdown.py",
}

# A shell's background job ignores Ctrl-C, and so would every process that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_language_left() -> Iterator[None]:
    """A page in German leaves its language to the thread."""
    yield
    translation.deactivate()


def pytest_configure() -> None:
    # For the processes that tests run in, too: the same moments in all of them.
    os.environ.setdefault("CHAOS_SEED", str(random.randrange(1, 10**6)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in PROCESSES and item.path.name not in BESIDE:
            item.add_marker(pytest.mark.alone if item.path.name in ALONE else pytest.mark.paired)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    show_figures(terminalreporter)
    show_tallies(terminalreporter, os.environ["CHAOS_SEED"])

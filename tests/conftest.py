from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from django.utils import translation

# What real processes do when they are killed, cut off or flooded is measured, and so runs alone.
ALONE = {"process", "chaos"}
# They wait for most of their time, for what other tests can't hasten or delay by much.
BESIDE = {
    "test_azure_outage.py",
    "test_basic_dialect.py",
    "test_disorder.py",
    "test_idle_sockets.py",
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in ALONE and item.path.name not in BESIDE:
            item.add_marker(pytest.mark.alone)

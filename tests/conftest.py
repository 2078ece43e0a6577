from __future__ import annotations

import pytest

# What real processes do when they are killed, cut off or flooded is measured, and so runs alone.
ALONE = {"process", "chaos"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in ALONE:
            item.add_marker(pytest.mark.alone)

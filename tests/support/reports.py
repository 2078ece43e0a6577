"""Figures that tests measure, shown when all have run, wherever each of them ran.

A test's figures travel in its report's `user_properties`, which come back from other processes too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

Report = Callable[[str], None]
"""Shows a measured figure, whether the test passes or not."""

FIGURE = "figure"


def reporter(node: pytest.Item) -> Report:
    def show(figure: str) -> None:
        node.user_properties.append((FIGURE, f"{node.name}: {figure}"))

    return show


def properties(terminal: pytest.TerminalReporter, name: str) -> Iterator[Any]:
    """What tests have noted under this name. The last of a test's three reports has all of it."""
    for reports in terminal.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                yield from (value for key, value in report.user_properties if key == name)


def show_figures(terminal: pytest.TerminalReporter) -> None:
    if figures := list(properties(terminal, FIGURE)):
        terminal.section("measured")
        for figure in figures:
            terminal.line(figure)

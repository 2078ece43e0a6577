"""What came of whatever was done to a site, a line each, as a table when all have run."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field

import pytest

from tests.support.reports import properties

TALLY = "tally"
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


@dataclass
class Tally:
    """A line of the table: what was done, and the counts of what must not come of it."""

    injury: str
    injections: int = 0
    acked: int = 0
    lost: int = 0
    different: int = 0
    doubled: int = 0
    late: int = 0
    # By how many seconds a dashboard was behind the rows at most.
    behind: float = 0.0
    resumes: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def harm(self) -> dict[str, int]:
        return {"lost": self.lost, "different": self.different, "doubled": self.doubled, "late": self.late}

    @property
    def cells(self) -> list[str | int]:
        resumed = "–"
        if self.resumes:
            resumed = f"{statistics.median(self.resumes):.2f}, {max(self.resumes):.2f}"
        return [self.injections, self.acked, *self.harm.values(), f"{self.behind:.2f}", resumed]


NO_HARM = {"lost": 0, "different": 0, "doubled": 0, "late": 0}


def show_tallies(terminal: pytest.TerminalReporter, seed: str) -> None:
    tallies = [Tally(**found) for found in properties(terminal, TALLY)]
    if not tallies:
        return
    terminal.section(f"chaos, CHAOS_SEED={seed}")
    width = max(len(tally.injury) for tally in tallies)
    terminal.line(" | ".join(["".ljust(width), *COLUMNS]))
    for tally in tallies:
        cells = [str(cell).rjust(len(column)) for cell, column in zip(tally.cells, COLUMNS, strict=True)]
        terminal.line(" | ".join([tally.injury.ljust(width), *cells]))
        if tally.note:
            terminal.line(f"    {tally.note}")


def noted(tally: Tally) -> tuple[str, object]:
    """As a test's property."""
    return TALLY, asdict(tally)

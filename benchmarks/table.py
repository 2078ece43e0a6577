from __future__ import annotations

from collections.abc import Iterable, Sequence


def show(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table; the first column to the left, figures to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    print(f"\n{title}\n")
    for line in lines:
        figures = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        print("  " + line[0].ljust(widths[0]), *figures, sep="  ", flush=True)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def ratio(value: float, reference: float) -> str:
    return f"{value / reference:.2f} ×"

"""uncovered.py REPORT PATH …: what no test has run of the files under these paths; fails if that is a line.

REPORT is that of `coverage json`. `coverage report --fail-under` can't be asked this: it counts branches too,
and of a `match` over all there is the last case never goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def main(report: str, *paths: str) -> int:
    files: dict[str, Any] = json.loads(Path(report).read_text())["files"]
    found = {name: file for name, file in files.items() if under(name, paths)}
    assert found, f"nothing under {paths} was measured"
    for name, file in found.items():
        show(
            "never takes",
            name,
            [f"{start}→{end if end > 0 else 'out'}" for start, end in file["missing_branches"]],
        )
        show("never runs", name, list(ranges(file["missing_lines"])))
    statements = sum(file["summary"]["num_statements"] for file in found.values())
    missing = sum(len(file["missing_lines"]) for file in found.values())
    print(f"{missing} of {statements} statements are run by no test")
    return missing > 0


def under(name: str, paths: Sequence[str]) -> bool:
    return any(Path(name).is_relative_to(path) for path in paths)


def show(what: str, name: str, places: Sequence[str]) -> None:
    if places:
        print(f"{name} {what} {', '.join(places)}")


def ranges(lines: Sequence[int]) -> Iterator[str]:
    """Lines that follow each other as one: 3, 5-7."""
    start = 0
    for index, line in enumerate(lines):
        if lines[index + 1 : index + 2] != [line + 1]:
            yield f"{lines[start]}-{line}" if line > lines[start] else str(line)
            start = index + 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Pages of recruiters and of the admin, with few interviews and with many."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.table import show
from tests.support.servers import RECRUITER, ROOT, new_site

INTERVIEWS = 20, 2000
ANSWERS = 10


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_measured(Path(folder) / str(count), count) for count in INTERVIEWS)
    head = [
        "",
        *(title for count in INTERVIEWS for title in (f"{count} interviews, queries", "median", "of it CPU")),
    ]
    rows = [[name, *_cells(few[name]), *_cells(many[name])] for name in few]
    show(f"Pages, in the server, with {ANSWERS} answers in each interview that is completed", head, rows)


def _measured(folder: Path, count: int) -> dict[str, Any]:
    folder.mkdir()
    site = new_site(folder)
    site.manage("fill", f"--interviews={count}", f"--answers={ANSWERS}", f"--owner={RECRUITER}")
    command = [sys.executable, "-m", "benchmarks.pages_side"]
    done = subprocess.run(
        command, cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, text=True, check=True
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _cells(measured: dict[str, Any]) -> list[str]:
    times = (f"{measured[key] * 1000:.0f} ms" for key in ("median", "cpu"))
    return [str(measured["queries"]), *times]

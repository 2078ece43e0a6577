"""What group commit costs: candidates who each send ten chunks a second, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.table import show
from tests.support.servers import ROOT, Site, free_port, new_site, postgres_server, postgres_url

CANDIDATES = 1, 50, 300


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sqlite, other = Path(folder) / "sqlite", Path(folder) / "postgresql"
        sqlite.mkdir()
        other.mkdir()
        site, port = new_site(sqlite), free_port()
        rows = [_row("SQLite", site, count) for count in CANDIDATES]
        with postgres_server(other, port):
            site = new_site(other, DATABASE_URL=postgres_url(port))
            rows += [_row("PostgreSQL", site, count) for count in CANDIDATES]
    head = ["", "chunk → durable, median", "p99", "chunks a second", "transactions a second"]
    show("The journal: 10 chunks of 100 ms a second from each candidate, every one synced", head, rows)


def _row(database: str, site: Site, count: int) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.journal_side", str(count)]
    done = subprocess.run(
        command, cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, text=True, check=True
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    figures = [f"{measured[key] * 1000:.1f} ms" for key in ("median", "p99")]
    rates = [f"{measured[key]:.0f}" for key in ("chunks", "transactions")]
    return [f"{database}, {count} candidate{'s' if count > 1 else ''}", *figures, *rates]

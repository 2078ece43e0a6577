"""What the Azure backend costs beside a bare loop around the SDK, with the same audio and the same server.

The server is the tests' stand-in, in a process of its own; each side of the comparison has another.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.table import ratio, show
from tests.support.servers import ROOT, free_port, running, wait_until

RECOGNITIONS = 10
ROUNDS = 3


def run() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "azure.log"
        with running([sys.executable, "-m", "tests.support.azure.server", "--port", str(port)], log=log):
            wait_until(lambda: "ws://" in log.read_text(), "the stand-in for Azure")
            rounds = [[measure(port, side) for side in ("backend", "bare")] for _ in range(ROUNDS)]
    rows = []
    for name, key in (("CPU for a second of audio", "cpu"), ("end of the audio to the last final", "tail")):
        ours, bare = (median(round_[side][key] for round_ in rounds) for side in (0, 1))
        rows.append([name, f"{ours * 1000:.1f} ms", f"{bare * 1000:.1f} ms", ratio(ours, bare)])
    title = f"Azure Speech, {RECOGNITIONS} recognitions at once, at the pace of speech"
    show(title, ["", "backend", "bare SDK", "ratio"], rows)


def measure(port: int, side: str) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.azure_side",
        f"ws://127.0.0.1:{port}",
        side,
        str(RECOGNITIONS),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured

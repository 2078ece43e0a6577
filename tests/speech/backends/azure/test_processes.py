"""Azure in processes of their own: many recognitions at once, and exits in the middle of them.

AZURE_ROUNDS=long is for figures: pytest -s tests/speech/backends/azure/test_processes.py
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure.behaviour import Behaviour
from tests.support.azure.server import serving
from tests.support.servers import ROOT, free_port, running, wait_until

IS_LONG = os.environ.get("AZURE_ROUNDS") == "long"
AT_ONCE, SECONDS = (50, 30) if IS_LONG else (20, 5)
IN_TURN, WARM_UP = (200, 40) if IS_LONG else (20, 5)
EXITS = 32 if IS_LONG else 8
# Other tests may keep the machine busy for a while.
ATTEMPTS = 3
WAYS = {"return": 0, "exit": 3, "exception": 1, "interrupt": -signal.SIGINT}
# With glibc's many arenas free memory is scattered, and hides what is lost.
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "interview_project.settings", "MALLOC_ARENA_MAX": "2"}


@contextmanager
def server_beside(folder: Path) -> Iterator[str]:
    port, log = free_port(), folder / "azure.log"
    with running([sys.executable, "-m", "tests.support.azure.server", "--port", str(port)], log=log):
        wait_until(lambda: "ws://" in log.read_text(), f"the stand-in for Azure; see {log}")
        yield f"ws://127.0.0.1:{port}"


def measure(folder: Path, what: str, count: int, amount: int) -> dict[str, Any]:
    with server_beside(folder) as url:
        command = [sys.executable, "-m", "tests.support.azure.load", url, what, str(count), str(amount)]
        environment = {**os.environ, **ENVIRONMENT}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


@pytest.mark.alone
def test_many_at_once_are_in_time_and_leave_nothing(tmp_path: Path) -> None:
    for _ in range(ATTEMPTS):
        measured = measure(tmp_path, "at_once", AT_ONCE, SECONDS)
        if measured["lag_ms"]["p99"] < 50 and measured["late_ms"]["p99"] < 500:
            break

    assert measured["all_heard_the_same"]
    assert measured["late_ms"]["p99"] < 500
    assert measured["lag_ms"]["p99"] < 50
    assert measured["after"]["rss_mb"] < measured["before"]["rss_mb"] + 10
    assert measured["after"]["threads"] == measured["before"]["threads"]


def test_one_after_another_takes_no_more_memory(tmp_path: Path) -> None:
    measured = measure(tmp_path, "in_turn", IN_TURN, WARM_UP)

    assert measured["after"]["rss_mb"] < measured["before"]["rss_mb"] + 2
    assert measured["after"]["threads"] == measured["before"]["threads"]


@pytest.mark.parametrize("trouble", ["", "mute", "never_answer", "stall_at_ms=300"])
@pytest.mark.parametrize("way", WAYS)
def test_a_process_ends_in_the_middle_of_recognitions(way: str, trouble: str) -> None:
    plan = [Behaviour.parse(trouble)] * 50 if trouble else []
    for number in range(EXITS // 4 if not trouble else 1):
        with serving(plan=plan) as server:
            command = [
                sys.executable,
                "-m",
                "tests.support.azure.exits",
                server.url,
                way,
                str(50 + 60 * number),
            ]
            environment = {**os.environ, **ENVIRONMENT}
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            assert process.stdout is not None and process.stdout.readline() == "now\n"
            began = time.monotonic()
            _, errors = process.communicate(timeout=30)

        assert process.returncode == WAYS[way], errors
        assert "FATAL" not in errors and "terminate called" not in errors
        assert time.monotonic() - began < 3

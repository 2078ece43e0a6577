from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

START_SECONDS = 60
STOP_SECONDS = 15
Process = subprocess.Popen[bytes]


class Command(BaseCommand):
    help = "Serves the product on this machine, with a demo: the database, the server and a transcriber."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if _is_taken(host, port):
            raise CommandError(f"Port {port} is taken. Choose another one: make run PORT={port + 1}")
        call_command("migrate", verbosity=0)
        # The server's own log would name each address that is opened, candidates' links among them.
        server = [sys.executable, "-m", "daphne", "-v", "0", "-b", host, "-p", str(port)]
        transcriber = [sys.executable, sys.argv[0], "transcriber"]
        with suppress(KeyboardInterrupt):
            signal.signal(signal.SIGTERM, _interrupt)
            _supervise(
                [[*server, "interview_project.asgi:application"], transcriber],
                lambda processes: self._announce(host, port, processes),
            )

    def _announce(self, host: str, port: int, processes: list[Process]) -> None:
        end = time.monotonic() + START_SECONDS
        while not _is_taken(host, port) and time.monotonic() < end and processes[0].poll() is None:
            time.sleep(0.05)
        call_command("demo", host=host, stdout=self.stdout)
        self.stdout.write("  Ctrl-C ends it.\n")
        self.stdout.flush()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _supervise(commands: list[list[str]], announce: Any) -> None:
    """Runs them until one ends by itself, which is an error, or until it is interrupted."""
    processes: list[Process] = []
    try:
        # Sessions of their own: Ctrl-C reaches this process alone, which ends them in order.
        processes += [subprocess.Popen(command, start_new_session=True) for command in commands]  # noqa: S603  (ours)
        announce(processes)
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
    finally:
        _stop(processes)
    raise CommandError("A process ended by itself; what it said is above.")


def _stop(processes: list[Process]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0  # noqa: S104  (asked, not bound)

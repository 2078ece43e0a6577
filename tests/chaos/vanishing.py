"""A database behind an address whose packets can be swallowed, as where a host has vanished."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Self

from tests.chaos.injuries import Restartable
from tests.support.servers import answers, free_port, needed, running, wait_until

# No machine's on that cable.
NOBODY = "02:00:00:00:00:00"


class Host:
    """A network of its own, joined to this machine by a cable. Raises OSError where none may be made."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self._folder, self._socket = folder, socket
        self._name = f"host{os.getpid()}"
        self._cable = f"cable{os.getpid()}"[:15]
        third = os.getpid() % 250
        self._ours, self.address = f"10.213.{third}.1", f"10.213.{third}.2"
        self.port = free_port()
        self._undone = ExitStack()
        self._forwarder = Restartable(self._forwarding)

    def __enter__(self) -> Self:
        ip, inside = needed("ip", "iproute2"), f"{self._cable[:13]}in"
        with ExitStack() as undone:
            _run(ip, "netns", "add", self._name)
            undone.callback(_run, ip, "netns", "delete", self._name)
            _run(ip, "link", "add", self._cable, "type", "veth", "peer", "name", inside, "netns", self._name)
            _run(ip, "address", "add", f"{self._ours}/30", "dev", self._cable)
            _run(ip, "link", "set", self._cable, "up")
            there = ip, "-n", self._name
            _run(*there, "address", "add", f"{self.address}/30", "dev", inside)
            _run(*there, "link", "set", inside, "up")
            undone.callback(self._forwarder.close)
            self._forwarder.start()
            wait_until(lambda: answers(self.port, self.address), f"{self.address}; see {self._folder}")
            self._undone = undone.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undone.close()

    def _forwarding(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        inside = [needed("ip", "iproute2"), "netns", "exec", self._name, sys.executable, "-m"]
        command = [*inside, "tests.support.forward", self.address, str(self.port), str(self._socket)]
        return running(command, log=self._folder / "forward.log")

    def _neighbour(self, verb: str) -> list[str]:
        return [needed("ip", "iproute2"), "neighbour", verb, self.address, "dev", self._cable]

    def vanish(self) -> None:
        """Whatever is sent there is lost, and nothing comes back."""
        _run(*self._neighbour("replace"), "lladdr", NOBODY, "nud", "permanent")

    def take_over(self) -> None:
        """Its address belongs to another host now, which knows nothing of what went before."""
        self._forwarder.restart()
        _run(*self._neighbour("delete"))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr)

"""What the children of test_children.py run."""

from __future__ import annotations

import json
import os
import socket
import sys
import time

from speech.processes.children import Channel, limit_child


def echo(channel: Channel) -> None:
    while (message := channel.receive()) is not None:
        channel.send(message)
    channel.send(b"the end")


def never_read(channel: Channel) -> None:
    time.sleep(600)


def read_when_told(channel: Channel, path: str) -> None:
    while not os.path.exists(path):
        time.sleep(0.01)
    total = 0
    while (message := channel.receive()) is not None:
        total += len(message)
    channel.send(str(total).encode())


def answer_without_reading(channel: Channel) -> None:
    channel.send(b"no need")


def fail(channel: Channel) -> None:
    raise ValueError("broken on purpose")


def describe(channel: Channel) -> None:
    facts = {
        "sockets": len({name for name in _descriptors() if name.startswith("socket:")}),
        "server": os.getppid(),
        "server_threads": len(os.listdir(f"/proc/{os.getppid()}/task")),
        "main": sys.modules["__main__"].__dict__.get("MARK"),
        "loaded": sorted(
            {"av", "numpy", "onnxruntime", "pocketsphinx", "speech.processes.preload"} & set(sys.modules)
        ),
        "settings": "interview_project.settings" in sys.modules,
        "decoder": _has_decoder(),
    }
    channel.send(json.dumps(facts).encode())
    channel.receive()


def try_limits(channel: Channel) -> None:
    limit_child(memory_bytes=64 << 20, files=0)
    try:
        kept = bytearray(256 << 20)
        memory = f"{len(kept)} bytes"
    except MemoryError:
        memory = "refused"
    try:
        socket.socket()
        opened = "a socket"
    except OSError:
        opened = "refused"
    channel.send(json.dumps({"memory": memory, "files": opened}).encode())


def spin(channel: Channel) -> None:
    limit_child(cpu_seconds=1)
    while True:
        pass


def _descriptors() -> list[str]:
    return [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _exists(fd)]


def _exists(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")


def _has_decoder() -> bool:
    child = sys.modules.get("speech.backends.pocketsphinx.child")
    return child is not None and child.load_decoder.cache_info().currsize == 1

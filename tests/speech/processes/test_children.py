from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from speech.processes.children import Child
from tests.support import targets
from tests.support.footprint import nothing_left_behind, until

ROOT = Path(__file__).resolve().parents[3]
KERNEL_BYTES = 300_000


@pytest.fixture(autouse=True)
async def server() -> None:
    """The fork server is there before anybody counts processes."""
    await (await Child.start(targets.echo)).aclose()


async def describe() -> dict[str, Any]:
    child = await Child.start(targets.describe)
    facts = await child.receive()
    await child.aclose()
    assert facts is not None
    return json.loads(facts)


async def test_messages_come_back_whole_and_in_order() -> None:
    messages = [b"", b"a", b"b" * 1000, b"c" * (1 << 20), b"d"]
    child = await Child.start(targets.echo)

    sending = asyncio.create_task(send_all(child, messages))
    received = [await child.receive() for _ in messages]

    assert received == messages
    await sending
    await child.aclose()


async def send_all(child: Child, messages: list[bytes]) -> None:
    for message in messages:
        await child.send(message)


async def test_after_the_input_ends_the_child_can_still_answer() -> None:
    child = await Child.start(targets.echo)

    await child.end_input()

    assert [await child.receive(), await child.receive()] == [b"the end", None]
    assert await child.exit_code() == 0
    await child.aclose()


async def test_an_answer_arrives_though_the_child_read_nothing() -> None:
    child = await Child.start(targets.answer_without_reading)
    for _ in range(4):
        await child.send(bytes(1000))

    assert [await child.receive(), await child.receive()] == [b"no need", None]
    await child.aclose()


async def test_sending_waits_while_the_child_does_not_read() -> None:
    child = await Child.start(targets.never_read, in_flight_bytes=100_000)
    sent = 0

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            while True:
                await child.send(bytes(10_000))
                sent += 10_000

    assert sent <= 100_000 + KERNEL_BYTES
    await child.aclose()


async def test_a_send_that_was_cancelled_arrives_whole_all_the_same(tmp_path: Path) -> None:
    child = await Child.start(targets.read_when_told, str(tmp_path / "now"), in_flight_bytes=1000)
    sent = 0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            while True:
                sent += 10_000
                await child.send(bytes(10_000))

    (tmp_path / "now").touch()
    await child.end_input()

    assert await child.receive() == str(sent).encode()
    await child.aclose()


async def test_receiving_can_be_cancelled_and_taken_up_again() -> None:
    child = await Child.start(targets.echo)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await child.receive()

    await child.send(b"later")

    assert await child.receive() == b"later"
    await child.aclose()


async def test_a_killed_child_is_noticed_at_once_by_who_reads() -> None:
    child = await Child.start(targets.never_read)

    os.kill(child.pid, signal.SIGKILL)

    async with asyncio.timeout(2):
        assert await child.receive() is None
        assert await child.exit_code() == -signal.SIGKILL
    await child.aclose()


async def test_a_killed_child_is_noticed_at_once_by_who_writes() -> None:
    child = await Child.start(targets.never_read, in_flight_bytes=1000)
    sending = asyncio.create_task(send_all(child, [bytes(10_000)] * 100))
    await until(lambda: child.unsent_bytes > 1000)

    os.kill(child.pid, signal.SIGKILL)

    async with asyncio.timeout(2):
        with pytest.raises(ConnectionError):
            await sending
    await child.aclose()


async def test_a_child_that_raises_ends_with_code_1_and_a_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    script = """
        async def main():
            child = await Child.start(targets.fail)
            assert await child.receive() is None
            assert await child.exit_code() == 1
            await child.aclose()
    """
    ran = await asyncio.to_thread(run_script, script)

    assert ran.returncode == 0, ran.stderr
    assert "ValueError: broken on purpose" in ran.stderr


async def test_closing_leaves_no_process_and_no_descriptor() -> None:
    async with nothing_left_behind():
        children = [await Child.start(targets.echo) for _ in range(3)]
        for child in children:
            await child.aclose()
            assert not psutil.pid_exists(child.pid)


async def test_closing_again_does_nothing() -> None:
    child = await Child.start(targets.echo)

    await asyncio.gather(child.aclose(), child.aclose())
    await child.aclose()

    assert await child.receive() is None


async def test_closing_releases_who_reads_and_who_writes() -> None:
    child = await Child.start(targets.never_read, in_flight_bytes=1000)
    reading = asyncio.create_task(child.receive())
    sending = asyncio.create_task(send_all(child, [bytes(10_000)] * 100))
    await until(lambda: child.unsent_bytes > 1000)

    await child.aclose()

    assert await reading is None
    with pytest.raises(ConnectionError):
        await sending


async def test_a_close_that_is_cancelled_closes_all_the_same() -> None:
    async with nothing_left_behind():
        child = await Child.start(targets.never_read)
        closing = asyncio.create_task(child.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing


async def test_a_start_that_is_cancelled_leaves_nothing() -> None:
    async with nothing_left_behind():
        for turns in range(8):
            starting = asyncio.create_task(Child.start(targets.echo))
            for _ in range(turns):
                await asyncio.sleep(0.002)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
                await starting.result().aclose()
                raise asyncio.CancelledError


async def test_a_child_ignores_ctrl_c() -> None:
    child = await Child.start(targets.echo)

    os.kill(child.pid, signal.SIGINT)
    await child.send(b"still here")

    assert await child.receive() == b"still here"
    await child.aclose()


async def test_a_child_has_one_socket_and_a_loaded_recogniser_and_no_django_project() -> None:
    other = await Child.start(targets.echo)

    facts = await describe()

    await other.aclose()
    assert facts["sockets"] == 1
    assert facts["loaded"] == ["av", "numpy", "onnxruntime", "pocketsphinx", "speech.processes.preload"]
    assert facts["decoder"]
    assert not facts["settings"]


async def test_the_fork_server_has_one_thread() -> None:
    facts = await describe()

    assert facts["server_threads"] == 1


async def test_when_the_fork_server_is_killed_its_children_end_and_the_next_one_starts() -> None:
    child = await Child.start(targets.never_read)
    server = psutil.Process(child.pid).ppid()

    os.kill(server, signal.SIGKILL)

    async with asyncio.timeout(5):
        assert await child.receive() is None
        assert await child.exit_code() is None
        await child.aclose()
    await until(lambda: psutil.Process(server).status() == psutil.STATUS_ZOMBIE)
    child = await Child.start(targets.echo)
    await child.send(b"again")
    assert await child.receive() == b"again"
    await child.aclose()


async def test_a_child_can_give_up_memory_and_files() -> None:
    child = await Child.start(targets.try_limits)

    tried = await child.receive()

    assert tried is not None
    assert json.loads(tried) == {"memory": "refused", "files": "refused"}
    await child.aclose()


async def test_a_child_that_uses_up_its_time_is_ended() -> None:
    child = await Child.start(targets.spin)

    assert await child.receive() is None

    assert await child.exit_code() == -signal.SIGXCPU
    await child.aclose()


def test_every_event_loop_can_start_children() -> None:
    async def talk() -> bytes | None:
        child = await Child.start(targets.echo)
        await child.send(b"hello")
        answer = await child.receive()
        await child.aclose()
        return answer

    assert [asyncio.run(talk()), asyncio.run(talk())] == [b"hello", b"hello"]


def test_a_child_does_not_run_the_parents_main_and_is_loaded_wherever_that_runs() -> None:
    script = """
        MARK = "main ran"

        async def main():
            preload(["speech.backends.pocketsphinx.preload", "no.such.preload"])
            child = await Child.start(targets.describe)
            print((await child.receive()).decode())
            await child.aclose()
    """
    ran = run_script(script)

    assert ran.returncode == 0, ran.stderr
    facts = json.loads(ran.stdout)
    assert facts["main"] is None
    assert facts["decoder"]


def test_children_and_fork_server_end_when_their_parent_is_killed() -> None:
    script = """
        async def main():
            child = await Child.start(targets.describe)
            print((await child.receive()).decode()[:-1] + f', "child": {child.pid}}}', flush=True)
            os.kill(os.getpid(), 9)
    """
    ran = run_script(script)
    facts = json.loads(ran.stdout)

    assert ran.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while psutil.pid_exists(facts["child"]) or psutil.pid_exists(facts["server"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run_script(script: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, whose __main__ is a file and whose directory isn't ours."""
    lines = [
        "import asyncio, os, sys",
        f"sys.path.insert(0, {str(ROOT)!r})",
        "from speech.processes.children import Child, preload",
        "from tests.support import targets",
        textwrap.dedent(script),
        "if __name__ == '__main__':",
        "    asyncio.run(main())",
    ]
    folder = ROOT / "var" / "scripts"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"main-{os.getpid()}.py"
    path.write_text("\n".join(lines))
    try:
        return subprocess.run([sys.executable, path], cwd="/", capture_output=True, text=True, timeout=60)
    finally:
        path.unlink()

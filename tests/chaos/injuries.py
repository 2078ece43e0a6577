"""What is done to a site, and the site it is done to: real processes that are really killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import psutil
import psycopg

from tests.support.clients import sign_in
from tests.support.servers import Site, free_port, new_site, postgres_server, postgres_url, redis_server

BLOCK_BYTES = 64 * 1024
# The least that the settings take.
LEASE_SECONDS = IDLE_SECONDS = 5
CHILDREN_SECONDS = 10
INTERVIEWS_AT_ONCE = 12
SETTINGS = {
    "SPEECH_BACKEND": "scripted",
    "SPEECH_CAPACITY": "64",
    "ANSWER_LEASE_SECONDS": str(LEASE_SECONDS),
    "SOCKET_IDLE_SECONDS": str(IDLE_SECONDS),
    "OWED_RETRY_SECONDS": str(LEASE_SECONDS),
    "INTERVIEW_ORCHESTRATOR": "tests.chaos.orchestrator.NotingOrchestrator",
}


class Restartable:
    """A process that is killed and started again; `run` is a context in which it runs."""

    def __init__(self, run: Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]) -> None:
        self._run = run
        self._running = ExitStack()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, **settings: str) -> None:
        self._settings = settings
        self.process = self._running.enter_context(self._run(**settings))

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Returns when it is gone, and its children, which end by themselves."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(how)
        self.process.wait()
        _, left = psutil.wait_procs(children, CHILDREN_SECONDS)
        assert left == []
        self.close()

    def signal(self, which: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(which)

    def restart(self) -> None:
        self.kill()
        self.start(**self._settings)

    def close(self) -> None:
        self._running.close()
        self.process = None


class Stage:
    """A site on two workers, with Redis between them, PostgreSQL or SQLite below, a transcriber beside."""

    staff: str
    """The cookies of a recruiter."""

    def __init__(self, site: Site, redis: Restartable, postgres: Restartable | None) -> None:
        self.site, self.redis, self.postgres = site, redis, postgres
        self.ports = [site.port, free_port()]
        self.workers = {port: Restartable(self._serving(port)) for port in self.ports}
        self.transcriber = Restartable(site.transcriber)
        self._interviews = self._without_end()

    def _serving(self, port: int) -> Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]:
        return lambda **settings: self.site.serve(port, **settings)

    def __enter__(self) -> Self:
        with ThreadPoolExecutor() as side_by_side:
            starting = [side_by_side.submit(process.start) for process in self._processes]
            for started in starting:
                started.result()
        self.staff = sign_in(self.site)
        return self

    def __exit__(self, *_: object) -> None:
        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(Restartable.close, self._processes))

    @property
    def _processes(self) -> list[Restartable]:
        return [*self.workers.values(), self.transcriber]

    def mend(self) -> None:
        """Starts what is not running."""
        for process in [self.redis, *filter(None, [self.postgres]), *self._processes]:
            if not process.is_running:
                process.close()
                process.start()

    def start_anew(self, **settings: str) -> None:
        """Workers and transcriber, with these settings besides."""

        def start(process: Restartable) -> None:
            process.kill()
            process.start(**settings)

        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(start, self._processes))

    def new_interview(self, *questions: str) -> dict[str, Any]:
        return self.site.create_interview(*questions) if questions else next(self._interviews)

    def _without_end(self) -> Iterator[dict[str, Any]]:
        while True:
            yield from self.site.create_interviews(INTERVIEWS_AT_ONCE)


@contextmanager
def new_stage(
    folder: Path,
    *,
    database: str = "sqlite",
    reached: Callable[[int], AbstractContextManager[str]] = lambda port: nullcontext(postgres_url(port)),
    **settings: str,
) -> Iterator[Stage]:
    """`reached` makes of PostgreSQL's port the address by which the site reaches it."""
    with ExitStack() as stack:
        redis = Restartable(_on_port(redis_server, folder, redis_port := free_port()))
        stack.callback(redis.close)
        redis.start()
        own = {
            **SETTINGS,
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "NOTED_ANSWERS": str(folder / "handed_over"),
        }
        postgres = None
        if database == "postgres":
            postgres = Restartable(_on_port(postgres_server, folder, postgres_port := free_port()))
            stack.callback(postgres.close)
            postgres.start()
            own["DATABASE_URL"] = stack.enter_context(reached(postgres_port))
        site = new_site(folder, **{**own, **settings})
        yield stack.enter_context(Stage(site, redis, postgres))


def _on_port(
    server: Callable[[Path, int], AbstractContextManager[subprocess.Popen[bytes]]], folder: Path, port: int
) -> Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]:
    return lambda: server(folder, port)


# The clock, the database, the disk, the network


def wrong_clock(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is so much early, or late; its monotonic one is as ever."""
    faketime = ["faketime", "--exclude-monotonic", "-f", f"{seconds:+d}"]
    shown = subprocess.run([*faketime, "env"], capture_output=True, text=True, check=True).stdout
    variables = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    names = "LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"
    return {name: variables[name] for name in names}


def on_postgres(site: Site, *statements: str) -> None:
    """Each on its own, as whoever looks after the database."""
    with psycopg.connect(site.settings["DATABASE_URL"], autocommit=True) as database:
        for statement in statements:
            database.execute(statement)


@contextmanager
def locked_row(site: Site, table: str, pk: str) -> Iterator[None]:
    """Somebody's transaction has it, and does something else."""
    with psycopg.connect(site.settings["DATABASE_URL"]) as database:
        query = f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE"
        assert database.execute(query, [UUID(pk)]).fetchone()
        yield


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Another process holds SQLite's only place for writers."""
    hold = (
        "import sqlite3, sys; database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None);"
        "database.execute('BEGIN EXCLUSIVE'); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(site.folder / "db.sqlite3")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin and holder.stdout
        holder.stdout.readline()
        yield
        holder.stdin.close()


class Disk:
    """A folder that nothing more fits into until `make_room`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        self.kind = "a tmpfs of 64 kB" if self._mount("size=64k", "tmpfs") else "a file in the folder's place"
        if not self.is_disk:
            # Who may not mount a small disk: a folder that can't be one.
            folder.rmdir()
            folder.touch()

    def _mount(self, options: str, *what: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, *what, str(self._folder)]
        return subprocess.run(command, capture_output=True).returncode == 0

    @property
    def is_disk(self) -> bool:
        return self.kind.startswith("a tmpfs")

    def make_room(self) -> None:
        if self.is_disk:
            assert self._mount("remount,size=64m")
        else:
            self._folder.unlink()

    def close(self) -> None:
        if self.is_disk:
            subprocess.run(["umount", str(self._folder)], check=True)


class Network:
    """A way to a port on which everything stands still while it is cut, with no word to either side."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._flows = asyncio.Event()
        self._flows.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        self._flows.clear()

    def restore(self) -> None:
        self._flows.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await self._flows.wait()
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            await asyncio.gather(self._copy(reader, back), self._copy(there, writer))
        finally:
            writer.close()
            back.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while block := await reader.read(BLOCK_BYTES):
                await self._flows.wait()
                writer.write(block)
                await writer.drain()
        writer.close()


def recognisers(worker: Restartable) -> list[psutil.Process]:
    """The worker's children are the fork server and its resource tracker; theirs recognise, or measure behind
    all others in the queue for the processor.
    """
    assert worker.process is not None
    family = psutil.Process(worker.process.pid)
    working = set(family.children(recursive=True)) - set(family.children())
    return [child for child in working if child.nice() == family.nice()]

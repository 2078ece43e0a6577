"""Real processes for tests: the server and Redis, each with its own folder and port, ended for sure."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60.0
RECRUITER = "recruiter"
Created = dict[str, Any]
"""What `create_interview --json` prints of an interview."""
PASSWORD = "a long password"


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """The condition's first true value; polls, and fails with `what` when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def needed(program: str, package: str) -> str:
    found = shutil.which(program)
    assert found, f"{program} is missing: apt-get install {package}"
    return found


@dataclass
class Site:
    """One installation: a data folder that any number of server processes share."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {"DATA_DIR": str(self.folder), "SITE_URL": self.url, "PYTHONPATH": str(ROOT)}
        own["SPEECH_SLOTS_DIRECTORY"] = str(self.folder / "slots")
        return {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.support.site_settings", **own, **self.settings}

    def manage(self, *command: str) -> str:
        arguments = [sys.executable, str(ROOT / "manage.py"), *command]
        done = subprocess.run(arguments, env=self.environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_interview(self, *questions: str, **options: str) -> Created:
        (created,) = self.create_interviews(1, *questions, **options)
        return created

    def create_interviews(self, count: int, *questions: str, **options: str) -> list[Created]:
        """Many in one process: each start of one costs a second."""
        # Nothing is recorded by itself, unless a test wants it.
        named = {"title": "Developer", "candidate": "Alex Example", "think-seconds": "0", **options}
        arguments = [f"--{name}={value}" for name, value in named.items()]
        asked = [f"--question={question}" for question in questions or ("Why you?",)]
        command = ["create_interview", *arguments, *asked, "--json"]
        code = (
            "from django.core.management import call_command\n"
            f"for _ in range({count}): call_command(*{command!r})"
        )
        return [json.loads(line) for line in self.run_code(code).splitlines()]

    def create_recruiters(self, *names: str, **fields: Any) -> None:
        """Who see what is theirs, unless `fields` say more."""
        code = (
            "from django.contrib.auth import get_user_model\n"
            f"for name in {names!r}: get_user_model().objects.create_user("
            f"name, password={PASSWORD!r}, **{fields!r})"
        )
        self.run_code(code)

    def run_code(self, code: str) -> str:
        """What it prints, in a process of its own."""
        return self.manage("shell", "-v0", "-c", code)

    def by_port(self, address: str, port: int) -> str:
        """The same address at a server on another port."""
        return address.replace(f":{self.port}/", f":{port}/")

    @contextmanager
    def serve(
        self, port: int | None = None, application: str = "interview_project.asgi", **settings: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Daphne on this site's port, or on another one beside it."""
        port = port or self.port
        command = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
        origins = {"ALLOWED_ORIGINS": f"{self.url},http://127.0.0.1:{port}"}
        with running(
            [*command, f"{application}:application"],
            log=self.folder / f"daphne-{port}.log",
            env={**self.environment, **origins, **settings},
        ) as process:
            wait_until(lambda: answers(port), f"Daphne on port {port}; see {self.folder}")
            yield process

    @contextmanager
    def transcriber(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, str(ROOT / "manage.py"), "transcriber"]
        environment = {**self.environment, **settings}
        with running(command, log=self.folder / "transcriber.log", env=environment) as process:
            yield process


def new_site(folder: Path, **settings: str) -> Site:
    """One with a recruiter, RECRUITER."""
    site = Site(folder, settings)
    if "DATABASE_URL" in settings:
        _prepare(site)
    else:
        shutil.copytree(_prepared_folder().name, folder, dirs_exist_ok=True)
    return site


@cache
def _prepared_folder() -> TemporaryDirectory[str]:
    """Made once, as it takes seconds."""
    folder = TemporaryDirectory()
    _prepare(Site(Path(folder.name)))
    return folder


def _prepare(site: Site) -> None:
    site.manage("migrate", "-v0")
    site.create_recruiters(RECRUITER, first_name="Robin", is_staff=True, is_superuser=True)


@contextmanager
def running(
    command: list[str], *, log: Path, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def redis_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis that keeps nothing on disk: killed and started again it is empty."""
    program = needed("redis-server", "redis-server")
    options = ["--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with running([program, *options], log=folder / f"redis-{port}.log") as process:
        wait_until(lambda: answers(port), f"Redis on port {port}")
        yield process


@contextmanager
def postgres_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A PostgreSQL that syncs as in production: killed and started again it has what it committed.

    `postgres_url` is its address; in the folder is its socket, too.
    """
    data = folder / "postgres"
    if not data.exists():
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, "postgres", "postgres")
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [*_postgres("initdb"), "-D", str(data), *options], check=True, stdout=subprocess.DEVNULL
        )
    options = ["-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    with running([*_postgres("postgres"), *options], log=folder / f"postgres-{port}.log") as process:
        ready = [*_postgres("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait_until(lambda: subprocess.run(ready).returncode == 0, f"PostgreSQL on port {port}; see {folder}")
        try:
            yield process
        finally:
            # Ends without waiting for whoever is connected.
            process.send_signal(signal.SIGINT)


def postgres_url(port: int, address: str = "127.0.0.1") -> str:
    return f"postgres://postgres@{address}:{port}/postgres"


def said_on_postgres(folder: Path, module: str) -> str:
    """What `main` of a module of tests.support prints on a site on PostgreSQL, in a process of its own."""
    port = free_port()
    (folder / "data").mkdir()
    with postgres_server(folder, port):
        site = new_site(folder / "data", DATABASE_URL=postgres_url(port))
        return site.run_code(f"from tests.support.{module} import main; main()")


def _postgres(program: str) -> list[str]:
    """The command; root, whom PostgreSQL refuses, runs it as its user, who may enter folders of root's."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [
        Path(needed(program, "postgresql")).parent
    ]
    if os.geteuid() != 0:
        return [str(folders[-1] / program)]
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return ["setpriv", *user, *rights, str(folders[-1] / program)]

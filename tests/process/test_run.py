"""The one command: it serves, prints its links, and ends as a whole."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from tests.support.servers import ROOT, Site, answers, running, wait_until


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_the_demo_until_it_is_ended(tmp_path: Path, ending: signal.Signals) -> None:
    site, log = Site(tmp_path), tmp_path / "run.log"
    command = [sys.executable, str(ROOT / "manage.py"), "run", "--port", str(site.port)]

    with running(command, log=log, env=site.environment) as process:
        wait_until(lambda: "Ctrl-C" in log.read_text(), f"links; see {log}")
        family = psutil.Process(process.pid).children(recursive=True)
        links = dict(re.findall(r"(Candidate|Dashboard|Admin) +(http\S+)", log.read_text()))
        pages = {name: urlopen(link).read().decode() for name, link in links.items()}
        process.send_signal(ending)
        process.wait(20)

    assert set(pages) == {"Candidate", "Dashboard", "Admin"}
    assert "Alex Example" in pages["Candidate"]
    assert process.returncode == 0
    wait_until(lambda: not any(child.is_running() for child in family), "all children ended", 10)
    assert "Traceback" not in log.read_text()


def test_it_keeps_the_demo_and_its_link_for_the_next_start(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.manage("migrate", "-v0")

    assert site.manage("demo") == site.manage("demo")


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path, server: object, site: Site) -> None:
    assert answers(site.port)
    command = [sys.executable, str(ROOT / "manage.py"), "run", "--port", str(site.port)]

    done = subprocess.run(command, env=site.environment, capture_output=True, text=True)

    assert done.returncode == 1
    assert f"Port {site.port} is taken" in done.stderr
    assert "Traceback" not in done.stderr

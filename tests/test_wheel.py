"""The wheel, away from this repository, in a site with the settings that the documents show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.support.servers import ROOT

# What a page, a style sheet and a translation come from.
PROGRAM = """
import json
from urllib.parse import urlsplit
import django
django.setup()
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.test import Client
from django.utils import translation
from interviews import links
from interviews.services import interviews
named = {"title": "Developer", "candidate_name": "Alex", "questions": ["Why you?"]}
interview, token = interviews.create_interview(**named)
with translation.override("de"):
    page = Client().get(urlsplit(links.candidate_url(token)).path)
names = "interviews/session/join.html", "admin/interviews/interview/change_form.html"
print(json.dumps({
    "status": page.status_code,
    "text": page.content.decode(),
    "templates": [get_template(name).origin.name for name in names],
    "style": finders.find("interviews/css/base.css"),
}))
"""

# What no wheel brings along, or by an extra alone, is kept away. The fork server has `preload` for itself.
WITHOUT_EXTRAS = """
import importlib, json, pkgutil, sys
missing = ["azure.cognitiveservices", "matplotlib", "psycopg", "psycopg_pool", "redis", "channels_redis"]
missing += ["daphne", "twisted", "csp", "servestatic", "dj_database_url", "onnxruntime"]
sys.modules.update(dict.fromkeys(missing))
import django
django.setup()
import interviews, speech
failed = []
for package in interviews, speech:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        try:
            module.name.endswith(".preload") or importlib.import_module(module.name)
        except ImportError:
            failed.append(module.name)
print(json.dumps(failed))
"""


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".", cwd=ROOT)
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def packages(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    run("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(wheel), cwd=folder)
    return folder


@pytest.fixture
def site(packages: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a site that consists of its settings alone, in an empty folder."""
    text = (ROOT / "docs" / "embedding.md").read_text()
    [settings] = re.findall(r"```python\n(SECRET_KEY.*?)```", text, re.DOTALL)
    [urls] = re.findall(r"in `site_urls.py`:\n\n```python\n(.*?)```", text, re.DOTALL)
    assert len(settings.splitlines()) == 10
    (tmp_path / "site_settings.py").write_text(settings)
    (tmp_path / "site_urls.py").write_text(urls)
    return {"PYTHONPATH": f"{packages}{os.pathsep}{tmp_path}", "DJANGO_SETTINGS_MODULE": "site_settings"}


def kept(folder: str, within: str = ".") -> set[str]:
    """The names in a wheel of what is in a folder of the repository."""
    paths = [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {str(Path(within) / path.relative_to(ROOT)) for path in paths}


def test_it_has_both_apps_with_all_that_is_theirs_and_nothing_else(wheel: Path) -> None:
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert names == {
        *kept("interviews"),
        *kept("speech"),
        *kept("static/interviews", within="interviews"),
        *kept("templates/interviews", within="interviews"),
        *kept("templates/admin/interviews", within="interviews"),
    }


def test_a_site_of_ten_lines_starts_with_it_and_shows_its_pages(
    site: dict[str, str], packages: Path, tmp_path: Path
) -> None:
    checked = run("-m", "django", "check", "--fail-level", "WARNING", cwd=tmp_path, **site)
    run("-m", "django", "migrate", "--verbosity", "0", cwd=tmp_path, **site)
    seen = json.loads(run("-c", PROGRAM, cwd=tmp_path, **site))

    assert checked == "System check identified no issues (0 silenced).\n"
    assert seen["status"] == 200
    assert "Willkommen" in seen["text"]
    assert {Path(found).is_relative_to(packages) for found in (*seen["templates"], seen["style"])} == {True}


def test_extras_are_missed_by_nothing_but_what_they_are_for(site: dict[str, str], tmp_path: Path) -> None:
    failed = json.loads(run("-c", WITHOUT_EXTRAS, cwd=tmp_path, **site))

    assert failed == ["speech.backends.azure.sdk", "speech.plot"]


def test_what_it_needs_agrees_with_what_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    text = "".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-moonshine.txt"))
    lines = re.findall(r"^([\w.-]+)(\[.*\])?==([\w.]+)(?: \\)?$", text, re.MULTILINE)
    pinned = {name.lower(): version for name, _, version in lines}

    wanted = [Requirement(line) for line in named]
    assert len(wanted) > 10
    assert [str(one) for one in wanted if not one.specifier.contains(pinned[one.name])] == []

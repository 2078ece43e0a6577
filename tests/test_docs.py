"""What the documents show, done."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.media import encode
from tests.support.servers import ROOT, new_site
from tests.support.voices import STABLE_SENTENCES, as_said, read_pcm, speak


def test_the_client_in_the_protocol_document_answers_an_interview(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "protocol.md").read_text()
    program = tmp_path / "client.py"
    program.write_text(re.findall(r"```python\n(.*?)```", document, re.DOTALL)[0])
    wav = speak(STABLE_SENTENCES[3])
    webm = tmp_path / "second.webm"
    webm.write_bytes(encode(read_pcm(speak(STABLE_SENTENCES[4])), "webm"))

    site = new_site(tmp_path)
    with site.serve():
        link = site.create_interview("Why you?", "And else?")["candidate_url"]
        done = subprocess.run(
            [sys.executable, str(program), link, str(wav), str(webm)],
            capture_output=True,
            text=True,
            timeout=120,
        )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    texts = [
        as_said(line.removeprefix("transcription ")) for line in lines if line.startswith("transcription ")
    ]
    assert {STABLE_SENTENCES[3], STABLE_SENTENCES[4].replace("six", "")} <= {
        *texts,
        *(t.replace("six", "") for t in texts),
    }
    assert lines[-1].startswith("interview_complete")


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def anchors(document: Path) -> set[str]:
    """Of its headings, as they are linked to."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_everything_that_is_linked_is_there(document: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]+))?\)", document.read_text())
    there = [(document.parent / path if path else document, anchor) for path, anchor in links]

    assert [path for path, _ in there if not path.exists()] == []
    assert [(path.name, anchor) for path, anchor in there if anchor and anchor not in anchors(path)] == []


@pytest.mark.parametrize("document", [*documents(), ROOT / "Makefile"], ids=lambda path: path.name)
def test_what_make_is_asked_for_it_knows(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) | set(
        re.findall(r"^CHECKS := (.*)$", makefile, re.MULTILINE)[0].split()
    )

    asked = re.findall(r"(?:^# ?|^|`|, )make ([a-z][a-z-]*)", document.read_text(), re.MULTILINE)

    assert {"run", "test", "check"} <= known
    assert set(asked) - known == set()


def test_what_contributors_are_pointed_to_is_there() -> None:
    """Paths in backticks, apart from those that hold a name of the reader's own."""
    quoted = re.findall(r"`([\w./*-]+/[\w./*-]*)`", (ROOT / "CONTRIBUTING.md").read_text())

    assert len(quoted) > 30
    assert [path for path in quoted if not list(ROOT.glob(path))] == []


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_told_of_with_its_licence() -> None:
    pinned = {
        normal(name)
        for path in ROOT.glob("requirements*.txt")
        for name in re.findall(r"^([\w.-]+)(?:\[.*\])?==", path.read_text(), re.MULTILINE)
    }
    scripts = set(json.loads((ROOT / "package.json").read_text())["devDependencies"])
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    makers = {re.split("[<>=]", requirement)[0] for requirement in built}

    rows = re.findall(
        r"^\| ([@\w./-]+) \| [^|]+ \| ([^|]+)", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE
    )
    told = [normal(name) for name, licence in rows if licence.strip() and name not in {"Package", "---"}]

    assert sorted(told) == sorted(pinned | scripts | makers)

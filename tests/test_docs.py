"""What the documents show, done."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.media import encode
from tests.support.servers import ROOT, new_site
from tests.support.voices import STABLE_SENTENCES, read_pcm, speak


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
    assert f"transcription {STABLE_SENTENCES[3]}" in lines
    assert f"transcription {STABLE_SENTENCES[4]}" in lines
    assert lines[-1].startswith("interview_complete")


def test_every_document_that_is_linked_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(((?!http)[^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} → {target}"

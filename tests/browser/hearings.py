"""What the microphone gave to a page beside what the server has stored of it: each lost sample shows."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path
from typing import Any

import av
from playwright.sync_api import BrowserContext

from tests.support.servers import Site, wait_until

SCRIPT = (Path(__file__).parent / "hearing.js").read_text()
CHUNK_BYTES = 3200
# Chunks that come while a recording is being begun belong to nobody.
HEAD_CHUNKS = 10
UNHEARD_CHUNKS = 3


class Hearings:
    """Follows every microphone that is opened in the context from now on."""

    def __init__(self, context: BrowserContext) -> None:
        self._heard: dict[float, list[bytes]] = {}
        context.expose_binding("heard", self._take)
        context.add_init_script(SCRIPT)

    def _take(self, source: dict[str, Any], name: float, chunk: str) -> None:
        self._heard.setdefault(name, []).append(base64.b64decode(chunk))

    def __getitem__(self, number: int) -> list[bytes]:
        return list(self._heard.values())[number]

    def __len__(self) -> int:
        return len(self._heard)


def stored(site: Site, interview_id: str) -> bytes:
    """The PCM of the interview's first answer, once it is a file."""
    query = (
        "SELECT audio FROM interviews_answer JOIN interviews_question AS question"
        " ON question_id = question.id WHERE audio != '' AND interview_id = ? ORDER BY question.position"
    )

    def name() -> str | None:
        with sqlite3.connect(site.folder / "db.sqlite3") as database:
            found = database.execute(query, [interview_id.replace("-", "")]).fetchone()
        return found and str(found[0])

    path = site.folder / "media" / wait_until(name, "the answer's audio file")
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return b"".join(frame.tobytes() for frame in frames)


def lost_chunks(audio: bytes, *hearings: list[bytes]) -> list[int]:
    """How many chunks at the end of each hearing are missing in `audio`, which has to be nothing but the
    hearings one after the other, sample for sample.
    """
    known = {chunk for heard in hearings for chunk in heard}
    rest = [audio[start : start + CHUNK_BYTES] for start in range(0, len(audio), CHUNK_BYTES)]
    lost = []
    for heard in hearings:
        start = max(range(HEAD_CHUNKS), key=lambda start: _matching(rest, heard[start:]))
        count = _matching(rest, heard[start:])
        assert count, "what is stored is not what the microphone gave"
        lost.append(len(heard) - start - count)
        del rest[:count]
        # A page that is killed can't tell the test of its last moments, though it had sent or kept them.
        unheard = next((n for n, chunk in enumerate(rest) if chunk in known), len(rest))
        assert unheard <= UNHEARD_CHUNKS, "more is stored than the microphone gave"
        del rest[:unheard]
    assert not rest, "something is stored twice"
    return lost


def _matching(chunks: list[bytes], heard: list[bytes]) -> int:
    pairs = zip(chunks, heard, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(chunks), len(heard)))

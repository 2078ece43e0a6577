"""What became of an answer: the rows and the audio file against what the candidate said and was told."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import av

from tests.chaos.candidate import Candidate
from tests.support.answers import text_of
from tests.support.observing import rows
from tests.support.servers import Site, wait_until
from tests.support.tallies import Tally

# A transcriber waits for leases to run out, several times where it is killed itself.
SETTLED_SECONDS = 90.0


class Stored(NamedTuple):
    """A take's row, and how many chunks of it are left."""

    id: str
    status: str
    text: str
    audio: str
    handed_over_at: Any
    epoch: int
    chunks: int


class Segment(NamedTuple):
    place: int
    text: str
    start_ms: int
    end_ms: int


def takes(site: Site, question_id: str) -> list[Stored]:
    query = (
        "SELECT a.id, a.status, a.text, a.audio, a.handed_over_at, a.epoch,"
        " (SELECT COUNT(*) FROM interviews_audiochunk WHERE answer_id = a.id)"
        " FROM interviews_answer a WHERE a.question_id = ? ORDER BY a.take"
    )
    return [Stored(*row) for row in rows(site, query, UUID(question_id).hex)]


def segments(site: Site, answer_id: str) -> list[Segment]:
    query = (
        'SELECT "index", text, start_ms, end_ms FROM interviews_segment WHERE answer_id = ? ORDER BY "index"'
    )
    return [Segment(*row) for row in rows(site, query, UUID(answer_id).hex)]


def settled(site: Site, question_id: str) -> Stored:
    """The answer once it is complete, its audio a file, and handed over."""
    (answer, *others) = wait_until(
        lambda: (found := takes(site, question_id)) and found[-1].handed_over_at and found,
        f"the answer to question {question_id} is handed over: {takes(site, question_id)}",
        SETTLED_SECONDS,
    )
    assert (answer.status, answer.chunks, others) == ("complete", 0, [])
    return answer


def pcm_of(path: Path) -> bytes:
    """A FLAC file's samples, by a reader that isn't the product's."""
    with av.open(str(path)) as container:
        (stream,) = container.streams
        assert isinstance(stream, av.AudioStream)
        assert (stream.rate, stream.channels) == (16_000, 1)
        return b"".join(frame.to_ndarray().astype("<i2").tobytes() for frame in container.decode(stream))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def judge(tally: Tally, candidate: Candidate, *, text: str | None = None) -> Stored:
    """`text` is that of the undisturbed run; without, what a scripted recogniser makes of the audio."""
    answer = settled(candidate.site, candidate.question_id)
    stored = pcm_of(candidate.site.folder / "media" / answer.audio)
    said = segments(candidate.site, answer.id)
    expected = text_of(candidate.audio) if text is None else text
    tally.acked += candidate.acked
    tally.lost += max(candidate.forgotten, _differing(candidate, stored))
    tally.different += (answer.text, stored) != (expected, candidate.audio)
    tally.doubled += _doubled(said)
    assert " ".join(segment.text for segment in said) == answer.text
    return answer


def note_resumed(tally: Tally, candidates: Iterable[Candidate]) -> None:
    """From the loss of a connection to the first chunk that is acknowledged after it."""
    tally.resumes += [seconds for candidate in candidates for seconds in candidate.resumes]


def note_resumed_since(tally: Tally, back: float, candidates: Iterable[Candidate]) -> None:
    """From the return of what was away to the first chunk that is acknowledged then."""
    tally.resumes += [min(at for at in c.advances if at > back) - back for c in candidates]


def _differing(candidate: Candidate, stored: bytes) -> int:
    """How many of the acknowledged chunks aren't in the stored audio, sample by sample in their place."""
    start = lost = 0
    for chunk in candidate.chunks[: candidate.acked]:
        lost += stored[start : start + len(chunk)] != chunk
        start += len(chunk)
    return lost


def _doubled(said: Sequence[Segment]) -> int:
    """Segments that have another one's index, or time."""
    again = sum(later.start_ms < earlier.end_ms for earlier, later in itertools.pairwise(said))
    return again + sum(segment.place != place for place, segment in enumerate(said))

"""Writes what a long answer has so far to a site's rows, in a process of its own."""

from __future__ import annotations

import sys

import django

django.setup()

# What follows reads settings and models, which are there only now.
from benchmarks.reconnect import CHUNK_SECONDS, chunks_for  # noqa: E402
from interviews.models import Answer, AudioChunk, Segment  # noqa: E402
from speech.events import SAMPLE_RATE  # noqa: E402

FINAL_SECONDS = 5
# What was said since the last final.
OPEN_SECONDS = 3
WORDS = 4


def main(encoding: str, minutes: int) -> None:
    answer = Answer.objects.order_by("started_at").last()
    assert answer is not None
    count = round(60 * minutes / CHUNK_SECONDS)
    chunks = enumerate(chunks_for(encoding, minutes)[1:count], start=1)
    AudioChunk.objects.bulk_create(
        (AudioChunk(answer=answer, index=index, data=data) for index, data in chunks), batch_size=1000
    )
    starts = range(0, 60 * minutes - FINAL_SECONDS - OPEN_SECONDS, FINAL_SECONDS)
    Segment.objects.bulk_create(_segment(answer, *each) for each in enumerate(starts))


def _segment(answer: Answer, index: int, start: int) -> Segment:
    start_ms, end_ms = 1000 * start, 1000 * (start + FINAL_SECONDS)
    times = range(start_ms, end_ms, (end_ms - start_ms) // WORDS)[:WORDS]
    words = [{"word": "word", "start_ms": at, "end_ms": at + 300, "confidence": 0.9} for at in times]
    return Segment(
        answer=answer,
        index=index,
        revision=0,
        text=" ".join(["word"] * WORDS),
        start_ms=start_ms,
        end_ms=end_ms,
        words=words,
        recogniser="scripted-1",
        resume={"offset_samples": (start + FINAL_SECONDS) * SAMPLE_RATE, "state": {}},
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

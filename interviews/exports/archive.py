"""Several files as one: a ZIP of an interview's subtitles, or of whole interviews with their audio."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterable
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.db.models.fields.files import FieldFile

from interviews.exports.captions import FORMATS, cues
from interviews.exports.document import document
from interviews.exports.names import answer_name, interview_name
from interviews.exports.record import Record, load
from interviews.exports.text import text
from interviews.models import Answer, Interview

BLOCK_BYTES = 64 * 1024


def captions(record: Record, kind: str) -> dict[str, str]:
    """A file for each answer that counts and was said aloud: each has times of its own."""
    write = FORMATS[kind]
    return {f"{answer_name(asked, take)}.{kind}": write(cues(take.passages)) for asked, take in record.spoken}


def zipped(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def write_archive(file: IO[bytes], interviews: Iterable[Interview], *, audio: bool) -> None:
    """A folder for each, read and written one after the other. No notes are in it."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for interview in interviews:
            _add(archive, load(interview), audio=audio)


def _add(archive: ZipFile, record: Record, *, audio: bool) -> None:
    folder = interview_name(record.interview)
    whole = json.dumps(document(record), ensure_ascii=False, indent=2)
    files = {"transcript.txt": text(record), "interview.json": whole, **captions(record, "vtt")}
    for name, content in files.items():
        archive.writestr(f"{folder}/{name}", content)
    for asked, take in record.spoken if audio else []:
        if take.answer.audio:
            _copy(archive, take.answer.audio, f"{folder}/{answer_name(asked, take)}.flac")


def _copy(archive: ZipFile, audio: FieldFile, name: str) -> None:
    """As it is: FLAC doesn't get smaller."""
    entry = ZipInfo(name, time.localtime()[:6])
    entry.compress_type = ZIP_STORED
    with audio.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, BLOCK_BYTES)


def audio_bytes(interviews: Iterable[Interview]) -> int:
    """How much sound an archive of them would hold."""
    answers = Answer.objects.filter(question__interview__in=interviews).exclude(audio="")
    return sum(answer.audio.size for answer in answers.only("audio"))

"""A recorded answer's audio: as it came, in chunks, until one FLAC file takes their place."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import F

from interviews.database import Lane, in_database, in_lane, run_in
from interviews.errors import StaleEpoch, code_of
from interviews.media import files_in
from interviews.models import Answer, audio_folder
from interviews.processing.chunks import ChunkReader, PartedAudio, after
from interviews.services import answers
from speech.audio import Peaks, read_pcm, write_flac
from speech.exceptions import AudioError

logger = logging.getLogger(__name__)


def parted_audio(answer: Answer) -> PartedAudio:
    """All of a recorded answer's chunks, read from the rows."""
    count = answer.next_chunk_index()
    chunks = ChunkReader(answer.pk, durable=count)
    chunks.end(count)
    return PartedAudio(chunks, answer.parts.all())


async def stored_pcm(answer: Answer, after_samples: int = 0) -> AsyncGenerator[bytes]:
    """16 kHz mono 16-bit after so many samples, from its file if it has one, else from its chunks.

    Close it (`aclosing`). Raises AudioError, SpeechError, OSError and ChunksGone.
    """
    if not answer.audio:
        audio = await in_database(parted_audio, answer)
        async with aclosing(audio.pcm(after_samples)) as pcm:
            async for block in pcm:
                yield block
        return
    with await run_in(Lane.FILES, answer.audio.open)("rb") as file:
        async with aclosing(read_pcm(file)) as whole, aclosing(after(after_samples, whole)) as pcm:
            async for block in pcm:
                yield block


async def store_audio(answer: Answer) -> None:
    """One FLAC file takes the place of the chunks. Raises StaleEpoch or ChunksGone if another was faster.

    Audio that can't be decoded stays as its chunks, and its damage says so. Raises OSError too.
    """
    if not await in_database(_is_without_file, answer):
        return
    audio = await in_database(parted_audio, answer)
    peaks = Peaks()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.flac"
        try:
            async with aclosing(audio.pcm()) as pcm, aclosing(peaks.heard(pcm)) as heard:
                await write_flac(heard, path)
        except AudioError as problem:
            logger.exception("answer %s: its audio can't be stored as a file; the chunks are kept", answer.pk)
            damage = [{"at_ms": 0, "code": str(code_of(problem)), "doubts": []}]
            await in_database(Answer.objects.filter(pk=answer.pk, epoch=answer.epoch).update, damage=damage)
            return
        damage = [part.damage for part in audio.parts if not part.agrees]
        if damage:
            logger.error(
                "answer %s: its file is not all that came in; the chunks are kept: %s", answer.pk, damage
            )
        await in_database(store_file, answer, path, peaks.result, damage)


def _is_without_file(answer: Answer) -> bool:
    recorded = Answer.objects.ended().filter(kind=Answer.Kind.VOICE, audio="")
    return recorded.filter(pk=answer.pk, epoch=answer.epoch).exists()


@in_lane(Lane.FILES)
def store_file(answer: Answer, path: Path, peaks: bytes, damage: Sequence[dict[str, Any]] = ()) -> None:
    """Whoever has the answer writes a file of their own, so that nobody touches one that the row names."""
    storage = Answer._meta.get_field("audio").storage
    name = _file_name(answer, answer.epoch)
    try:
        with path.open("rb") as flac:
            name = storage.save(name, File(flac))
        _sync(storage, name)
        _name_file(answer, name, peaks, damage)
    except (OSError, StaleEpoch):
        # Of what found no room, half may be there. After a problem with the database it stays: the row
        # may name it.
        _remove(storage, name)
        raise
    _delete_others(storage, answer, name)


def _delete_others(storage: Storage, answer: Answer, name: str) -> None:
    """Those who had it before us may have died in the middle of theirs."""
    for other in files_in(storage, audio_folder(answer.question.interview_id)):
        if str(answer.pk) in other and other != name:
            _remove(storage, other)


def _remove(storage: Storage, name: str) -> None:
    """Nothing waits for it to be gone: what can't be deleted now goes with the interview."""
    try:
        storage.delete(name)
    except Exception:
        logger.exception("%s is in nobody's use, and can't be deleted", name)


def _sync(storage: Storage, name: str) -> None:
    """The chunks go when the file is on the disk, rather than on its way there."""
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        # Storage elsewhere answers for what it has accepted.
        return
    for each in (path, path.parent):
        fd = os.open(each, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _file_name(answer: Answer, epoch: int) -> str:
    return f"{audio_folder(answer.question.interview_id)}/{answer.pk}-{epoch}.flac"


@transaction.atomic
def _name_file(answer: Answer, name: str, peaks: bytes, damage: Sequence[dict[str, Any]]) -> None:
    """From now on the file holds the audio; if it holds all of it, the chunks go.

    Raises StaleEpoch if somebody else has the answer or did it.
    """
    unnamed = Answer.objects.filter(pk=answer.pk, epoch=answer.epoch, audio="")
    if not unnamed.update(audio=name, peaks=peaks, damage=list(damage)):
        raise StaleEpoch
    if damage:
        # What the file lacks may still be had from them.
        return
    _delete_chunks(answer)


@in_lane(Lane.FILES)
def delete_failed(answer: Answer) -> None:
    """The audio of a take that failed or was given up. Raises StaleEpoch if somebody else has it."""
    with transaction.atomic():
        failed = Answer.objects.filter(pk=answer.pk, epoch=answer.epoch, status=Answer.Status.FAILED)
        if not failed.select_for_update().exists():
            raise StaleEpoch
        _delete_chunks(answer)


def _delete_chunks(answer: Answer) -> None:
    counted = F("received_bytes") + answers.counted_bytes(answer.chunks.all())
    Answer.objects.filter(pk=answer.pk).update(received_bytes=counted)
    answer.chunks.all().delete()
    answer.parts.all().delete()

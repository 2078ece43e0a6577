"""What an answer is owed once its audio is safe: its transcript, its audio file, measures, the hand-over.

What is done next follows from what its row lacks (`services.owing`). Each step changes the row by a
condition, so that it may be done again after whoever did it died in the middle: the effects on our rows
happen once, the hand-over at least once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from msgspec import to_builtins

from interviews.database import AWAY, in_database
from interviews.errors import Code, StaleEpoch, code_of
from interviews.media import files_in
from interviews.models import Answer, Segment, audio_folder
from interviews.orchestration import answer_completed, get_orchestrator
from interviews.processing.chunks import ChunkReader, ChunksGone, PartedAudio, after
from interviews.processing.leases import holding
from interviews.processing.measuring import measuring
from interviews.services import answers, owing
from interviews.services.changes import Change
from interviews.services.owing import Missing
from interviews.wire.metrics import shared_metrics
from speech import Ended, Event, Final, Resume, open_stream
from speech.audio import Peaks, read_pcm, write_flac
from speech.backends import get_backend
from speech.exceptions import AudioError, CapacityExceeded
from speech.metrics import Measures, WeightedMean, unavailable
from speech.transcription import recognise

logger = logging.getLogger(__name__)

Step = Callable[[Answer], Awaitable[None]]


def _tell_nobody(change: Change) -> None:
    """Its pages see it in the rows."""


async def settle(answer: Answer, tell: Callable[[Change], None] = _tell_nobody) -> None:
    """Does what an answer that is ours is owed, but for its transcript, for which a transcriber has the time.

    `tell` is called with what changes for its pages. Raises nothing: what fails is due again later, and what
    nobody could do now is for whoever is first.
    """
    await work_off(answer, {**LIVE_STEPS, Missing.MEASURES: partial(measure, tell=tell)})


async def settle_chosen(answer: Answer) -> None:
    """A take counts from now on. Whoever still works on it hands it over; nobody does if it is settled."""
    if await in_database(owing.take, answer):
        await settle(answer)


async def work_off(answer: Answer, steps: Mapping[Missing, Step]) -> bool:
    """Takes one step after another until it lacks nothing, or nothing that `steps` can do.

    False if its recogniser has no place for it now.
    """
    taken: set[Missing] = set()
    try:
        async with holding(answer):
            while (missing := await in_database(_first_of, steps, answer)) is not None:
                if missing in taken:
                    raise RuntimeError(f"{missing.value} was done, and is missing all the same")
                taken.add(missing)
                await steps[missing](answer)
        await in_database(owing.leave, answer)
    except CapacityExceeded:
        # Live answers come first.
        await in_database(owing.wait, answer)
        return False
    except (StaleEpoch, ChunksGone):
        logger.info("answer %s was taken over", answer.pk)
    except AWAY:
        # Whoever comes when the lease has run out finds out what is missing.
        logger.warning("answer %s: the database is away; what it is owed is tried again later", answer.pk)
    except Exception as problem:
        logger.exception("answer %s is still owed something; it is tried again later", answer.pk)
        with suppress(*AWAY):
            await in_database(owing.put_off, answer, problem)
    return True


def _first_of(steps: Mapping[Missing, Step], answer: Answer) -> Missing | None:
    return next((missing for missing in owing.what_is_missing(answer) if missing in steps), None)


def parted_audio(answer: Answer) -> PartedAudio:
    """All of a recorded answer's chunks, read from the rows."""
    count = answer.next_chunk_index()
    chunks = ChunkReader(answer.pk, durable=count)
    chunks.end(count)
    return PartedAudio(chunks, answer.parts.all())


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
        storage.delete(name)
        raise
    _delete_others(storage, answer, name)


def _delete_others(storage: Storage, answer: Answer, name: str) -> None:
    """Those who had it before us may have died in the middle of theirs."""
    for other in files_in(storage, audio_folder(answer.question.interview_id)):
        if str(answer.pk) in other and other != name:
            storage.delete(other)


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


async def measure(answer: Answer, tell: Callable[[Change], None] = _tell_nobody) -> None:
    """The measures of a complete answer whose end did not wait for them, or whose transcript came later.

    Raises SpeechError, OSError, and StaleEpoch or ChunksGone if somebody else has taken the answer over.
    """
    try:
        measures, _ = await _measured(answer)
    except (AudioError, FileNotFoundError) as problem:
        logger.warning("answer %s can't be measured: %s", answer.pk, type(problem).__name__)
        measures = unavailable()
    tell(await in_database(answers.store_measures, answer, measures))


async def _measured(answer: Answer) -> tuple[Measures, bytes]:
    """From its stored audio, with its peaks."""
    segments = await in_database(list, answer.segments.all())
    peaks = Peaks()
    async with (
        measuring(answer.question.interview, segments) as measured,
        aclosing(stored_pcm(answer)) as pcm,
        aclosing(peaks.heard(pcm)) as heard,
    ):
        async for block in heard:
            await measured.hear(block)
        return await measured.final() or unavailable(), peaks.result


def hand_over(answer_id: UUID) -> None:
    """Tells the orchestrator and the signal of a complete answer that counts for good.

    What raises is owed and tried again.
    """
    owed = Answer.objects.to_hand_over().filter(pk=answer_id)
    answer = owed.select_related("question__interview").first()
    if answer is None:
        return
    question = answer.question
    metrics = shared_metrics(answer)
    measured = None if metrics is None else to_builtins(metrics)
    get_orchestrator().handle_voice_answer(
        question.interview, question, answer, answer.audio or None, answer.text, measured
    )
    answer_completed.send(sender=Answer, answer=answer)
    Answer.objects.filter(pk=answer_id).update(handed_over_at=timezone.now())


# What nobody is working on any more


async def work_off_one() -> bool:
    """Claims one answer that is owed something and does it; False if nothing can be done now.

    While this machine's recognisers are busy with live answers, no transcript is begun.
    """
    is_busy = get_backend().is_busy()
    answer = await in_database(claim, transcripts=not is_busy)
    return answer is not None and await work_off(answer, STEPS_WHILE_BUSY if is_busy else STEPS)


def claim(*, transcripts: bool = True) -> Answer | None:
    """Takes one owed answer over for the time of a lease, by a condition that only one can meet."""
    due = Answer.objects.due()
    return owing.take_first(due if transcripts else due.exclude(status=Answer.Status.PENDING))


async def end_abandoned(answer: Answer) -> None:
    """Its candidate did not come back, or whoever was finishing it died: it ends with what is there."""
    code = Code.STT_FAILED
    if answer.status == Answer.Status.RECORDING:
        logger.info("answer %s: its candidate did not come back", answer.pk)
        await in_database(answers.finish_recording, answer)
        code = Code.TIMEOUT
    if await in_database(answer.chunks.exists):
        await in_database(answers.owe_transcript, answer, code, None)
    else:
        await in_database(answers.fail_answer, answer, Code.AUDIO_TOO_SHORT)


async def transcribe_answer(answer: Answer) -> None:
    """The owed transcript, from the last final on. Audio that can't be read fails the answer.

    Its measures stay owed: to take them first would keep a recogniser waiting, and the text with it.
    Raises CapacityExceeded or another SpeechError, OSError, and StaleEpoch or ChunksGone if somebody else has
    taken the answer over.
    """
    segments = await in_database(list, answer.segments.all())
    resume = Resume(**segments[-1].resume) if segments else Resume()
    interview = answer.question.interview
    stream = open_stream(language=interview.language, resume=resume, phrases=interview.phrases)
    try:
        async with (
            aclosing(stored_pcm(answer, resume.offset_samples)) as rest,
            aclosing(recognise(stream, rest)) as events,
        ):
            await _store_transcript(answer, segments, events)
    except AudioError as problem:
        logger.info("answer %s can't be transcribed: %s", answer.pk, type(problem).__name__)
        await in_database(answers.fail_answer, answer, code_of(problem))


async def _store_transcript(answer: Answer, segments: list[Segment], events: AsyncIterator[Event]) -> None:
    """Adds to the segments that are there already."""
    confidence = WeightedMean()
    for word in chain.from_iterable(segment.spoken for segment in segments):
        confidence.add(word)
    index = len(segments)
    async for event in events:
        if isinstance(event, Final):
            await in_database(answers.add_segment, answer, index, event)
            for word in event.words:
                confidence.add(word)
            index += 1
        elif isinstance(event, Ended):
            await in_database(answers.complete_answer, answer, event.duration_ms, confidence.result, None)


async def remeasure(answer: Answer) -> None:
    """Measures its voice anew from the stored audio, and keeps that beside what it was shown with.

    What its waveform is drawn with was not kept of early answers; it is made here as well.
    Raises AudioError and OSError where the audio can't be read.
    """
    measures, peaks = await _measured(answer)
    await in_database(Answer.objects.filter(pk=answer.pk).update, peaks=peaks)
    if answer.question.interview.is_measured:
        await in_database(answers.store_remeasurement, answer, measures)


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
    with await asyncio.to_thread(answer.audio.open, "rb") as file:
        async with aclosing(read_pcm(file)) as whole, aclosing(after(after_samples, whole)) as pcm:
            async for block in pcm:
                yield block


async def _hand_over(answer: Answer) -> None:
    await in_database(hand_over, answer.pk)


async def _delete_failed(answer: Answer) -> None:
    await in_database(delete_failed, answer)


LIVE_STEPS: Mapping[Missing, Step] = {
    Missing.FILE: store_audio,
    Missing.MEASURES: measure,
    Missing.HAND_OVER: _hand_over,
}
STEPS_WHILE_BUSY: Mapping[Missing, Step] = {
    Missing.END: end_abandoned,
    Missing.DELETION: _delete_failed,
    **LIVE_STEPS,
}
STEPS: Mapping[Missing, Step] = {Missing.TRANSCRIPT: transcribe_answer, **STEPS_WHILE_BUSY}

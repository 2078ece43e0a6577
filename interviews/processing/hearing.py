"""A stored answer heard: its transcript, and what is measured of its voice."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from itertools import chain

from interviews.database import in_database
from interviews.errors import code_of
from interviews.models import Answer, Segment
from interviews.processing.audio_files import stored_pcm
from interviews.processing.measuring import measuring
from interviews.services import answers
from interviews.services.changes import Change
from speech import Ended, Event, Final, Resume, open_stream
from speech.audio import Peaks
from speech.exceptions import AudioError
from speech.metrics import Measures, WeightedMean, unavailable
from speech.transcription import recognise

logger = logging.getLogger(__name__)


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


def tell_nobody(change: Change) -> None:
    """Its pages see it in the rows."""


async def measure(answer: Answer, tell: Callable[[Change], None] = tell_nobody) -> None:
    """The measures of a complete answer whose end did not wait for them, or whose transcript came later.

    Raises SpeechError, OSError, and StaleEpoch or ChunksGone if somebody else has taken the answer over.
    """
    try:
        measures, _ = await _measured(answer)
    except (AudioError, FileNotFoundError) as problem:
        logger.warning("answer %s can't be measured: %s", answer.pk, type(problem).__name__)
        measures = unavailable()
    tell(await in_database(answers.store_measures, answer, measures))


async def remeasure(answer: Answer) -> None:
    """Measures its voice anew from the stored audio, and keeps that beside what it was shown with.

    What its waveform is drawn with was not kept of early answers; it is made here as well.
    Raises AudioError and OSError where the audio can't be read.
    """
    measures, peaks = await _measured(answer)
    await in_database(Answer.objects.filter(pk=answer.pk).update, peaks=peaks)
    if answer.question.interview.is_measured:
        await in_database(answers.store_remeasurement, answer, measures)


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

"""Stored answers transcribed again by a backend of somebody's choice.

What comes of it stands beside the transcript that people have seen. An answer that has none, since no
recogniser had the time or was there, gets this one. The rows are a queue as the answers are
(`models.owed`), worked off when no answer waits for its first transcript.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from interviews.access import Viewer
from interviews.database import DatabaseAway, in_database
from interviews.errors import Code, StaleEpoch, code_of
from interviews.models import Answer, Interview, Retranscription, from_now
from interviews.models.statuses import WITHOUT_TRANSCRIPT
from interviews.processing.audio_files import stored_pcm
from interviews.processing.leases import renewing
from interviews.processing.measuring import measuring
from interviews.processing.settling import settle
from interviews.services import answers, owing
from interviews.services.changes import lock
from speech import Ended, Final, open_stream
from speech.backends import STAND_INS, backend_class, get_recogniser
from speech.conf import conf
from speech.exceptions import AudioError, CapacityExceeded, SpeechError
from speech.metrics import Measures
from speech.transcription import recognise

logger = logging.getLogger(__name__)

ROLES = {"default", *STAND_INS}


def offered_backends() -> list[str]:
    """Those that the settings name, rather than the parts that two of them play."""
    names = [alias for alias in conf.SPEECH_BACKENDS if alias not in ROLES] or ["default"]
    real = [alias for alias in names if backend_class(conf.SPEECH_BACKENDS[alias]).hears_words]
    return real or names


def request(interviews: Iterable[Interview], backend: str, by: Viewer | None = None) -> int:
    """Asks for it, for all their recordings that don't wait for the same already; how many those are."""
    recorded = Answer.objects.filter(question__interview__in=list(interviews), kind=Answer.Kind.VOICE)
    waiting = Retranscription.objects.filter(backend=backend, done_at=None)
    wanted = recorded.exclude(audio="").exclude(pk__in=waiting.values("answer"))
    asked: dict[str, Any] = {"backend": backend, "requested_by": by, "owed_at": from_now()}
    rows = [Retranscription(answer=answer, **asked) for answer in wanted]
    return len(Retranscription.objects.bulk_create(rows))


# The transcriber's side


async def retranscribe_one() -> bool:
    """Claims one and does it; False if nothing can be done now."""
    if get_recogniser().is_busy():
        return False
    row = await in_database(claim)
    if row is None:
        return False
    try:
        async with renewing(_renew_lease, row):
            await _retranscribe(row)
    except CapacityExceeded:
        # The lease is kept, so that it is tried again when it has run out.
        return False
    except StaleEpoch:
        logger.info("retranscription %s was taken over, or deleted", row.pk)
    except AudioError as problem:
        await in_database(_fail, row, code_of(problem))
    except FileNotFoundError:
        await in_database(_fail, row, Code.AUDIO_DECODING_FAILED)
    except (SpeechError, ImproperlyConfigured):
        logger.exception("retranscription %s failed", row.pk)
        await in_database(_fail, row, Code.STT_FAILED)
    except Exception as problem:
        logger.exception("retranscription %s is tried again later", row.pk)
        with suppress(DatabaseAway):
            await in_database(owing.put_off, row, problem)
    return True


@transaction.atomic
def claim() -> Retranscription | None:
    """Takes the one that has waited longest, for the time of a lease."""
    due = Retranscription.objects.due().select_related("answer__question__interview").order_by("owed_at")
    row = due.select_for_update(skip_locked=True, of=("self",)).first()
    if row is None or not Retranscription.objects.due().filter(pk=row.pk).update(owed_at=owing.lease_end()):
        return None
    return row


def _open(row: Retranscription) -> QuerySet[Retranscription]:
    return Retranscription.objects.filter(pk=row.pk, done_at=None)


def _renew_lease(row: Retranscription) -> None:
    if not _open(row).update(owed_at=owing.lease_end()):
        raise StaleEpoch


def _fail(row: Retranscription, code: Code) -> None:
    _open(row).update(failure=code, done_at=timezone.now(), owed_at=None)


@dataclass(frozen=True)
class Heard:
    """What another backend makes of an answer; `measures` is None where nothing is measured."""

    finals: Sequence[Final]
    duration_ms: int
    confidence: float | None
    measures: Measures | None


async def _retranscribe(row: Retranscription) -> None:
    heard = await hear(row.answer, row.backend)
    if await in_database(store, row, heard):
        await settle(row.answer)


async def hear(answer: Answer, backend: str) -> Heard:
    """Raises AudioError, SpeechError, and FileNotFoundError where the audio is gone."""
    interview = answer.question.interview
    # Nobody stands in: this backend was asked for.
    stream = open_stream(
        language=interview.language, backend=backend, phrases=interview.phrases, falls_back=False
    )
    finals, duration_ms = [], 0
    async with (
        measuring(interview, []) as measured,
        aclosing(stored_pcm(answer)) as pcm,
        aclosing(measured.heard(pcm)) as blocks,
        aclosing(recognise(stream, blocks)) as events,
    ):
        async for event in events:
            if isinstance(event, Final):
                finals.append(event)
                measured.add(event.words)
            elif isinstance(event, Ended):
                duration_ms = event.duration_ms
        return Heard(finals, duration_ms, measured.confidence, await measured.final())


@transaction.atomic
def store(row: Retranscription, heard: Heard) -> bool:
    """Whether it became the answer's transcript, too. Raises StaleEpoch if somebody else was faster."""
    segments = [
        {
            "text": final.text,
            "start_ms": final.start_ms,
            "end_ms": final.end_ms,
            "confidence": final.confidence,
            "words": [asdict(word) for word in final.words],
        }
        for final in heard.finals
    ]
    # As every other verb has it: the interview first.
    lock(row.answer.question.interview_id)
    done = _open(row).update(
        text=" ".join(final.text for final in heard.finals),
        segments=segments,
        recogniser=heard.finals[-1].recogniser if heard.finals else "",
        done_at=timezone.now(),
        owed_at=None,
    )
    if not done:
        raise StaleEpoch
    return _fill(row.answer, heard)


def _fill(answer: Answer, heard: Heard) -> bool:
    """Gives the answer the transcript that it has not. Whoever is still making one finds it taken over."""
    without = Answer.objects.filter(pk=answer.pk, epoch=answer.epoch, status__in=WITHOUT_TRANSCRIPT)
    changes = {"status": Answer.Status.PENDING, "epoch": F("epoch") + 1, "owed_at": owing.lease_end()}
    if not without.update(**changes):
        return False
    answer.refresh_from_db(from_queryset=Answer.objects.select_related("question__interview"))
    answer.segments.all().delete()
    for index, final in enumerate(heard.finals):
        answers.add_segment(answer, index, final)
    answers.complete_answer(answer, heard.duration_ms, heard.confidence, heard.measures)
    return True

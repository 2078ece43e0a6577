"""Answers: begun, heard, ended, owed, taken over."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Greatest, Length
from django.utils import timezone

from interviews.conf import conf
from interviews.database import Lane, in_lane
from interviews.errors import Code, InterviewError, StaleEpoch
from interviews.models import Answer, AudioChunk, AudioPart, Interview, Question, Remeasurement, Segment
from interviews.models.answers import GIVEN_UP
from interviews.models.statuses import UNDER_WAY
from interviews.services.changes import Change, lock, raise_revision, revision_of
from interviews.services.interviews import next_step_of
from interviews.services.owing import deletion_time, grace_end, lease_end, owe_hand_overs
from interviews.wire.messages import AnswerRecorded, AnswerStarted, ServerMessage
from interviews.wire.metrics import metrics_message, stored_metrics
from interviews.wire.protocol import CHUNK_MIN_COST
from interviews.wire.rows import (
    ended_messages,
    final_message,
    recorded_only_message,
    started_message,
    step_messages,
)
from speech.audio import AudioFormat
from speech.events import Final
from speech.metrics import VERSION, Measures

Status = Answer.Status
# What a take counts beside its audio: its row, and what is told of it.
TAKE_MIN_COST = 64 * 1024


@dataclass(frozen=True)
class Begun:
    """An answer that a connection has taken: what it needs to go on.

    `segments` and `parts` are those that an earlier connection left; `room_bytes` is how much more may come.
    """

    answer: Answer
    started: AnswerStarted
    segments: list[Segment]
    parts: list[AudioPart]
    room_bytes: int
    change: Change


def current_question(interview_id: UUID, question_id: str) -> Question:
    """The question that may be answered now, locked with its interview until the caller's transaction ends.

    Raises InterviewError with INTERVIEW_ALREADY_COMPLETED, QUESTION_NOT_FOUND, QUESTION_ALREADY_ANSWERED or
    INVALID_STATE for any other.
    """
    interview = Interview.objects.select_for_update().get(pk=interview_id)
    if not interview.is_open:
        raise InterviewError(Code.INTERVIEW_ALREADY_COMPLETED)
    question = next((q for q in interview.questions.all() if str(q.pk) == question_id.lower()), None)
    if question is None:
        raise InterviewError(Code.QUESTION_NOT_FOUND)
    if interview.current_question_id != question.pk:
        is_answered = question.answers.ended().exists()
        raise InterviewError(Code.QUESTION_ALREADY_ANSWERED if is_answered else Code.INVALID_STATE)
    question.interview = interview
    return question


def _check_takes(question: Question, *, is_new: bool) -> None:
    """Refuses another take where there may be none, or where none was asked for."""
    ended = question.answers.ended().count()
    if ended and (question.takes_allowed == 1 or not is_new):
        raise InterviewError(Code.QUESTION_ALREADY_ANSWERED)
    if ended >= question.takes_allowed:
        raise InterviewError(Code.TAKES_EXHAUSTED)


def _new_take(question: Question, **fields: Any) -> Answer:
    last = question.answers.aggregate(last=Max("take"))["last"] or 0
    return Answer.objects.create(question=question, take=last + 1, **fields)


@transaction.atomic
def begin_answer(interview_id: UUID, question_id: str, *, new_take: bool = False) -> Begun:
    """Starts an answer, or takes over the one that is being recorded.

    A new take begins after one that has ended, and takes nothing over of which there is audio.
    Raises InterviewError with INTERVIEW_ALREADY_COMPLETED, QUESTION_NOT_FOUND, QUESTION_ALREADY_ANSWERED,
    TAKES_EXHAUSTED, TAKE_UNDER_WAY, INTERVIEW_FULL or INVALID_STATE.
    """
    revision = raise_revision(interview_id)
    question = current_question(interview_id, question_id)
    under_way = question.answers.under_way()
    # Locked, since a transcriber may be claiming it.
    answer = under_way.select_for_update().last()
    if answer is None:
        _check_takes(question, is_new=new_take)
        answer = _new_take(question)
    else:
        if new_take and answer.chunks.exists():
            raise InterviewError(Code.TAKE_UNDER_WAY)
        answer.epoch += 1
        answer.status = Status.RECORDING
        answer.failure = ""
        answer.save(update_fields=["epoch", "status", "failure"])
    _update_ours(answer, Status.RECORDING, owed_at=grace_end())
    # One that began with a chunk that was never stored did not begin.
    answer.parts.filter(first_index__gte=answer.next_chunk_index()).delete()
    room_bytes = _room_bytes(answer)
    if room_bytes <= 0 and not answer.next_chunk_index():
        raise InterviewError(Code.INTERVIEW_FULL)
    segments = list(answer.segments.all())
    started = started_message(answer, answer.next_chunk_index(), segments)
    return Begun(
        answer,
        started,
        segments,
        list(answer.parts.all()),
        room_bytes=room_bytes,
        change=Change(interview_id, revision, [started]),
    )


def _room_bytes(answer: Answer) -> int:
    """How much more audio may come, by what one answer and what all takes of its interview may hold."""
    takes = Answer.objects.filter(question__interview=answer.question.interview_id)
    forgotten = takes.aggregate(size=Sum("received_bytes"))["size"] or 0
    held = counted_bytes(AudioChunk.objects.filter(answer__in=takes))
    all_takes = forgotten + held + takes.count() * TAKE_MIN_COST
    room_bytes = conf.ANSWER_MAX_BYTES - counted_bytes(answer.chunks.all())
    return min(room_bytes, conf.INTERVIEW_MAX_BYTES - all_takes)


def counted_bytes(chunks: QuerySet[AudioChunk]) -> int:
    """What they count: tiny ones take more than their audio."""
    cost = Greatest(Length("data"), CHUNK_MIN_COST)
    return chunks.aggregate(size=Sum(cost))["size"] or 0


@transaction.atomic
def begin_part(answer: Answer, first_index: int, audio: AudioFormat | None) -> AudioPart:
    """Chunks from `first_index` on are audio of their own; None leaves its format to its first bytes.

    Raises StaleEpoch if another connection has the answer.
    """
    _hold_ours(answer, Status.RECORDING)
    fields = {"encoding": ""} if audio is None else asdict(audio)
    part, _ = AudioPart.objects.update_or_create(answer=answer, first_index=first_index, defaults=fields)
    return part


def _update_ours(answer: Answer, *statuses: str, **changes: Any) -> None:
    """Changes the answer's row as long as it is still ours: no later epoch and in one of `statuses`."""
    held = Answer.objects.filter(pk=answer.pk, epoch=answer.epoch, status__in=statuses)
    if not held.update(**changes):
        raise StaleEpoch


def _hold_ours(answer: Answer, *statuses: str) -> None:
    """Nobody can take it until the caller's transaction ends. Raises StaleEpoch if somebody has."""
    held = Answer.objects.filter(pk=answer.pk, epoch=answer.epoch, status__in=statuses)
    if not held.select_for_update().exists():
        raise StaleEpoch


@transaction.atomic
def add_segment(answer: Answer, index: int, final: Final) -> Change:
    """Keeps a final as the answer's segment number `index`, from 0. The same again changes nothing.

    Raises StaleEpoch if another connection has the answer.
    """
    interview_id = answer.question.interview_id
    lock(interview_id)
    kept = answer.segments.filter(index=index, text=final.text, end_ms=final.end_ms).first()
    if kept:
        return Change(interview_id, kept.revision, [final_message(answer, kept)])
    revision = raise_revision(interview_id)
    _hold_ours(answer, Status.RECORDING, Status.FINISHING, Status.PENDING)
    segment = Segment.objects.create(
        answer=answer,
        index=index,
        revision=revision,
        text=final.text,
        start_ms=final.start_ms,
        end_ms=final.end_ms,
        confidence=final.confidence,
        words=[asdict(word) for word in final.words],
        recogniser=final.recogniser,
        resume={"offset_samples": final.resume.offset_samples, "state": dict(final.resume.state)},
    )
    return Change(interview_id, revision, [final_message(answer, segment)])


@transaction.atomic
def record_only(answer: Answer, code: Code) -> Change:
    """Nobody recognises it for now, for the reason `code`: its transcript will be owed.

    Raises StaleEpoch if another connection has the answer.
    """
    interview_id = answer.question.interview_id
    lock(interview_id)
    told: list[ServerMessage] = [recorded_only_message(answer)]
    under_way = Status.RECORDING, Status.FINISHING
    if _is_ours(answer, *under_way, failure=code):
        return Change(interview_id, revision_of(interview_id), told)
    revision = raise_revision(interview_id)
    _update_ours(answer, *under_way, failure=code)
    return Change(interview_id, revision, told)


@transaction.atomic
def finish_recording(answer: Answer) -> Change:
    """All audio is here and committed; the last words may follow. The same again changes nothing.

    Raises StaleEpoch if another connection has the answer.
    """
    interview_id = answer.question.interview_id
    recorded = AnswerRecorded(question_id=answer.question_id, answer_id=answer.pk)
    lock(interview_id)
    if _is_ours(answer, Status.FINISHING):
        return Change(interview_id, revision_of(interview_id), [recorded])
    revision = raise_revision(interview_id)
    changes = {"status": Status.FINISHING, "ended_at": timezone.now(), "owed_at": lease_end()}
    _update_ours(answer, Status.RECORDING, **changes)
    return Change(interview_id, revision, [recorded])


@in_lane(Lane.STEPS)
@transaction.atomic
def complete_answer(
    answer: Answer, duration_ms: int, confidence: float | None, measures: Measures | None
) -> Change:
    """The transcript is whole: the texts of its segments are the answer's.

    `confidence` is that of all words, and `measures` those of the answer, if it was measured. Where they are
    owed they come by `store_measures`, before the hand-over. Nothing else is read of the segments: whoever
    has spoken for an hour waits no longer than others.

    The next step is taken, unless it was when the audio became safe (`owe_transcript`).
    Raises StaleEpoch if another connection has the answer.
    """
    if done := _done_before(answer, Status.COMPLETE):
        return done
    revision = raise_revision(answer.question.interview_id)
    owed = Answer.objects.filter(pk=answer.pk, status=Status.PENDING).exists()
    said = list(answer.segments.values_list("text", "recogniser"))
    _update_ours(
        answer,
        Status.FINISHING,
        Status.PENDING,
        status=Status.COMPLETE,
        failure="",
        text=" ".join(text for text, _ in said),
        confidence=confidence,
        duration_ms=duration_ms,
        voice_metrics=None if measures is None else stored_metrics(measures),
        recogniser=said[-1][1] if said else "",
        owed_at=lease_end(),
        attempts=0,
        last_problem="",
    )
    return _ended(answer, revision, next_step=not owed)


@transaction.atomic
def store_measures(answer: Answer, measures: Measures) -> Change:
    """Those that a complete answer was owed. Raises StaleEpoch if another connection has the answer."""
    interview = answer.question.interview
    revision = raise_revision(interview.pk)
    stored = stored_metrics(measures)
    _update_ours(answer, Status.COMPLETE, voice_metrics=stored)
    told: list[ServerMessage] = [metrics_message(answer, stored)]
    return Change(interview.pk, revision, told, shares_metrics=interview.shares_metrics)


@in_lane(Lane.STEPS)
@transaction.atomic
def owe_transcript(answer: Answer, code: Code, duration_ms: int | None) -> Change:
    """All audio is safe and the transcript will follow: the interview goes on without it.

    `code` says why, and `duration_ms` is None where nobody has decoded the audio yet. Whoever calls this
    stores the audio, and has the answer until then. Raises StaleEpoch if another has it.
    """
    if done := _done_before(answer, Status.PENDING):
        return done
    revision = raise_revision(answer.question.interview_id)
    changes = {"failure": code, "duration_ms": duration_ms, "owed_at": lease_end()}
    _update_ours(answer, Status.FINISHING, status=Status.PENDING, **changes)
    return _ended(answer, revision, next_step=True)


@transaction.atomic
def store_remeasurement(answer: Answer, measures: Measures) -> None:
    """Beside what the answer was shown with, which stays as it is. Raises StaleEpoch if it was deleted."""
    if not Answer.objects.select_for_update().filter(pk=answer.pk).exists():
        raise StaleEpoch
    defaults = {"metrics": stored_metrics(measures), "measured_at": timezone.now()}
    Remeasurement.objects.update_or_create(answer=answer, version=VERSION, defaults=defaults)


@transaction.atomic
def fail_answer(answer: Answer, code: Code) -> Change:
    """This take's audio can't be used; the question may be answered anew while it is the current one.

    Its audio is deleted after a while, unless its question was left behind: then it is all that there is.
    Raises StaleEpoch if another connection has the answer.
    """
    if done := _done_before(answer, Status.FAILED):
        return done
    revision = raise_revision(answer.question.interview_id)
    failed: dict[str, Any] = {"status": Status.FAILED, "failure": code}
    if _is_ours(answer, Status.PENDING):
        damage = [{"at_ms": 0, "code": code, "doubts": []}]
        _update_ours(answer, Status.PENDING, **failed, damage=damage)
    else:
        _update_ours(answer, *UNDER_WAY, **failed, owed_at=deletion_time())
    return _ended(answer, revision, next_step=False)


@in_lane(Lane.STEPS)
@transaction.atomic
def write_answer(interview_id: UUID, question_id: str, text: str, answer_id: UUID | None = None) -> Change:
    """A written answer; a recording of the same question that is under way is given up.

    Whoever may have to do it again makes up its id before: under the same one it is written once.
    Raises InterviewError as `current_question` does.
    """
    answer_id = answer_id or uuid4()
    lock(interview_id)
    if done := _written_before(interview_id, answer_id):
        return done
    revision = raise_revision(interview_id)
    question = current_question(interview_id, question_id)
    give_up_recording(question)
    fields = {"status": Status.COMPLETE, "text": text, "ended_at": timezone.now(), "owed_at": lease_end()}
    answer = _new_take(question, pk=answer_id, kind=Answer.Kind.TEXT, **fields)
    return _ended(answer, revision, next_step=True)


def _written_before(interview_id: UUID, answer_id: UUID) -> Change | None:
    written = Answer.objects.filter(pk=answer_id, question__interview=interview_id)
    answer = written.select_related("question__interview").first()
    return None if answer is None else _done_before(answer, Status.COMPLETE)


@transaction.atomic
def give_up(answer: Answer) -> Change:
    """The candidate wants to record this take anew.

    Raises StaleEpoch if another connection has it, and InterviewError with TAKES_EXHAUSTED where that was
    done too often: then nothing changes, and it can be gone on with.
    """
    if done := _done_before(answer, Status.FAILED):
        return done
    check_giving_up(answer)
    revision = raise_revision(answer.question.interview_id)
    given_up = {"status": Status.FAILED, "failure": GIVEN_UP, "owed_at": deletion_time()}
    _update_ours(answer, Status.RECORDING, **given_up)
    return _ended(answer, revision, next_step=False)


def check_giving_up(answer: Answer) -> None:
    """Raises InterviewError with TAKES_EXHAUSTED where too many were given up: a single take is to be one.

    Where nothing was recorded nothing is given up.
    """
    with_audio = Q(received_bytes__gt=0) | Exists(AudioChunk.objects.filter(answer=OuterRef("pk")))
    before = Answer.objects.filter(with_audio, question=answer.question_id, failure=GIVEN_UP)
    if answer.chunks.exists() and before.exclude(pk=answer.pk).count() >= conf.GIVEN_UP_TAKES:
        raise InterviewError(Code.TAKES_EXHAUSTED)


def give_up_recording(question: Question) -> None:
    """Whoever records an answer to it finds no row for what comes next. For a transaction of the caller's."""
    question.answers.under_way().update(
        status=Status.FAILED, failure=GIVEN_UP, epoch=F("epoch") + 1, owed_at=deletion_time()
    )


def _is_ours(answer: Answer, *statuses: str, **fields: Any) -> bool:
    """Whether the row has one of these statuses, and was given it by whoever has the answer."""
    held = Answer.objects.filter(pk=answer.pk, epoch=answer.epoch, status__in=statuses)
    return held.filter(**fields).exists()


def _done_before(answer: Answer, status: str) -> Change | None:
    """What ending the answer so did the first time, as far as the rows still tell."""
    lock(answer.question.interview_id)
    if not _is_ours(answer, status):
        return None
    answer.refresh_from_db()
    interview = Interview.objects.select_related("current_question").get(pk=answer.question.interview_id)
    messages = ended_messages(answer)
    if status != Status.FAILED:
        messages += step_messages(interview)
    shares = interview.shares_metrics
    return Change(interview.pk, interview.revision, messages, shares_metrics=shares, answer=answer)


def _ended(answer: Answer, revision: int, *, next_step: bool) -> Change:
    # While it was under way, no other take of its question could count for good.
    owe_hand_overs(Question.objects.filter(pk=answer.question_id))
    answer.refresh_from_db()
    interview = answer.question.interview
    messages = ended_messages(answer)
    # What ends after its interview was cancelled changes nothing about that.
    if next_step and interview.status == Interview.Status.IN_PROGRESS:
        messages += step_messages(interview) if answer.is_to_be_chosen else next_step_of(interview, answer)
    shares = interview.shares_metrics
    return Change(interview.pk, revision, messages, shares_metrics=shares, answer=answer)

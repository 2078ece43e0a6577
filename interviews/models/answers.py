"""Answers, and what is kept of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from interviews.models.interviews import Question
from interviews.models.owed import Owed, OwedQuerySet
from interviews.models.statuses import ENDED, UNDER_WAY, AnswerStatus
from speech.audio.formats import AudioFormat
from speech.events import Word

if TYPE_CHECKING:
    from interviews.models.reviews import Correction

# The failure of a take that its candidate wants to record anew, or has answered otherwise.
GIVEN_UP = "GIVEN_UP"


def audio_folder(interview_id: uuid.UUID) -> str:
    """Where the files of an interview's answers are, and nothing else."""
    return f"answers/{interview_id}"


class AnswerQuerySet(OwedQuerySet["Answer"]):
    def ended(self) -> AnswerQuerySet:
        """Those that answer their question: their audio, or what was written, is safe."""
        return self.filter(status__in=ENDED)

    def under_way(self) -> AnswerQuerySet:
        return self.filter(status__in=UNDER_WAY)

    def taken(self) -> AnswerQuerySet:
        """Those that a connection records, or that their candidate has given up."""
        return self.filter(models.Q(status=Answer.Status.RECORDING) | models.Q(failure=GIVEN_UP))

    def counting(self) -> AnswerQuerySet:
        """The one answer of each question that is answered."""
        return self.filter(_counts())

    def marked(self) -> AnswerQuerySet:
        """Each with `counts`, whether it is that one, which comes before the other takes."""
        counts = models.ExpressionWrapper(_counts(), models.BooleanField())
        return self.annotate(counts=counts).order_by("question__position", "-counts", "take")

    def to_hand_over(self) -> AnswerQuerySet:
        """Those that are complete and count for good: nothing is recorded or chosen any more."""
        complete = self.counting().filter(status=Answer.Status.COMPLETE, handed_over_at=None)
        is_asked = models.Q(question=models.F("question__interview__current_question"))
        return complete.exclude(is_asked).exclude(question__answers__in=Answer.objects.under_way())


def _counts() -> models.Q:
    """Of the takes of a question the one that its candidate chose counts, or else the last that has ended."""
    takes = Answer.objects.ended().filter(question=models.OuterRef("question"))
    takes = takes.order_by(models.F("chosen_at").asc(nulls_last=True), "-take")
    return models.Q(pk=models.Subquery(takes.values("pk")[:1]))


class Answer(Owed):
    """One take of an answer."""

    Status = AnswerStatus

    class Kind(models.TextChoices):
        VOICE = "voice", _("Voice")
        TEXT = "text", _("Written")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(
        Question, verbose_name=_("question"), on_delete=models.CASCADE, related_name="answers"
    )
    take = models.PositiveSmallIntegerField(_("take"), default=1)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.VOICE)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.RECORDING)
    failure = models.CharField(
        _("failure"), max_length=40, blank=True, help_text=_("The error code of a failed take.")
    )
    text = models.TextField(_("text"), blank=True)
    confidence = models.FloatField(null=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), null=True)
    voice_metrics = models.JSONField(null=True)
    recogniser = models.CharField(_("recogniser"), max_length=100, blank=True)
    # The take that the candidate chose; with none chosen, the last one that ended counts.
    chosen_at = models.DateTimeField(_("chosen at"), null=True)
    candidate_note = models.TextField(
        _("candidate note"), blank=True, help_text=_("What the candidate adds to their transcript.")
    )
    # Where its audio is not what came in: a list of {at_ms, code, doubts}, one for each part that does not
    # agree. Its chunks are kept then, beside the file.
    damage = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    # The loudest sample of each of equal parts of the audio, a byte each: 255 is full scale.
    peaks = models.BinaryField(null=True)
    audio = models.FileField(_("audio"), upload_to="answers", blank=True)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    # When the orchestrator and the signal had it; until then the hand-over is owed.
    handed_over_at = models.DateTimeField(null=True)
    # What its chunks counted, from when they were deleted.
    received_bytes = models.PositiveBigIntegerField(default=0, db_default=0)
    # Raised by whoever takes the answer over: an older one's next commit finds no row.
    epoch = models.PositiveIntegerField(default=1)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["question__position", "take"]
        constraints = [models.UniqueConstraint(fields=["question", "take"], name="answer_take_once")]
        indexes = [
            # As small as what is owed, however many answers are finished.
            models.Index(fields=["owed_at"], name="answer_owed", condition=models.Q(owed_at__isnull=False)),
            # Who is answering right now is asked again and again.
            models.Index(
                fields=["question"], name="answer_under_way", condition=models.Q(status__in=UNDER_WAY)
            ),
            # How many questions are answered is told without reading the answers.
            models.Index(fields=["question", "status"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.take} · {self.get_status_display()}"

    def next_chunk_index(self) -> int:
        """Everything below it is durable: chunks are stored in their order."""
        last = self.chunks.aggregate(last=models.Max("index"))["last"]
        return 0 if last is None else last + 1

    @property
    def is_to_be_chosen(self) -> bool:
        """Whether the interview waits for its candidate's choice before it goes on."""
        return self.kind == self.Kind.VOICE and self.question.takes_allowed > 1

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def is_measured(self) -> bool:
        """Whether there are measures of it, for whomever."""
        return self.voice_metrics is not None

    @property
    def shared_metrics(self) -> dict[str, Any] | None:
        """What anybody but the candidate may see of its voice metrics, as stored (`wire.metrics`)."""
        return self.voice_metrics if self.question.interview.shares_metrics else None

    @property
    def shared_remeasurements(self) -> models.QuerySet[Remeasurement]:
        """What they may see of what later versions measured."""
        every = self.remeasurements.all()
        return every if self.question.interview.shares_metrics else every.none()

    @property
    def time_ms(self) -> int:
        """How long it was meant to be, for this candidate; 0 without a limit."""
        return self.question.interview.lengthened(self.question.answer_seconds) * 1000

    @property
    def overrun_ms(self) -> int:
        """By how much it ran over its time, which cuts nobody off. Less than a second is nothing."""
        over_ms = (self.duration_ms or 0) - self.time_ms
        return over_ms if self.time_ms and over_ms >= 1000 else 0

    @property
    def time_over_in(self) -> int | None:
        """The index of the segment in which its time was over."""
        begun = [segment.index for segment in self.segments.all() if segment.start_ms < self.time_ms]
        return begun[-1] if begun and self.overrun_ms else None


class Remeasurement(models.Model):
    """What a later version measures of an answer's voice, beside the numbers that it was shown with."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="remeasurements")
    version = models.PositiveSmallIntegerField()
    metrics = models.JSONField()
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("remeasurement")
        verbose_name_plural = _("remeasurements")
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "version"], name="remeasurement_version_once")
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"


class Retranscription(Owed):
    """What another recogniser makes of a stored answer, beside the transcript that people have seen.

    Owed until it is done, and worked off by the transcriber. `segments` is a list of {text, start_ms, end_ms,
    confidence, words}.
    """

    answer = models.ForeignKey(
        Answer, verbose_name=_("answer"), on_delete=models.CASCADE, related_name="retranscriptions"
    )
    backend = models.CharField(_("backend"), max_length=40)
    recogniser = models.CharField(_("recogniser"), max_length=100, blank=True)
    text = models.TextField(_("text"), blank=True)
    segments = models.JSONField(default=list)
    failure = models.CharField(_("failure"), max_length=40, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    requested_at = models.DateTimeField(_("requested at"), default=timezone.now)
    done_at = models.DateTimeField(_("done at"), null=True)

    objects = OwedQuerySet["Retranscription"].as_manager()

    class Meta:
        verbose_name = _("retranscription")
        verbose_name_plural = _("retranscriptions")
        ordering = ["requested_at"]
        indexes = [
            models.Index(
                fields=["owed_at"], name="retranscription_owed", condition=models.Q(owed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.backend} · {self.requested_at:%Y-%m-%d %H:%M}"


class Segment(models.Model):
    """A final of the recogniser. `words` is a list of {word, start_ms, end_ms, confidence}."""

    answer = models.ForeignKey(
        Answer, verbose_name=_("answer"), on_delete=models.CASCADE, related_name="segments"
    )
    index = models.PositiveIntegerField(_("index"))
    # The interview's revision that this segment made.
    revision = models.PositiveBigIntegerField()
    text = models.TextField(_("text"))
    start_ms = models.PositiveIntegerField(_("start (ms)"))
    end_ms = models.PositiveIntegerField(_("end (ms)"))
    confidence = models.FloatField(null=True)
    words = models.JSONField(default=list)
    recogniser = models.CharField(_("recogniser"), max_length=100)
    # {"offset_samples", "state"}: where a recognition that starts after this segment begins.
    resume = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["answer", "index"], name="segment_once")]

    def __str__(self) -> str:
        return f"Segment {self.index}"

    @property
    def correction(self) -> Correction | None:
        """The latest, which is what counts."""
        corrections = list(self.corrections.all())
        return corrections[-1] if corrections else None

    @property
    def shown_text(self) -> str:
        """A reviewer's text where there is one, else the recogniser's."""
        correction = self.correction
        return self.text if correction is None else correction.text

    @property
    def spoken(self) -> list[Word]:
        return [Word(**word) for word in self.words]


class AudioPart(models.Model):
    """Chunks from `first_index` on are one container: each part has its own decoder."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="parts")
    first_index = models.PositiveIntegerField()
    encoding = models.CharField(max_length=16, blank=True, help_text=_("Empty: told by the first bytes."))
    sample_rate = models.PositiveIntegerField(default=16_000)
    channels = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["first_index"]
        constraints = [models.UniqueConstraint(fields=["answer", "first_index"], name="audio_part_once")]

    def __str__(self) -> str:
        return f"{self.encoding} from {self.first_index}"

    @property
    def audio(self) -> AudioFormat | None:
        """As its client declared it; None leaves it to the first bytes."""
        return AudioFormat(self.encoding, self.sample_rate, self.channels) if self.encoding else None


class AudioChunk(models.Model):
    """Audio as it came. Lives only until the answer's audio file is stored."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["answer", "index"], name="audio_chunk_once")]

    def __str__(self) -> str:
        return f"Chunk {self.index}"

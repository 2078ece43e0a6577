"""The rows. What happens to them is in `services`; who may see them is in `access`."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from speech.backends import is_recognisable
from speech.events import Word


class InterviewQuerySet(models.QuerySet["Interview"]):
    def live(self) -> InterviewQuerySet:
        return self.filter(status=Interview.Status.IN_PROGRESS)

    def expired(self) -> InterviewQuerySet:
        """Those to be closed: past their time, and with no answer that is being recorded."""
        running = self.filter(status__in=[Interview.Status.SCHEDULED, Interview.Status.IN_PROGRESS])
        return running.filter(expires_at__lt=timezone.now()).exclude(
            questions__answers__in=Answer.objects.under_way()
        )


class Interview(models.Model):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        IN_PROGRESS = "in_progress", _("In progress")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")
        EXPIRED = "expired", _("Expired")

    class MetricsSharing(models.TextChoices):
        SHARED = "shared", _("With recruiters and the candidate")
        CANDIDATE = "candidate", _("With the candidate only")
        OFF = "off", _("Not measured")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=200)
    candidate_name = models.CharField(max_length=200)
    candidate_email = models.EmailField(blank=True)
    language = models.CharField(max_length=35, default="en-US", help_text=_("BCP 47, such as en-US."))
    phrases = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Names and terms that are likely to be said, for recognisers that make use of them."),
    )
    metrics_sharing = models.CharField(
        _("voice metrics"),
        max_length=16,
        choices=MetricsSharing,
        default=MetricsSharing.SHARED,
        help_text=_("Who is shown how an answer was delivered: pace, pauses, pitch, level."),
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.SCHEDULED, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="interviews"
    )
    watchers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="watched_interviews")
    current_question = models.ForeignKey(
        "Question", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    consented_at = models.DateTimeField(null=True, editable=False)
    consent_version = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField()
    # Grows by one with every durable change that an observer may see, in the same transaction.
    revision = models.PositiveBigIntegerField(default=0, editable=False)

    objects = InterviewQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["owner", "-created_at"]), models.Index(fields=["status"])]

    def __str__(self) -> str:
        return f"{self.title} · {self.candidate_name}"

    def clean(self) -> None:
        if not is_recognisable(self.language):
            raise ValidationError(
                {"language": _("This site's speech recognition does not know the language.")}
            )

    @property
    def is_measured(self) -> bool:
        return self.metrics_sharing != self.MetricsSharing.OFF

    @property
    def shares_metrics(self) -> bool:
        """With recruiters, and with the site that the interview belongs to."""
        return self.metrics_sharing == self.MetricsSharing.SHARED

    @property
    def is_open(self) -> bool:
        """Whether its candidate may still answer. Nobody is shut out in mid-answer."""
        if self.status not in {self.Status.SCHEDULED, self.Status.IN_PROGRESS}:
            return False
        is_in_time = self.expires_at > timezone.now()
        return is_in_time or Answer.objects.under_way().filter(question__interview=self).exists()


class Question(models.Model):
    class Type(models.TextChoices):
        GENERAL = "general", _("General")
        BEHAVIOURAL = "behavioural", _("Behavioural")
        TECHNICAL = "technical", _("Technical")
        SITUATIONAL = "situational", _("Situational")

    class Difficulty(models.TextChoices):
        EASY = "easy", _("Easy")
        MEDIUM = "medium", _("Medium")
        HARD = "hard", _("Hard")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    interview = models.ForeignKey(Interview, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    question_type = models.CharField(max_length=16, choices=Type, default=Type.GENERAL)
    difficulty = models.CharField(max_length=8, choices=Difficulty, default=Difficulty.MEDIUM)
    think_seconds = models.PositiveSmallIntegerField(default=30)
    answer_seconds = models.PositiveSmallIntegerField(default=180)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["interview", "position"], name="question_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.text[:80]}"


class AnswerQuerySet(models.QuerySet["Answer"]):
    def ended(self) -> AnswerQuerySet:
        """Those that answer their question: their audio, or what was written, is safe."""
        return self.filter(status__in=[Answer.Status.PENDING, Answer.Status.COMPLETE])

    def under_way(self) -> AnswerQuerySet:
        return self.filter(status__in=[Answer.Status.RECORDING, Answer.Status.FINISHING])

    def owed(self) -> AnswerQuerySet:
        """Those whose transcript, audio file or hand-over is owed and which nobody works on.

        And those whose candidate has been away for longer than they are waited for.
        """
        status, now = Answer.Status, timezone.now()
        unfinished = models.Q(status__in=[status.FINISHING, status.PENDING])
        unfinished |= models.Q(status=status.COMPLETE, handed_over_at=None)
        free = models.Q(lease_until=None) | models.Q(lease_until__lt=now)
        grace = timedelta(seconds=settings.ANSWER_GRACE_SECONDS)
        abandoned = models.Q(status=status.RECORDING, lease_until__lt=now - grace)
        return self.filter(unfinished & free | abandoned)


class Answer(models.Model):
    """One take of an answer: recording → finishing → complete, or → pending → complete | failed."""

    class Status(models.TextChoices):
        RECORDING = "recording", _("Recording")
        FINISHING = "finishing", _("Finishing")
        PENDING = "pending", _("Recorded, transcript to follow")
        COMPLETE = "complete", _("Complete")
        FAILED = "failed", _("Failed")

    class Kind(models.TextChoices):
        VOICE = "voice", _("Voice")
        TEXT = "text", _("Written")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    take = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.VOICE)
    status = models.CharField(max_length=16, choices=Status, default=Status.RECORDING)
    failure = models.CharField(max_length=40, blank=True, help_text=_("The error code of a failed take."))
    text = models.TextField(blank=True)
    confidence = models.FloatField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    voice_metrics = models.JSONField(null=True)
    recogniser = models.CharField(max_length=100, blank=True)
    audio = models.FileField(upload_to="answers", blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    # When the orchestrator and the signal had it; until then the hand-over is owed.
    handed_over_at = models.DateTimeField(null=True)
    # Raised by each connection that takes the answer over: an older one's next commit finds no row.
    epoch = models.PositiveIntegerField(default=1)
    # Who works on it has it until then.
    lease_until = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["question__position", "take"]
        constraints = [models.UniqueConstraint(fields=["question", "take"], name="answer_take_once")]
        indexes = [models.Index(fields=["status", "lease_until"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.take} · {self.get_status_display()}"

    @property
    def shared_metrics(self) -> dict[str, Any] | None:
        """What anybody but the candidate may see of its voice metrics."""
        return self.voice_metrics if self.question.interview.shares_metrics else None


class Remeasurement(models.Model):
    """What a later version measures of an answer's voice, beside the numbers that it was shown with."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="remeasurements")
    version = models.PositiveSmallIntegerField()
    metrics = models.JSONField()
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "version"], name="remeasurement_version_once")
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"


class Segment(models.Model):
    """A final of the recogniser. `words` is a list of {word, start_ms, end_ms, confidence}."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="segments")
    index = models.PositiveIntegerField()
    # The interview's revision that this segment made.
    revision = models.PositiveBigIntegerField()
    text = models.TextField()
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    confidence = models.FloatField(null=True)
    words = models.JSONField(default=list)
    recogniser = models.CharField(max_length=100)
    # {"offset_samples", "state"}: where a recognition that starts after this segment begins.
    resume = models.JSONField(default=dict)

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["answer", "index"], name="segment_once")]

    def __str__(self) -> str:
        return f"Segment {self.index}"

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

"""Interviews, what is asked in them, and who is invited."""

from __future__ import annotations

import math
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from interviews.models.owed import from_now
from interviews.models.statuses import RUNNING, UNDER_WAY, InterviewStatus
from speech.backends import is_recognisable

if TYPE_CHECKING:
    from interviews.models.answers import Answer

MAX_TAKES = 5
# By how much a machine's clock may be wrong.
CLOCKS_DIFFER = timedelta(minutes=5)

# What recruiters choose from. The row takes whatever lies between 1 and 5.
TIME_FACTORS = {
    "1.00": _("As planned"),
    "1.25": _("A quarter more"),
    "1.50": _("Half as much again"),
    "2.00": _("Twice as much"),
    "3.00": _("Three times as much"),
}


class InterviewQuerySet(models.QuerySet["Interview"]):
    def running(self) -> InterviewQuerySet:
        """Those that are not over."""
        return self.filter(status__in=RUNNING)

    def live(self) -> InterviewQuerySet:
        return self.filter(status=Interview.Status.IN_PROGRESS)

    def expired(self) -> InterviewQuerySet:
        """Those to be closed: past their time, and with no answer that is being recorded."""
        return (
            self.running().filter(expires_at__lt=from_now()).exclude(questions__answers__status__in=UNDER_WAY)
        )


class Interview(models.Model):
    Status = InterviewStatus

    class MetricsSharing(models.TextChoices):
        SHARED = "shared", _("With recruiters and the candidate")
        CANDIDATE = "candidate", _("With the candidate only")
        OFF = "off", _("Not measured")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(_("title"), max_length=200)
    candidate_name = models.CharField(_("candidate name"), max_length=200)
    candidate_email = models.EmailField(_("candidate email"), blank=True)
    language = models.CharField(
        _("language"), max_length=35, default="en-US", help_text=_("BCP 47, such as en-US.")
    )
    phrases = models.JSONField(
        _("phrases"),
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
    time_factor = models.DecimalField(
        _("time"),
        max_digits=3,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("Thinking and answering times are multiplied by this. No reason is asked or stored."),
    )
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.SCHEDULED, editable=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="interviews",
    )
    watchers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("watchers"), blank=True, related_name="watched_interviews"
    )
    current_question = models.ForeignKey(
        "Question", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    consented_at = models.DateTimeField(_("consented at"), null=True, editable=False)
    consent_version = models.CharField(_("consent version"), max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    completed_at = models.DateTimeField(_("completed at"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires at"))
    # A candidate is practising, until then at the latest: one at a time.
    practice_until = models.DateTimeField(null=True, editable=False)
    # When the candidate's name, words and audio were deleted. The row stays as the record of that.
    erased_at = models.DateTimeField(_("erased at"), null=True, editable=False)
    # When it is looked again for what somebody may have been writing just then, or could not be deleted.
    sweep_at = models.DateTimeField(null=True, editable=False)
    # Grows by one with every durable change that an observer may see, in the same transaction.
    revision = models.PositiveBigIntegerField(default=0, editable=False)

    objects = InterviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("interview")
        verbose_name_plural = _("interviews")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["-created_at"]),
            models.Index(fields=["status"]),
            models.Index(
                fields=["sweep_at"], name="interview_to_sweep", condition=models.Q(sweep_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        if self.erased_at is not None:
            return gettext("Deleted interview")
        return f"{self.title} · {self.candidate_name}"

    def clean(self) -> None:
        if not is_recognisable(self.language):
            raise ValidationError(
                {"language": _("This site's speech recognition does not know the language.")}
            )

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def is_measured(self) -> bool:
        return self.metrics_sharing != self.MetricsSharing.OFF

    @property
    def shares_metrics(self) -> bool:
        """With recruiters, and with the site that the interview belongs to."""
        return self.metrics_sharing == self.MetricsSharing.SHARED

    def lengthened(self, seconds: int) -> int:
        """A planned time as this candidate has it."""
        return math.ceil(seconds * self.time_factor)

    @property
    def is_open(self) -> bool:
        """Whether its candidate may still answer. Nobody is shut out in mid-answer."""
        if not self.is_running:
            return False
        if self.expires_at > timezone.now() + CLOCKS_DIFFER:
            return True
        # Near its end, and after it, the database decides, by its clock.
        return not Interview.objects.expired().filter(pk=self.pk).exists()


class CandidateHeard(models.Model):
    """When something last came from an interview's candidate, to a few seconds.

    Apart from the interview's row, whose changes lock it for as long as they take: one statement writes this
    for all candidates of a process, and is to wait for none of them.
    """

    # Without a constraint, which would lock the interview's row for a moment, too.
    interview = models.OneToOneField(
        Interview, on_delete=models.CASCADE, primary_key=True, related_name="heard", db_constraint=False
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.at}"


class QuestionFields(models.Model):
    """What is asked, whether in an interview or kept in a set for later ones."""

    class Type(models.TextChoices):
        GENERAL = "general", _("General")
        BEHAVIOURAL = "behavioural", _("Behavioural")
        TECHNICAL = "technical", _("Technical")
        SITUATIONAL = "situational", _("Situational")

    class Difficulty(models.TextChoices):
        EASY = "easy", _("Easy")
        MEDIUM = "medium", _("Medium")
        HARD = "hard", _("Hard")

    position = models.PositiveSmallIntegerField(_("position"))
    text = models.TextField(_("text"))
    question_type = models.CharField(_("question type"), max_length=16, choices=Type, default=Type.GENERAL)
    difficulty = models.CharField(
        _("difficulty"), max_length=8, choices=Difficulty, default=Difficulty.MEDIUM
    )
    think_seconds = models.PositiveSmallIntegerField(_("think seconds"), default=30)
    answer_seconds = models.PositiveSmallIntegerField(_("answer seconds"), default=180)
    takes_allowed = models.PositiveSmallIntegerField(
        _("takes allowed"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_TAKES)],
        help_text=_("How often an answer may be recorded; the candidate chooses which take counts."),
    )

    class Meta:
        abstract = True
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position}. {self.text[:80]}"

    @property
    def asked(self) -> dict[str, Any]:
        """All of it but its place, for a copy elsewhere."""
        names = (field.name for field in QuestionFields._meta.get_fields() if field.name != "position")
        return {name: getattr(self, name) for name in names}


def watcher_field() -> str:
    """What the table of watchers calls its user: that follows the name of the site's own model."""
    return Interview.watchers.field.m2m_reverse_field_name()


class Question(QuestionFields):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    interview = models.ForeignKey(
        Interview, verbose_name=_("interview"), on_delete=models.CASCADE, related_name="questions"
    )

    class Meta(QuestionFields.Meta):
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.UniqueConstraint(fields=["interview", "position"], name="question_position_once")
        ]

    @property
    def heard_takes(self) -> list[Answer]:
        """Those that can be compared."""
        return [take for take in self.answers.all() if take.has_ended]


class QuestionSet(models.Model):
    """Questions kept for later interviews. An interview copies them: changing a set changes no interview."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(
        _("language"), max_length=35, default="en-US", help_text=_("BCP 47, such as en-US.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="question_sets",
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("question set")
        verbose_name_plural = _("question sets")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SetQuestion(QuestionFields):
    question_set = models.ForeignKey(
        QuestionSet, verbose_name=_("question set"), on_delete=models.CASCADE, related_name="questions"
    )

    class Meta(QuestionFields.Meta):
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [models.UniqueConstraint(fields=["question_set", "position"], name="set_position_once")]


class Invitation(models.Model):
    """A candidate's link sent by e-mail. The link itself is kept nowhere.

    `sent_at` is empty while it is being sent, and stays so where the server died meanwhile.
    """

    interview = models.ForeignKey(
        Interview, verbose_name=_("interview"), on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField(_("email"))
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sent by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Invitation {self.pk}"

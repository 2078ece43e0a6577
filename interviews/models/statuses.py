"""What becomes of interviews and answers, and the sets of statuses that have a name."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class InterviewStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    IN_PROGRESS = "in_progress", _("In progress")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


class AnswerStatus(models.TextChoices):
    """recording → finishing → complete, or → pending → complete | failed."""

    RECORDING = "recording", _("Recording")
    FINISHING = "finishing", _("Finishing")
    PENDING = "pending", _("Recorded, transcript to follow")
    COMPLETE = "complete", _("Complete")
    FAILED = "failed", _("Failed")


# Interviews that are not over.
RUNNING = InterviewStatus.SCHEDULED, InterviewStatus.IN_PROGRESS
# Interviews to whose answers their candidate may still add a note.
ADDED_TO = InterviewStatus.IN_PROGRESS, InterviewStatus.COMPLETED
# Answers of which more audio, or more words, may come while their candidate waits.
UNDER_WAY = AnswerStatus.RECORDING, AnswerStatus.FINISHING
# Answers that answer their question: their audio, or what was written, is safe.
ENDED = AnswerStatus.PENDING, AnswerStatus.COMPLETE
# Recorded answers that have no transcript, or have lost it.
WITHOUT_TRANSCRIPT = AnswerStatus.PENDING, AnswerStatus.FAILED

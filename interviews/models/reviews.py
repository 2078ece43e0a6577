"""What recruiters and reviewers add."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from interviews.models.answers import Answer, Segment
from interviews.models.interviews import Interview, Question


class Note(models.Model):
    """A recruiter's own, made while they watch or review; a highlight may be without text.

    Its author sees it, and who manages the data in the admin; never the candidate.
    """

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        HIGHLIGHT = "highlight", _("Highlight")

    # The page that it is written on chooses it, so that what is sent again makes no second one.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    interview = models.ForeignKey(
        Interview, verbose_name=_("interview"), on_delete=models.CASCADE, related_name="notes"
    )
    # Without a question it is about the interview; without an answer, from before there was one.
    question = models.ForeignKey(
        Question, verbose_name=_("question"), on_delete=models.CASCADE, null=True, related_name="notes"
    )
    answer = models.ForeignKey(
        Answer, verbose_name=_("answer"), on_delete=models.CASCADE, null=True, related_name="notes"
    )
    at_ms = models.PositiveIntegerField(null=True, help_text=_("Within the answer."))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.NOTE)
    text = models.TextField(_("text"), blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        on_delete=models.CASCADE,
        related_name="interview_notes",
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Correction(models.Model):
    """A reviewer's text for a segment, beside the recogniser's. The latest counts; all are kept."""

    segment = models.ForeignKey(
        Segment, verbose_name=_("segment"), on_delete=models.CASCADE, related_name="corrections"
    )
    text = models.TextField(_("text"), blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

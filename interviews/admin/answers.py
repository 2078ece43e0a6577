"""Answers, with all that is kept of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from interviews import access
from interviews.admin.owed import OwedAdmin, OwedFilter
from interviews.admin.read_only import STYLES, ReadOnlyInline
from interviews.models import Answer, Retranscription, Segment
from interviews.templatetags.transcripts import duration, percent


class SegmentInline(ReadOnlyInline):
    model = Segment
    fields = ["index", "start_ms", "end_ms", "text", "corrected", "recognition_confidence", "recogniser"]
    readonly_fields = ["corrected", "recognition_confidence"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        return super().get_queryset(request).prefetch_related("corrections")

    @admin.display(description=_("Corrected"))
    def corrected(self, segment: Segment) -> str:
        """The latest; all are in the list of corrections."""
        correction = segment.correction
        return "" if correction is None else correction.text or "–"

    @admin.display(description=_("Recognition confidence"))
    def recognition_confidence(self, segment: Segment) -> str | None:
        return percent(segment.confidence)


class RetranscriptionInline(ReadOnlyInline):
    model = Retranscription
    verbose_name_plural = _("Transcripts by other backends")
    fields = ["backend", "recogniser", "text", "failure", "requested_by", "requested_at", "done_at"]
    related = ("requested_by",)


@admin.register(Answer)
class AnswerAdmin(OwedAdmin):
    list_display = ["question", "interview", "take", "kind", "status", "length", "started_at"]
    list_filter = ["status", OwedFilter, "kind", "started_at"]
    list_select_related = ["question__interview"]
    search_fields = ["question__interview__title", "question__interview__candidate_name", "text"]
    inlines = [SegmentInline, RetranscriptionInline]
    fields = [
        "interview",
        "question",
        "take",
        "kind",
        "status",
        "chosen_at",
        "failure",
        "work",
        "what_is_missing",
        "player",
        "text",
        "candidate_note",
        "recognition_confidence",
        "length",
        "overrun",
        "shared_metrics",
        "measured_anew",
        "recogniser",
        "started_at",
        "ended_at",
    ]

    class Media:
        css = {"all": STYLES}

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        # The page of an interview leads to its answers.
        is_interview = lookup == "question__interview__id__exact"
        return is_interview or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Answer]:
        return access.answers_for(request.user).order_by("-started_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("Interview"))
    def interview(self, answer: Answer) -> str:
        url = reverse("admin:interviews_interview_change", args=[answer.question.interview_id])
        return format_html('<a href="{}">{}</a>', url, answer.question.interview)

    @admin.display(description=_("Recognition confidence"))
    def recognition_confidence(self, answer: Answer) -> str | None:
        return percent(answer.confidence)

    @admin.display(description=_("Voice metrics"))
    def shared_metrics(self, answer: Answer) -> str:
        if not answer.shared_metrics:
            return "–"
        return render_to_string("interviews/parts/_delivery.html", {"metrics": answer.shared_metrics})

    @admin.display(description=_("Measured anew"))
    def measured_anew(self, answer: Answer) -> str:
        """By later versions than the one that it was shown with."""
        parts = [
            (str(one), render_to_string("interviews/parts/_delivery.html", {"metrics": one.metrics}))
            for one in answer.shared_remeasurements
        ]
        return format_html_join("", "<h3>{}</h3>{}", parts) or "–"

    @admin.display(description=_("Length"))
    def length(self, answer: Answer) -> str:
        return duration(answer.duration_ms)

    @admin.display(description=_("Over the time"))
    def overrun(self, answer: Answer) -> str:
        return duration(answer.overrun_ms)

    @admin.display(description=_("Missing in its audio"))
    def what_is_missing(self, answer: Answer) -> str:
        """Where its file is not what came in; the chunks are kept in the database then."""
        rows = [
            (duration(lost["at_ms"]), lost["code"] or "", "; ".join(lost["doubts"])) for lost in answer.damage
        ]
        return format_html_join("", "<p>{} {} {}</p>", rows) or "–"

    @admin.display(description=_("Audio"))
    def player(self, answer: Answer) -> str:
        if not answer.audio:
            return "–"
        url = reverse("interviews:answer_audio", args=[answer.pk])
        return format_html('<audio controls preload="none" src="{}"></audio>', url)

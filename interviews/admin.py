"""Interviews as they were: to be read, never edited.

Only who may see an interview can be changed here. Interviews are made on the recruiter's pages, where
the candidate's link is shown: a row made without them would have no link. Staff see what is theirs.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from interviews import access
from interviews.models import Answer, Interview, Note, Question, Segment
from interviews.templatetags.transcripts import duration, percent
from interviews.transcripts import transcript, with_counts

STYLES = ["css/admin.css", "css/transcript.css", "css/metrics.css", "css/plot.css"]
SCRIPTS = [Script("js/elements/answer_review.js", type="module")]


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class QuestionInline(ReadOnlyInline):
    model = Question
    fields = [
        "position",
        "text",
        "question_type",
        "difficulty",
        "think_seconds",
        "answer_seconds",
        "takes_allowed",
    ]


class SegmentInline(ReadOnlyInline):
    model = Segment
    fields = ["index", "start_ms", "end_ms", "text", "recognition_confidence", "recogniser"]
    readonly_fields = ["recognition_confidence"]

    @admin.display(description=_("Recognition confidence"))
    def recognition_confidence(self, segment: Segment) -> str | None:
        return percent(segment.confidence)


class HistoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that come from elsewhere and are kept as they are."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Interview)
class InterviewAdmin(HistoryAdmin):
    list_display = ["title", "candidate_name", "status", "language", "progress", "created_at", "completed_at"]
    list_filter = ["status", "language", "created_at"]
    search_fields = ["title", "candidate_name", "candidate_email"]
    filter_horizontal = ["watchers"]
    inlines = [QuestionInline]
    readonly_fields = [
        "title",
        "candidate_name",
        "candidate_email",
        "language",
        "metrics_sharing",
        "time_factor",
        "status",
        "created_at",
        "expires_at",
        "consented_at",
        "consent_version",
        "started_at",
        "completed_at",
    ]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "title",
                    "candidate_name",
                    "candidate_email",
                    "language",
                    "metrics_sharing",
                    "time_factor",
                    "status",
                ]
            },
        ),
        (_("Who may see it"), {"fields": ["owner", "watchers"]}),
        (_("Dates"), {"fields": ["created_at", "expires_at", "started_at", "completed_at"]}),
        (_("Consent"), {"fields": ["consented_at", "consent_version"]}),
    ]

    class Media:
        css = {"all": STYLES}
        js = SCRIPTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interview]:
        return with_counts(access.interviews_for(request.user)).order_by("-created_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        mine = obj is None or access.may_manage(request.user, obj)
        return mine and super().has_change_permission(request, obj)

    @admin.display(description=_("Answered"))
    def progress(self, interview: Any) -> str:
        return f"{interview.answered} / {interview.total}"

    def view_on_site(self, interview: Model) -> str:
        return reverse("interview", args=[interview.pk])

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["questions"] = transcript(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(Answer)
class AnswerAdmin(HistoryAdmin):
    list_display = ["question", "interview", "take", "kind", "status", "length", "started_at"]
    list_filter = ["status", "kind", "started_at"]
    list_select_related = ["question__interview"]
    search_fields = ["question__interview__title", "question__interview__candidate_name", "text"]
    inlines = [SegmentInline]
    fields = [
        "interview",
        "question",
        "take",
        "kind",
        "status",
        "failure",
        "player",
        "text",
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
        return render_to_string("interviews/_delivery.html", {"metrics": answer.shared_metrics})

    @admin.display(description=_("Measured anew"))
    def measured_anew(self, answer: Answer) -> str:
        """By later versions than the one that it was shown with."""
        later = answer.remeasurements.all() if answer.question.interview.shares_metrics else []
        parts = [
            (str(one), render_to_string("interviews/_delivery.html", {"metrics": one.metrics}))
            for one in later
        ]
        return format_html_join("", "<h3>{}</h3>{}", parts) or "–"

    @admin.display(description=_("Length"))
    def length(self, answer: Answer) -> str:
        return duration(answer.duration_ms)

    @admin.display(description=_("Over the time"))
    def overrun(self, answer: Answer) -> str:
        return duration(answer.overrun_ms)

    @admin.display(description=_("Audio"))
    def player(self, answer: Answer) -> str:
        if not answer.audio:
            return "–"
        url = reverse("answer_audio", args=[answer.pk])
        return format_html('<audio controls preload="none" src="{}"></audio>', url)


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To be read, and deleted with their author's account."""

    list_display = ["interview", "author", "kind", "at", "created_at"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["interview", "author"]
    fields = ["interview", "question", "at", "kind", "text", "author", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Note]:
        return Note.objects.filter(interview__in=access.interviews_for(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("In the answer"))
    def at(self, note: Note) -> str:
        return duration(note.at_ms)

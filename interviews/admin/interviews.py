"""Interviews: found, looked at, and acted upon."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from interviews import access
from interviews.admin.actions import ACTIONS
from interviews.admin.read_only import SCRIPTS, STYLES, HistoryAdmin, ReadOnlyInline
from interviews.models import Answer, Correction, Interview, Invitation, Question
from interviews.queries.transcripts import transcript, with_counts, with_totals
from interviews.services import audit
from interviews.templatetags.transcripts import duration


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


class InvitationInline(ReadOnlyInline):
    model = Invitation
    fields = ["email", "sent_by", "sent_at"]
    related = ("sent_by",)


class CountedList(ChangeList):
    """Counts for the rows of a page; subqueries in the list's own query would do so for all before them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        ids = [interview.pk for interview in self.result_list]
        counted = with_totals(with_counts(Interview.objects.filter(pk__in=ids))).in_bulk()
        self.result_list = [counted[pk] for pk in ids]


class ErasedFilter(admin.SimpleListFilter):
    title = _("data")
    parameter_name = "data"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("kept", _("Kept")), ("deleted", _("Deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Interview]) -> QuerySet[Interview]:
        if self.value() is None:
            return queryset
        return queryset.filter(erased_at__isnull=self.value() == "kept")


@admin.register(Interview)
class InterviewAdmin(HistoryAdmin):
    list_display = [
        "called",
        "candidate_name",
        "status",
        "language",
        "progress",
        "recorded",
        "notes_count",
        "created_at",
        "recogniser",
    ]
    list_filter = ["status", "language", "created_at", "metrics_sharing", ErasedFilter]
    # Counting all that there are, beside what was found, would be one more query.
    show_full_result_count = False
    # What is searched is in `get_search_results`; without these there would be no field for it.
    search_fields = ["title", "candidate_name", "candidate_email"]
    search_help_text = _("Candidate, title, or what was said")
    filter_horizontal = ["watchers"]
    inlines = [QuestionInline, InvitationInline]
    actions = ACTIONS
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
        "erased_at",
        "answers",
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
                    "answers",
                ]
            },
        ),
        (_("Who may see it"), {"fields": ["owner", "watchers"]}),
        (_("Dates"), {"fields": ["created_at", "expires_at", "started_at", "completed_at", "erased_at"]}),
        (_("Consent"), {"fields": ["consented_at", "consent_version"]}),
    ]

    class Media:
        css = {"all": STYLES}
        js = SCRIPTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interview]:
        return access.records_for(request.user).order_by("-created_at")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CountedList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Interview], search_term: str
    ) -> tuple[QuerySet[Interview], bool]:
        """Each word in the title, in the candidate's name or address, or in what was said or corrected."""
        for word in search_term.split():
            said = Answer.objects.filter(Q(text__icontains=word) | Q(candidate_note__icontains=word))
            corrected = Correction.objects.filter(text__icontains=word)
            queryset = queryset.filter(
                Q(title__icontains=word)
                | Q(candidate_name__icontains=word)
                | Q(candidate_email__icontains=word)
                | Q(pk__in=said.values("question__interview"))
                | Q(pk__in=corrected.values("segment__answer__question__interview"))
            )
        return queryset, False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        mine = obj is None or (obj.erased_at is None and access.may_manage(request.user, obj))
        return mine and super().has_change_permission(request, obj)

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("interviews.delete_interview")

    def save_model(self, request: HttpRequest, obj: Interview, form: Any, change: bool) -> None:
        # Nothing else: what was deleted since the form was opened stays deleted.
        obj.save(update_fields=["owner"])

    def log_change(self, request: HttpRequest, obj: Interview, message: Any) -> LogEntry:
        return audit.record(request.user, obj, message)

    @admin.display(description=_("Title"), ordering="title")
    def called(self, interview: Interview) -> str:
        return interview.title or str(interview)

    @admin.display(description=_("Answered"))
    def progress(self, interview: Any) -> str:
        return f"{interview.answered} / {interview.total}"

    @admin.display(description=_("Recorded"))
    def recorded(self, interview: Any) -> str:
        return duration(interview.recorded_ms)

    @admin.display(description=_("Recogniser"))
    def recogniser(self, interview: Any) -> str:
        return interview.recogniser or ""

    @admin.display(description=_("Notes"))
    def notes_count(self, interview: Any) -> str:
        return str(interview.notes_count or "")

    @admin.display(description=_("Answers"))
    def answers(self, interview: Interview) -> str:
        url = reverse(
            "admin:interviews_answer_changelist", query={"question__interview__id__exact": interview.pk}
        )
        return format_html('<a href="{}">{}</a>', url, _("One by one"))

    def view_on_site(self, interview: Model) -> str | None:
        assert isinstance(interview, Interview)
        return None if interview.erased_at else reverse("interviews:interview", args=[interview.pk])

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["questions"] = transcript(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

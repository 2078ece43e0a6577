"""What recruiters and reviewers have added, and what was sent: lists to be looked through."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from interviews import access
from interviews.admin.owed import OwedAdmin, OwedFilter
from interviews.admin.read_only import HistoryAdmin
from interviews.models import Correction, Invitation, Note, Retranscription
from interviews.templatetags.transcripts import duration


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One's own, to be read and deleted. Superusers have everybody's; they go with their author's account."""

    list_display = ["interview", "author", "kind", "at", "created_at"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["interview", "author"]
    fields = ["interview", "question", "at", "kind", "text", "author", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Note]:
        everybodys = Note.objects.filter(interview__in=access.interviews_for(request.user))
        return everybodys if access.is_superior(request.user, None) else access.notes_for(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("In the answer"))
    def at(self, note: Note) -> str:
        return duration(note.at_ms)


class SeenAdmin(HistoryAdmin):
    """Of the interviews that somebody may see, which are at the end of `path`."""

    path = "interview"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        mine = {f"{self.path}__in": access.interviews_for(request.user)}
        return super().get_queryset(request).filter(**mine)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Correction)
class CorrectionAdmin(SeenAdmin):
    path = "segment__answer__question__interview"
    list_display = ["interview", "recognised", "text", "author", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["segment__answer__question__interview", "author"]
    search_fields = ["text", "segment__text"]
    fields = ["interview", "recognised", "text", "author", "created_at"]

    @admin.display(description=_("Interview"))
    def interview(self, correction: Correction) -> str:
        return str(correction.segment.answer.question.interview)

    @admin.display(description=_("Recognised"))
    def recognised(self, correction: Correction) -> str:
        return correction.segment.text


@admin.register(Invitation)
class InvitationAdmin(SeenAdmin):
    list_display = ["interview", "email", "sent_by", "sent_at"]
    list_filter = ["sent_at"]
    list_select_related = ["interview", "sent_by"]
    fields = ["interview", "email", "sent_by", "sent_at"]


@admin.register(Retranscription)
class RetranscriptionAdmin(OwedAdmin, SeenAdmin):
    path = "answer__question__interview"
    list_display = ["answer", "interview", "backend", "recogniser", "failure", "requested_at", "done_at"]
    list_filter = ["backend", OwedFilter, "failure", "requested_at"]
    list_select_related = ["answer__question__interview"]
    fields = [
        "interview",
        "answer",
        "backend",
        "recogniser",
        "text",
        "failure",
        "work",
        "requested_by",
        "requested_at",
        "done_at",
    ]

    @admin.display(description=_("Interview"))
    def interview(self, row: Retranscription) -> str:
        return str(row.answer.question.interview)

"""What the admin's pages of rows that are kept as they are have in common."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest

COMPONENTS = ["transcript", "answers", "metrics", "plot", "player", "wave", "review", "corrections"]
STYLES = [f"interviews/css/{name}.css" for name in ["admin", *COMPONENTS]]
SCRIPTS = [Script("interviews/js/elements/answer_review.js", type="module")]


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    extra = 0
    can_delete = False
    # Their people are read with them.
    related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = super().get_queryset(request)
        return found.select_related(*self.related) if self.related else found

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HistoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that come from elsewhere and are kept as they are."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

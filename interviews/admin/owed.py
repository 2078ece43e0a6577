"""What rows are still owed, and what keeps failing (`models.owed`)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from interviews.admin.read_only import HistoryAdmin
from interviews.models import Owed
from interviews.services import owing


class OwedFilter(admin.SimpleListFilter):
    title = _("work on it")
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failing", _("Fails so far")), ("owed", _("Still to be done"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        owed = queryset.filter(owed_at__isnull=False)
        return owed.filter(attempts__gt=0) if self.value() == "failing" else owed


@admin.action(description=_("Try again now"), permissions=["try_again"])
def try_again(model_admin: OwedAdmin, request: HttpRequest, chosen: QuerySet[Any]) -> None:
    """Only what fails: the rest is being done, or lacks nothing."""
    ids = list(chosen.values_list("pk", flat=True))
    count = owing.try_again(model_admin.model.objects.filter(pk__in=ids))
    told = ngettext("%(count)s is tried again now.", "%(count)s are tried again now.", count)
    messages.success(request, told % {"count": count})


class OwedAdmin(HistoryAdmin):
    actions = [try_again]

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("interviews.change_interview")

    @admin.display(description=_("Work on it"))
    def work(self, row: Owed) -> str:
        """When its next step is due, and what kept the last ones from being done."""
        if row.owed_at is None:
            return "–"
        due = gettext("due %(time)s") % {"time": localize(localtime(row.owed_at))}
        if not row.last_problem:
            return due
        told = ngettext(
            "%(due)s, after %(count)s failure: %(problem)s",
            "%(due)s, after %(count)s failures: %(problem)s",
            row.attempts,
        )
        return told % {"due": due, "count": row.attempts, "problem": row.last_problem}

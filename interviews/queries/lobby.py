"""What the lobby shows: the interviews that somebody may see, found, sorted into groups and paged.

The page and its socket ask alike, so that the socket knows when the page is out of date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from interviews import access
from interviews.models import Interview, Invitation
from interviews.queries.transcripts import with_counts
from interviews.wire.messages.parts import LobbyEntry
from interviews.wire.rows import lobby_entry

INTERVIEWS_PER_PAGE = 50
MAX_SEARCH_WORDS = 8
# As browsers' own date fields have it, in every language.
DAY = "%Y-%m-%d"

Status = Interview.Status
GROUPS = {
    "live": [Status.IN_PROGRESS],
    "waiting": [Status.SCHEDULED],
    "done": [Status.COMPLETED, Status.CANCELLED, Status.EXPIRED],
}
GROUP_NAMES = {"": _("All"), "live": _("Live"), "waiting": _("Waiting"), "done": _("Done")}


class LobbyFilter(forms.Form):
    """What it can't read it leaves out, and says so."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("All")),
            ("live", _("Live")),
            ("waiting", _("Waiting")),
            (_("Done"), [("done", _("All that are done")), *[(s.value, s.label) for s in GROUPS["done"]]]),
        ],
    )
    language = forms.CharField(
        label=_("Language"), required=False, max_length=35, widget=forms.Select(choices=[("", _("All"))])
    )
    whose = forms.ChoiceField(
        label=_("Whose"),
        required=False,
        choices=[("", _("All that I may see")), ("mine", _("Mine")), ("watched", _("Watched by me"))],
    )
    since = forms.DateField(
        label=_("Created since"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format=DAY),
    )

    def offer_languages(self, languages: list[str]) -> None:
        """To choose from, and with them the one that the address names, though no interview is in it."""
        chosen = self.data.get("language", "")
        offered = sorted({*languages, chosen} - {""})
        self.fields["language"].widget.choices = [("", _("All")), *[(tag, tag) for tag in offered]]

    @property
    def chosen(self) -> dict[str, Any]:
        """What is not empty and can be read, by the name of its field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def group(self) -> str:
        """The group that the chosen status belongs to; empty for all."""
        status = self.chosen.get("status", "")
        return status if status in GROUPS or not status else "done"

    @property
    def is_narrowed(self) -> bool:
        """By more than the choice of a group and what is searched for."""
        return bool(
            self.errors
            or self.chosen.keys() - {"q", "status"}
            or self.chosen.get("status", "") not in GROUP_NAMES
        )

    def matches(self, user: access.Viewer) -> Q:
        """Everything but the status."""
        found = Q()
        for name, value in self.chosen.items():
            match name:
                case "q":
                    found &= _has_words(value)
                case "language":
                    found &= Q(language=value)
                case "whose":
                    found &= Q(owner=user.pk) if value == "mine" else Q(watchers=user.pk)
                case "since":
                    found &= Q(created_at__gte=timezone.make_aware(datetime.combine(value, time.min)))
        return found

    @property
    def statuses(self) -> list[str]:
        """Those of the chosen group, or the chosen one; empty for all."""
        status = self.chosen.get("status", "")
        return GROUPS.get(status, [status] if status else [])


def _has_words(text: str) -> Q:
    found = Q()
    for word in text.split()[:MAX_SEARCH_WORDS]:
        found &= (
            Q(candidate_name__icontains=word) | Q(title__icontains=word) | Q(candidate_email__icontains=word)
        )
    return found


@dataclass(frozen=True)
class Lobby:
    """One page of it. `counts` says how many there are in each group, and in all."""

    interviews: list[Any]
    counts: dict[str, int]
    page: Page[UUID]

    @property
    def groups(self) -> list[tuple[str, Any, int]]:
        """Each with its label and how many are in it."""
        return [(name, label, self.counts[name or "all"]) for name, label in GROUP_NAMES.items()]

    @cached_property
    def entries(self) -> list[LobbyEntry]:
        return [lobby_entry(interview) for interview in self.interviews]

    @cached_property
    def digest(self) -> str:
        """Another one whenever the page would look otherwise."""
        return blake2b(msgspec.json.encode([self.entries, self.counts]), digest_size=8).hexdigest()


def look(user: access.Viewer, form: LobbyFilter, page_number: str | None) -> Lobby:
    """One page of what the user may see, in four queries.

    A page number that is none means the first page, one that is too high the last.
    """
    found = access.interviews_for(user).filter(form.matches(user))
    numbers = dict(found.order_by().values_list("status").annotate(Count("pk")))
    counts = {name: sum(numbers.get(status, 0) for status in group) for name, group in GROUPS.items()}
    if form.statuses:
        found = found.filter(status__in=form.statuses)
    # Whoever is being interviewed comes first.
    ordered = found.alias(is_live=Q(status=Status.IN_PROGRESS)).order_by("-is_live", "-created_at", "pk")
    page = Paginator(ordered.values_list("pk", flat=True), INTERVIEWS_PER_PAGE).get_page(page_number)
    return Lobby(_in_full(list(page), user), {"all": sum(counts.values()), **counts}, page)


def look_by_socket(watcher: access.Watcher, query_string: str) -> Lobby | None:
    """None for who is not signed in any more."""
    user, query = access.user_of(watcher), QueryDict(query_string)
    return None if user is None else look(user, LobbyFilter(query), query.get("page"))


def languages_for(user: access.Viewer) -> list[str]:
    """Those of the interviews that the user may see, in no order."""
    return list(access.interviews_for(user).order_by().values_list("language", flat=True).distinct())


def _in_full(ids: list[UUID], user: access.Viewer) -> list[Any]:
    """With what has to be counted, which would be counted for all pages before theirs too."""
    sent = Invitation.objects.filter(interview=OuterRef("pk"), sent_at__isnull=False).order_by("-sent_at")
    found = with_counts(Interview.objects.filter(pk__in=ids))
    rows: dict[UUID, Any] = found.annotate(invited_at=Subquery(sent.values("sent_at")[:1])).in_bulk()
    for row in rows.values():
        row.may_be_managed = access.may_manage(user, row)
    return [rows[pk] for pk in ids if pk in rows]

"""Rows that are owed work: their table is the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Self, TypeVar

from django.db import models
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound="Owed")


def from_now(seconds: float = 0) -> Combinable:
    """By the database's clock: those of the machines around it may differ.

    Times that are compared are all made so: to SQLite they are texts, and `Now()` alone has fewer digits.
    """
    return Now() + timedelta(seconds=seconds)


class OwedQuerySet(models.QuerySet[M]):
    def due(self) -> Self:
        """Those that are owed something now, by whoever takes them first."""
        return self.filter(owed_at__lte=from_now())

    def owe(self) -> int:
        """Of these, what nobody was owing anything is due now."""
        return self.filter(owed_at=None).update(owed_at=from_now())

    def failing(self) -> Self:
        """Those whose next step has failed so far."""
        return self.filter(owed_at__isnull=False, attempts__gt=0)


class Owed(models.Model):
    """`owed_at` is when the row's next step is due, and empty where none is.

    Whoever works on it puts it off for as long as they need, so that nobody else does; what fails is put off
    for longer each time. Only whoever has looked what is still missing, and found nothing, empties it.
    """

    owed_at = models.DateTimeField(_("due at"), null=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0, db_default=0)
    last_problem = models.CharField(
        _("last problem"),
        max_length=100,
        blank=True,
        db_default="",
        help_text=_("What kind of error the last attempt met; the log says more."),
    )

    class Meta:
        abstract = True

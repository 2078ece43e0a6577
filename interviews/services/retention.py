"""Data is kept for DATA_RETENTION_DAYS after an interview's end, and then deleted."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from interviews.conf import conf
from interviews.models import Interview


def due() -> QuerySet[Interview]:
    """Those whose end, or else whose link's, is long enough ago; none where data is kept for ever."""
    days = conf.DATA_RETENTION_DAYS
    if not days:
        return Interview.objects.none()
    ended = Interview.objects.annotate(ended_at=Coalesce("completed_at", "expires_at"))
    return ended.filter(erased_at=None, ended_at__lt=timezone.now() - timedelta(days=days))


def to_erase() -> list[UUID]:
    return list(due().values_list("pk", flat=True))

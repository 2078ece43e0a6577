"""Data is kept for DATA_RETENTION_DAYS after an interview's end, and then deleted."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from interviews.conf import conf
from interviews.database import Lane, in_lane
from interviews.models import Interview
from interviews.services.erasure import erase, scrub, sweep

logger = logging.getLogger(__name__)


def due() -> QuerySet[Interview]:
    """Those whose end, or else whose link's, is long enough ago; none where data is kept for ever."""
    days = conf.DATA_RETENTION_DAYS
    if not days:
        return Interview.objects.none()
    ended = Interview.objects.annotate(ended_at=Coalesce("completed_at", "expires_at"))
    return ended.filter(erased_at=None, ended_at__lt=timezone.now() - timedelta(days=days))


@in_lane(Lane.FILES)
def expire_data() -> int:
    """Deletes what is due, and what earlier deletions could not; how many interviews there were."""
    count = erase(list(due().only("pk")))
    if count:
        logger.info("the data of %s interviews was deleted: it is kept no longer", count)
    sweep()
    scrub()
    return count

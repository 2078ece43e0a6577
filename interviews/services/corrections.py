"""What reviewers correct in a transcript.

The recogniser's text stays as it is; a correction is kept beside it, with who made it and when. The latest
is shown, and all are kept. Its words' times are found anew by whoever shows them.

CorrectedMeanwhile          somebody else corrected the segment since it was read
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from interviews.models import Correction, Segment


class CorrectedMeanwhile(Exception):
    """What was typed replaces a text that its author has not seen. `latest` is that text's correction."""

    def __init__(self, latest: Correction | None) -> None:
        super().__init__()
        self.latest = latest


@transaction.atomic
def correct(segment: Segment, text: str, author: Any, *, seen: int | None = None) -> Correction | None:
    """Keeps the text for the segment; None if its author changed nothing.

    `seen` is the correction whose text they had before them, None where that was the recogniser's.
    Raises CorrectedMeanwhile.
    """
    # Locked, so that of two who correct it at once the second is told.
    locked = Segment.objects.select_for_update().get(pk=segment.pk)
    corrections = list(locked.corrections.all())
    was_shown = next((one.text for one in corrections if one.pk == seen), locked.text)
    if text == was_shown:
        return None
    latest = corrections[-1] if corrections else None
    if (latest.pk if latest else None) != seen:
        raise CorrectedMeanwhile(latest)
    return Correction.objects.create(segment=locked, text=text, author=author)

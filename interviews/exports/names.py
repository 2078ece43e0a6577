"""Names of exported files, safe on every system that they may be saved on."""

from __future__ import annotations

import unicodedata

from interviews.exports.record import Asked, Take
from interviews.models import Interview

# The most common limit is 255 bytes, and folders and endings come on top.
MOST_BYTES = 80
# Windows and shells read these as something else.
UNSAFE = set("<>:\"/\\|?*'`$%&;~#")


def interview_name(interview: Interview) -> str:
    """Without its ending. Two of the same candidate differ by the end."""
    day = interview.started_at or interview.created_at
    named = safe(interview.candidate_name) or "Interview"
    return f"{named} {day:%Y-%m-%d} {interview.pk.hex[:8]}"


def answer_name(asked: Asked, take: Take) -> str:
    """Without its ending. In the order of the questions."""
    number = f" take {take.answer.take}" if take.answer.take > 1 else ""
    return f"{asked.question.position:02} {safe(asked.question.text)}".strip() + number


def safe(text: str) -> str:
    """Letters stay letters, of whichever script. Nothing hides, reverses, or leads to another folder."""
    normal = unicodedata.normalize("NFC", text)
    kept = "".join(" " if c in UNSAFE or unicodedata.category(c)[0] in "CZ" else c for c in normal)
    short = " ".join(kept.split()).encode()[:MOST_BYTES].decode(errors="ignore")
    return short.strip(". ")

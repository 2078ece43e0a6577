"""Recruiters' own notes and highlights: kept, changed and thrown away by their author alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from interviews import access
from interviews.conf import conf
from interviews.models import Interview, Note


def note_fields(note: Note) -> dict[str, Any]:
    """As the scripts of pages read it; `at_ms` is into the audio of `answer_id`."""
    return {
        "id": note.pk,
        "kind": note.kind,
        "text": note.text,
        "question_id": note.question_id,
        "answer_id": note.answer_id,
        "at_ms": note.at_ms,
        "created_at": note.created_at,
    }


def save_note(author: Any, interview: Interview, note_id: UUID, **fields: Any) -> Note:
    """Makes the note, or gives it another text: doing it again changes nothing.

    `fields` are those of the row: `kind`, `text`, and where it was made, which stays. Raises ValidationError
    with the code `too_many`, or `taken` for an id that is another's.
    """
    mine = access.notes_for(author).filter(interview=interview)
    is_new = not mine.filter(pk=note_id).exists()
    if is_new and mine.count() >= conf.NOTES_PER_INTERVIEW:
        raise ValidationError(_("There are too many notes on this interview."), code="too_many")
    defaults = {**fields, "interview": interview, "author": author}
    note, was_made = Note.objects.get_or_create(pk=note_id, defaults=defaults)
    if (note.author_id, note.interview_id) != (author.pk, interview.pk):
        raise ValidationError(_("This note can't be kept."), code="taken")
    if not was_made and note.text != fields["text"]:
        note.text = fields["text"]
        note.save(update_fields=["text"])
    return note


def delete_note(author: Any, interview: Interview, note_id: UUID) -> None:
    """What is not there, or is another's, stays as it is."""
    access.notes_for(author).filter(interview=interview, pk=note_id).delete()

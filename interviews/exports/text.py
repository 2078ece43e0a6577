"""The interview as plain text, to be read or pasted."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from interviews.exports.record import Asked, Record, Take
from interviews.models import Interview, Note
from interviews.templatetags.transcripts import duration


def text(record: Record) -> str:
    paragraphs = [_head(record.interview), *(_question(asked) for asked in record.asked)]
    if record.notes:
        paragraphs.append("\n".join(_notes(record.notes)))
    return "\n\n\n".join(paragraphs) + "\n"


def _head(interview: Interview) -> str:
    facts = [interview.language]
    if interview.started_at:
        facts.insert(0, date_format(localtime(interview.started_at), "DATETIME_FORMAT"))
    return "\n".join([interview.title, interview.candidate_name, " · ".join(facts)])


def _question(asked: Asked) -> str:
    head = f"{asked.question.position}. {asked.question.text}"
    return "\n".join([head, "", *_answer(asked.counting)])


def _answer(take: Take | None) -> Iterator[str]:
    if take is None:
        yield gettext("Not answered.")
        return
    yield from _words(take)
    if take.answer.candidate_note:
        yield ""
        yield gettext("The candidate's note: %(note)s") % {"note": take.answer.candidate_note}
    if take.notes:
        yield ""
        yield from _notes(take.notes)


def _words(take: Take) -> Iterator[str]:
    passages = [passage for passage in take.passages if passage.text]
    if passages:
        yield from (f"[{duration(passage.start_ms)}] {passage.text}" for passage in passages)
    elif take.answer.status == take.answer.Status.PENDING:
        yield gettext("Recorded, transcript to follow")
    else:
        yield take.text or gettext("No words were recognised.")


def _notes(notes: list[Note]) -> Iterator[str]:
    yield gettext("Your notes")
    for note in notes:
        time = "" if note.at_ms is None else f"[{duration(note.at_ms)}] "
        yield f"{time}{note.text or note.get_kind_display()}"

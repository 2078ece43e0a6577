"""An interview to take along."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from interviews import access, exports
from interviews.models import Answer

TYPES = {
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "zip": "application/zip",
}


@require_GET
@login_required
def export(request: HttpRequest, interview_id: UUID, kind: str) -> HttpResponse:
    """`?notes=1` adds the asking recruiter's own. Subtitles come as one file an answer, in a ZIP."""
    record = _record(request, interview_id)
    name = exports.interview_name(record.interview)
    match kind:
        case "txt":
            return _download(exports.text(record), name, "txt")
        case "json":
            return _download(json.dumps(exports.document(record), ensure_ascii=False, indent=2), name, "json")
        case "srt" | "vtt":
            return _download(exports.zipped(exports.captions(record, kind)), f"{name} {kind}", "zip")
    raise Http404


@require_GET
@login_required
def printed(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    context = {"record": _record(request, interview_id), "now": timezone.now()}
    return render(request, "interviews/review/print.html", context)


@require_GET
@login_required
def answer_captions(request: HttpRequest, answer_id: UUID, kind: str) -> HttpResponse:
    """Of any take."""
    answer = get_object_or_404(
        access.answers_for(request.user).select_related("question__interview"),
        pk=answer_id,
        kind=Answer.Kind.VOICE,
    )
    if kind not in exports.FORMATS:
        raise Http404
    record = exports.load(answer.question.interview)
    asked, take = next((a, t) for a in record.asked for t in a.takes if t.answer == answer)
    text = exports.FORMATS[kind](exports.cues(take.passages))
    return _download(text, exports.answer_name(asked, take), kind)


def _record(request: HttpRequest, interview_id: UUID) -> exports.Record:
    interview = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    wants_notes = request.GET.get("notes") == "1"
    return exports.load(interview, notes_of=request.user if wants_notes else None)


def _download(content: str | bytes, name: str, kind: str) -> HttpResponse:
    disposition = content_disposition_header(True, f"{name}.{kind}")
    return HttpResponse(content, content_type=TYPES[kind], headers={"Content-Disposition": disposition})

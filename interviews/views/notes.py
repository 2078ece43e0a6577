"""Recruiters' own notes, for the scripts of the pages that watch and review."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from interviews import access
from interviews.forms import NoteForm
from interviews.models import Interview
from interviews.services.notes import delete_note, note_fields, save_note


@require_GET
@login_required
def notes(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    interview = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    mine = access.notes_for(request.user).filter(interview=interview)
    return JsonResponse({"notes": [note_fields(note) for note in mine]})


@require_http_methods(["POST", "DELETE"])
@login_required
def note(request: HttpRequest, interview_id: UUID, note_id: UUID) -> HttpResponse:
    """POST makes the note or changes its text, DELETE throws it away; both may be sent again."""
    interview = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    if request.method == "POST":
        return _save(request, interview, note_id)
    delete_note(request.user, interview, note_id)
    return HttpResponse(status=204)


def _save(request: HttpRequest, interview: Interview, note_id: UUID) -> HttpResponse:
    form = NoteForm(request.POST, interview=interview)
    if form.is_valid():
        try:
            note = save_note(request.user, interview, note_id, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return JsonResponse(note_fields(note))
    return JsonResponse({"errors": form.errors.get_json_data()}, status=400)

"""An interview as it goes on."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from interviews import access
from interviews.wire import sound_fields

def limits() -> dict[str, int]:
    return {"unsure_percent": settings.LOW_CONFIDENCE_PERCENT, "note_max_chars": settings.NOTE_MAX_CHARS}


@require_GET
@login_required
def dashboard(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    found = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    return render(request, "interviews/dashboard.html", {"interview": found, **limits()})


@never_cache
@require_GET
@login_required
def answer_sound(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    """What is drawn and marked of an answer, which snapshots and pages leave out for its size."""
    answers = access.answers_for(request.user).select_related("question__interview")
    return JsonResponse(sound_fields(get_object_or_404(answers, pk=answer_id)))

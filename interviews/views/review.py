"""An interview as it was."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.views.decorators.http import require_GET, require_safe

from interviews import access
from interviews.media import file_response
from interviews.transcripts import transcript


@require_GET
@login_required
def interview(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    found = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    context = {
        "interview": found,
        "questions": transcript(found),
        "may_manage": access.may_manage(request.user, found),
    }
    return render(request, "interviews/interview.html", context)


@require_safe
@login_required
async def answer_audio(request: HttpRequest, answer_id: UUID) -> HttpResponseBase:
    answers = access.answers_for(await request.auser()).exclude(audio="")
    answer = await aget_object_or_404(answers, pk=answer_id)
    return await file_response(request, answer.audio, content_type="audio/flac")

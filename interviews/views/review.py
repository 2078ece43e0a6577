"""An interview as it was."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.signing import SignatureExpired
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import aget_object_or_404, get_object_or_404, redirect, render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_safe

from interviews import access
from interviews.conf import conf
from interviews.media import file_response
from interviews.queries.transcripts import transcript


@gzip_page
@require_GET
@login_required
def interview(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    found = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    context = {
        "interview": found,
        "questions": transcript(found),
        "may_manage": access.may_manage(request.user, found),
        "may_correct": True,
        "note_max_chars": conf.NOTE_MAX_CHARS,
    }
    return render(request, "interviews/review/interview.html", context)


@gzip_page
@require_GET
@login_required
def takes(request: HttpRequest, interview_id: UUID, question_id: UUID) -> HttpResponse:
    """Two takes of an answer beside each other: what is asked for, else the one that counts and the last."""
    found = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    question = next((one for one in transcript(found) if one.pk == question_id), None)
    if question is None:
        raise Http404
    wanted = request.GET.getlist("take")
    heard = question.heard_takes
    shown = [take for take in heard if str(take.take) in wanted] or heard
    context = {
        "interview": found,
        "question": question,
        "takes": shown[:1] + shown[1:][-1:],
        "may_correct": True,
    }
    return render(request, "interviews/review/takes.html", context)


@require_safe
@login_required
def answer_audio(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    """Where the audio is for the next hour: pages ask again when the link that they hold has expired."""
    answer = get_object_or_404(access.answers_for(request.user).exclude(audio=""), pk=answer_id)
    return redirect("interviews:media", access.media_token(answer, request.user))


@require_safe
@login_required
async def media(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        answer = await aget_object_or_404(access.media_for(token, await request.auser()))
    except SignatureExpired:
        return HttpResponse(status=410, headers={"Cache-Control": "no-store"})
    return await file_response(request, answer.audio, content_type="audio/flac")

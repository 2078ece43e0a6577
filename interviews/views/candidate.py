"""What a candidate opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import aget_object_or_404, redirect, render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from interviews import access
from interviews.conf import conf
from interviews.database import in_database
from interviews.forms import CONSENT_VERSION, ConsentForm
from interviews.media import file_response
from interviews.models import Interview
from interviews.queries.transcripts import sounded
from interviews.services import interviews
from interviews.wire.rows import end_message

COOKIE_AGE = timedelta(days=180)


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The candidate's link: consent comes first, and only once."""
    interview = access.interview_for_token(token)
    if interview is None or access.is_long_over(interview):
        raise Http404
    if not interview.is_open:
        return _over(request, interview)
    if interview.consented_at is not None:
        return _enter(request, interview)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        interviews.give_consent(interview, CONSENT_VERSION)
        return _enter(request, interview)
    consent = f"interviews/consent/{CONSENT_VERSION}.html"
    context = {"form": form, "consent": consent, **_session_context(interview)}
    response = render(request, "interviews/session/join.html", context)
    # The address is the key: it is in no Referer, be it to this site's own log.
    response["Referrer-Policy"] = "strict-origin"
    return response


def _enter(request: HttpRequest, interview: Interview) -> HttpResponse:
    response = redirect("interviews:session", interview.pk)
    is_secure = settings.SESSION_COOKIE_SECURE or request.is_secure()
    response.set_cookie(
        access.SECURE_COOKIE_NAME if is_secure else access.COOKIE_NAME,
        access.candidate_cookie(interview, request.COOKIES),
        # How long it opens something is the interviews' to say.
        max_age=COOKIE_AGE,
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _over(request: HttpRequest, interview: Interview) -> HttpResponse:
    if interview.status != Interview.Status.COMPLETED:
        return render(request, "interviews/session/over.html", {"interview": interview}, status=410)
    context = {"end": end_message(interview), "sounded": sounded(interview), **_session_context(interview)}
    return render(request, "interviews/session/over.html", context)


def _session_context(interview: Interview) -> dict[str, Any]:
    return {
        "interview": interview,
        "practice_seconds": conf.PRACTICE_SECONDS,
        "retention_days": conf.DATA_RETENTION_DAYS,
    }


@gzip_page
@require_GET
def session(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    interview = access.candidate_interview(interview_id, request.COOKIES)
    if interview is None:
        # The same for an interview that does not exist and for another's.
        return render(request, "interviews/session/denied.html", status=403)
    if not interview.is_open:
        return _over(request, interview)
    is_timed = interview.questions.filter(think_seconds__gt=0).exists()
    context = {"is_timed": is_timed, **_session_context(interview)}
    response = render(request, "interviews/session/session.html", context)
    response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(self)"
    return response


@require_safe
async def take_audio(request: HttpRequest, interview_id: UUID, answer_id: UUID) -> HttpResponseBase:
    """A candidate hears the takes that they choose from."""
    takes = await in_database(access.takes_to_choose_from, interview_id, request.COOKIES)
    answer = await aget_object_or_404(takes.exclude(audio=""), pk=answer_id)
    return await file_response(request, answer.audio, content_type="audio/flac")

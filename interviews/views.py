from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import aget_object_or_404, get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from interviews import access, links, services
from interviews.forms import CONSENT_VERSION, ConsentForm, InterviewForm
from interviews.media import file_response
from interviews.models import Interview
from interviews.transcripts import transcript, with_counts

INTERVIEWS_PER_PAGE = 50


# The candidate's


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The candidate's link: consent comes first, and only once."""
    interview = access.interview_for_token(token)
    if interview is None:
        raise Http404
    if not interview.is_open:
        return _over(request, interview)
    if interview.consented_at is not None:
        return _enter(request, interview)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.give_consent(interview, CONSENT_VERSION)
        return _enter(request, interview)
    context = {"interview": interview, "form": form, "consent": f"interviews/consent/{CONSENT_VERSION}.html"}
    return render(request, "interviews/join.html", context)


def _enter(request: HttpRequest, interview: Interview) -> HttpResponse:
    response = redirect("session", interview.pk)
    response.set_cookie(
        access.cookie_name(interview.pk),
        access.candidate_cookie(interview),
        # An answer that is under way then may be finished.
        expires=interview.expires_at + timedelta(days=1),
        secure=settings.SESSION_COOKIE_SECURE or request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def _over(request: HttpRequest, interview: Interview) -> HttpResponse:
    completed = interview.status == Interview.Status.COMPLETED
    return render(request, "interviews/over.html", {"interview": interview}, status=200 if completed else 410)


@never_cache
@require_GET
def session(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    interview = access.candidate_interview(interview_id, request.COOKIES)
    if interview is None:
        # The same for an interview that does not exist and for another's.
        return render(request, "interviews/session_denied.html", status=403)
    if not interview.is_open:
        return _over(request, interview)
    return render(request, "interviews/session.html", {"interview": interview})


# The recruiter's


@require_GET
@login_required
def lobby(request: HttpRequest) -> HttpResponse:
    interviews = with_counts(access.interviews_for(request.user)).order_by("-created_at")
    page = Paginator(interviews, INTERVIEWS_PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "interviews/lobby.html", {"page": page, "may_create": access.may_create(request.user)}
    )


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def interview_new(request: HttpRequest) -> HttpResponse:
    if not access.may_create(request.user):
        raise PermissionDenied
    form = InterviewForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "interviews/interview_new.html", {"form": form})
    interview, token = services.create_interview(owner=request.user, **form.cleaned_data)
    return _show_link(request, interview, token)


@never_cache
@require_POST
@login_required
def interview_link(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    interview = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    if not access.may_manage(request.user, interview):
        raise PermissionDenied
    return _show_link(request, interview, services.new_link(interview))


def _show_link(request: HttpRequest, interview: Interview, token: str) -> HttpResponse:
    # Shown by the answer to the POST itself: kept for a redirect, the token would lie somewhere.
    context = {"interview": interview, "link": links.candidate_url(token)}
    return render(request, "interviews/interview_link.html", context)


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


@require_GET
@login_required
def dashboard(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    found = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    return render(request, "interviews/dashboard.html", {"interview": found})


@require_safe
@login_required
async def answer_audio(request: HttpRequest, answer_id: UUID) -> HttpResponseBase:
    answers = access.answers_for(await request.auser()).exclude(audio="")
    answer = await aget_object_or_404(answers, pk=answer_id)
    return await file_response(request, answer.audio, content_type="audio/flac")

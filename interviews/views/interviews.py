"""The recruiter's lobby, and what makes an interview."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from interviews import access, links, services
from interviews.forms import InterviewForm
from interviews.models import Interview, QuestionSet
from interviews.transcripts import with_counts

INTERVIEWS_PER_PAGE = 50


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
    form = InterviewForm(request.POST or None, user=request.user, initial=_from_set(request))
    if not form.is_valid():
        return render(request, "interviews/interview_new.html", {"form": form})
    interview, token = services.create_interview(owner=request.user, **form.cleaned_data)
    return _show_link(request, interview, token)


def _from_set(request: HttpRequest) -> dict[str, Any]:
    """The question set that the address names, and its language."""
    try:
        chosen = access.question_sets_for(request.user).get(pk=request.GET.get("set", ""))
    except (QuestionSet.DoesNotExist, ValidationError):
        return {}
    return {"question_set": chosen, "language": chosen.language}


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

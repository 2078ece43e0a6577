"""The recruiter's lobby, and what makes an interview."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from interviews import access
from interviews.forms import InterviewForm
from interviews.models import QuestionSet
from interviews.queries.lobby import LobbyFilter, languages_for, look
from interviews.services import interviews
from interviews.services.invitations import NotInvited, invite
from interviews.views.invitations import show_link


@require_GET
@login_required
def lobby(request: HttpRequest) -> HttpResponse:
    form = LobbyFilter(request.GET)
    form.offer_languages(languages_for(request.user))
    context = {
        "form": form,
        "lobby": look(request.user, form, request.GET.get("page")),
        "may_create": access.may_create(request.user),
    }
    return render(request, "interviews/lobby/lobby.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def interview_new(request: HttpRequest) -> HttpResponse:
    if not access.may_create(request.user):
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    form = InterviewForm(data, user=request.user, initial=_from_set(request))
    # Whoever is to be invited at once needs an address.
    form.fields["candidate_email"].required = "invite" in request.POST
    if not form.is_valid():
        return render(request, "interviews/lobby/interview_new.html", {"form": form})
    interview, token = interviews.create_interview(owner=request.user, **form.cleaned_data)
    if "invite" not in request.POST:
        return show_link(request, interview, token)
    try:
        invite(interview, request.user, interview.candidate_email, token=token)
    except NotInvited as problem:
        return show_link(request, interview, token, problem=problem.reason)
    return show_link(request, interview, token, sent_to=interview.candidate_email)


def _from_set(request: HttpRequest) -> dict[str, Any]:
    """The question set that the address names, and its language."""
    try:
        chosen = access.question_sets_for(request.user).get(pk=request.GET.get("set", ""))
    except (QuestionSet.DoesNotExist, ValidationError):
        return {}
    return {"question_set": chosen, "language": chosen.language}

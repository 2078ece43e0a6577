"""The candidate's link: shown once, and sent by e-mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST

from interviews import access, links
from interviews.models import Interview
from interviews.services import interviews, invitations
from interviews.services.invitations import InvitationForm, NotInvited


@require_POST
@login_required
def interview_link(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    interview = _managed(request, interview_id)
    return show_link(request, interview, interviews.new_link(interview))


@require_http_methods(["GET", "POST"])
@login_required
def invite(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    interview = _managed(request, interview_id)
    if request.method != "POST":
        return _ask(request, interview, invitations.form_for(interview))
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            token = invitations.invite(interview, request.user, **form.cleaned_data)
        except NotInvited as problem:
            form.add_error(None, str(problem.reason))
        else:
            return show_link(request, interview, token, sent_to=form.cleaned_data["email"])
    return _ask_again(request, interview, form)


def _ask(request: HttpRequest, interview: Interview, form: InvitationForm) -> HttpResponse:
    context = {
        "interview": interview,
        "form": form,
        "invitations": interview.invitations.select_related("sent_by"),
        "preview": invitations.preview(interview, request.user),
        "is_printed": invitations.is_printed(),
    }
    return render(request, "interviews/lobby/invite.html", context)


def _ask_again(request: HttpRequest, interview: Interview, form: InvitationForm) -> HttpResponse:
    """On the page that asked first; one with a link shows it again, since nothing else has it."""
    form.data = {**request.POST.dict(), "after": invitations.last_of(interview)}
    token = form.data.get("token", "")
    if access.hash_token(token) == interview.token_hash:
        return show_link(request, interview, token, form=form)
    return _ask(request, interview, form)


def show_link(request: HttpRequest, interview: Interview, token: str, **more: Any) -> HttpResponse:
    # Shown by the answer to the POST itself: kept for a redirect, the token would lie somewhere.
    context = {
        "interview": interview,
        "link": links.candidate_url(token),
        "form": invitations.form_for(interview, token),
        "is_printed": invitations.is_printed(),
        **more,
    }
    return render(request, "interviews/lobby/interview_link.html", context)


def _managed(request: HttpRequest, interview_id: UUID) -> Interview:
    interview = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    if not access.may_manage(request.user, interview):
        raise PermissionDenied
    return interview

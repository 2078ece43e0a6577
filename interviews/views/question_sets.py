"""A recruiter's sets of questions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from interviews import access
from interviews.models import QuestionSet
from interviews.services.question_sets import (
    QuestionFormSet,
    QuestionSetForm,
    copied,
    from_interview,
    save,
)


@require_GET
@login_required
def question_sets(request: HttpRequest) -> HttpResponse:
    found = access.question_sets_for(request.user).select_related("owner")
    counted = found.annotate(total=Count("questions")).order_by("name", "created_at")
    context = {"question_sets": counted, "shows_owners": access.is_superior(request.user, None)}
    return render(request, "interviews/question_sets/question_sets.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def question_set_new(request: HttpRequest) -> HttpResponse:
    if not access.may_create(request.user):
        raise PermissionDenied
    owner: Any = request.user
    return _edit(request, QuestionSet(owner=owner))


@require_http_methods(["GET", "POST"])
@login_required
def question_set(request: HttpRequest, set_id: UUID) -> HttpResponse:
    return _edit(request, _found(request, set_id))


def _edit(request: HttpRequest, edited: QuestionSet) -> HttpResponse:
    is_new = edited._state.adding
    data = request.POST if request.method == "POST" else None
    form = QuestionSetForm(data, instance=edited)
    rows = [] if is_new else [question.asked for question in edited.questions.all()]
    formset: Any = QuestionFormSet(data, initial=None if data else rows, prefix="questions")
    # Both are asked, so that all that is wrong is shown at once.
    if form.is_valid() & formset.is_valid():
        save(form.save(commit=False), formset.questions)
        messages.success(request, gettext("The question set is saved."))
        return redirect("interviews:question_set", edited.pk)
    context = {"form": form, "formset": formset, "question_set": None if is_new else edited}
    return render(request, "interviews/question_sets/question_set.html", context)


@require_POST
@login_required
def question_set_copy(request: HttpRequest, set_id: UUID) -> HttpResponse:
    return _made(request, copied(_found(request, set_id), request.user))


@require_POST
@login_required
def interview_to_set(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    interview = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    return _made(request, from_interview(interview, request.user))


@require_http_methods(["GET", "POST"])
@login_required
def question_set_delete(request: HttpRequest, set_id: UUID) -> HttpResponse:
    """Asks first: without a script nothing else would."""
    found = _found(request, set_id)
    if request.method != "POST":
        return render(request, "interviews/question_sets/question_set_delete.html", {"question_set": found})
    found.delete()
    messages.success(request, gettext("The question set is deleted."))
    return redirect("interviews:question_sets")


def _found(request: HttpRequest, set_id: UUID) -> QuestionSet:
    return get_object_or_404(access.question_sets_for(request.user), pk=set_id)


def _made(request: HttpRequest, made: QuestionSet) -> HttpResponse:
    messages.success(request, gettext("This is your new question set. Change what you like."))
    return redirect("interviews:question_set", made.pk)

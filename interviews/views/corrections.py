"""Reviewers correct what was recognised: a form of all segments, or one segment in place by a script."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from interviews import access
from interviews.forms import CorrectionForm
from interviews.models import Answer, Correction, Segment
from interviews.services.corrections import CorrectedMeanwhile, correct
from interviews.templatetags.transcripts import versions

SEGMENTS_PER_PAGE = 50


@require_http_methods(["GET", "POST"])
@login_required
def corrections(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    answers = access.correctable_answers(request.user).select_related("question__interview")
    answer = get_object_or_404(answers, pk=answer_id)
    if request.method == "POST":
        return _corrected(request, answer)
    page = Paginator(_segments(answer), SEGMENTS_PER_PAGE).get_page(request.GET.get("page"))
    return _form_page(request, answer, [CorrectionForm(segment) for segment in page], page=page)


def _corrected(request: HttpRequest, answer: Answer) -> HttpResponse:
    forms = [CorrectionForm(segment, request.POST) for segment in _segments(answer)]
    forms = [form for form in forms if form.is_for(request.POST)]
    is_saved = _save(forms, request.user)
    if not request.accepts("text/html"):
        return _told(answer, forms, is_saved=is_saved)
    if not is_saved:
        return _form_page(request, answer, forms)
    return redirect(
        f"{reverse('interviews:interview', args=[answer.question.interview_id])}#answer-{answer.pk}"
    )


def _segments(answer: Answer) -> QuerySet[Segment]:
    made = Correction.objects.select_related("author")
    return answer.segments.defer("words", "resume").prefetch_related(Prefetch("corrections", made))


@transaction.atomic
def _save(forms: list[CorrectionForm], author: Any) -> bool:
    """All of them or none."""
    is_saved = all(form.is_valid() for form in forms)
    for form in forms if is_saved else []:
        try:
            correct(form.segment, form.cleaned_data["text"], author, seen=form.cleaned_data["seen"])
        except CorrectedMeanwhile as problem:
            form.refuse(problem.latest)
            is_saved = False
    transaction.set_rollback(not is_saved)
    return is_saved


def _form_page(
    request: HttpRequest, answer: Answer, forms: list[CorrectionForm], **more: Any
) -> HttpResponse:
    interview = answer.question.interview
    context = {"answer": answer, "interview": interview, "forms": forms, **more}
    return render(request, "interviews/review/corrections.html", context)


def _told(answer: Answer, forms: list[CorrectionForm], *, is_saved: bool) -> HttpResponse:
    """To a script: the segments as they are now, and why what was sent was refused."""
    posted = {form.segment.index for form in forms}
    segments = [_fields(segment) for segment in _segments(answer).filter(index__in=posted)]
    problems = [
        {"code": problem.code, "message": problem.messages[0]}
        for form in forms
        for errors in form.errors.as_data().values()
        for problem in errors
    ]
    return JsonResponse({"segments": segments, "problems": problems}, status=200 if is_saved else 409)


def _fields(segment: Segment) -> dict[str, Any]:
    correction = segment.correction
    return {
        "segment": segment.index,
        "text": segment.shown_text,
        "seen": correction.pk if correction else None,
        "versions": versions(segment),
    }

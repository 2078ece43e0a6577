"""An interview as it goes on."""

from __future__ import annotations

from uuid import UUID

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from interviews import access
from interviews.conf import conf
from interviews.models import Interview
from interviews.wire.rows import sound_of

SIDE_BY_SIDE_MAX = 4
CHOICE_LENGTH = 50


def page_settings() -> dict[str, int]:
    """From which confidence on words are sure, and how long notes may be."""
    return {"unsure_percent": conf.LOW_CONFIDENCE_PERCENT, "note_max_chars": conf.NOTE_MAX_CHARS}


@require_GET
@login_required
def dashboard(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    found = get_object_or_404(access.interviews_for(request.user), pk=interview_id)
    return render(request, "interviews/dashboard/dashboard.html", {"interview": found, **page_settings()})


@require_GET
@login_required
def side_by_side(request: HttpRequest) -> HttpResponse:
    """Those named by `i`, in that order; without any, what can be chosen from."""
    wanted = list(dict.fromkeys(request.GET.getlist("i")))
    if len(wanted) > SIDE_BY_SIDE_MAX:
        problem = gettext("Choose no more than %(limit)s interviews.") % {"limit": SIDE_BY_SIDE_MAX}
        return _choice(request, problem, status=400)
    if not wanted:
        return _choice(request)
    try:
        found = access.interviews_for(request.user).in_bulk([UUID(value) for value in wanted])
    except ValueError:
        raise Http404 from None
    if len(found) < len(wanted):
        raise Http404
    interviews = [found[UUID(value)] for value in wanted]
    return render(
        request, "interviews/dashboard/side_by_side.html", {"interviews": interviews, **page_settings()}
    )


def _choice(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    going_on = access.interviews_for(request.user).filter(status=Interview.Status.IN_PROGRESS)
    context = {"interviews": going_on[:CHOICE_LENGTH], "most": SIDE_BY_SIDE_MAX, "problem": problem}
    return render(request, "interviews/dashboard/side_by_side_choice.html", context, status=status)


@gzip_page
@require_GET
@login_required
def answer_sound(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    """What is drawn and marked of an answer, which snapshots and pages leave out for its size."""
    answers = access.answers_for(request.user).select_related("question__interview")
    sound = sound_of(get_object_or_404(answers, pk=answer_id))
    return HttpResponse(msgspec.json.encode(sound), content_type="application/json")

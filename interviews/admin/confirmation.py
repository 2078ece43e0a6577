"""An action on chosen interviews that says on a page what it will do, and asks, before it does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext

from interviews import access
from interviews.conf import conf
from interviews.models import Interview

Result = HttpResponseBase | None
Text = str | Promise


class Refused(Exception):
    """Nothing was done; the text says why."""


class Action:
    name: ClassVar[str]
    label: ClassVar[Any]
    explanation: ClassVar[Text]
    button: ClassVar[Text]
    # Django's permission for interviews that it needs.
    permission: ClassVar[str] = "change"
    form: ClassVar[type[forms.Form]] = forms.Form
    is_final: ClassVar[bool] = False

    def may(self, request: HttpRequest, interview: Interview) -> bool:
        return interview.erased_at is None and access.may_manage(request.user, interview)

    def carry_out(self, request: HttpRequest, interviews: list[Interview], values: dict[str, Any]) -> Result:
        """Tells by a message what was done, or answers with a file. Raises Refused."""
        raise NotImplementedError


def confirmed(action: Action) -> Callable[..., Result]:
    """The action as the admin calls it: once to ask, and once more when the page was confirmed."""

    def run(model_admin: Any, request: HttpRequest, chosen: QuerySet[Interview]) -> Result:
        most = conf.ADMIN_MAX_INTERVIEWS
        found = list(chosen[: most + 1])
        allowed = [interview for interview in found if action.may(request, interview)]
        try:
            if len(found) > most:
                raise Refused(gettext("Choose %(most)s interviews at most.") % {"most": most})
            if not allowed:
                raise Refused(gettext("None of the chosen interviews allows that."))
            form = action.form(request.POST if "confirmed" in request.POST else None)
            if form.is_valid():
                return action.carry_out(request, allowed, form.cleaned_data)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return None
        return _ask(model_admin, request, action, form, allowed, len(found) - len(allowed))

    run.__name__ = action.name
    return admin.action(run, permissions=[action.permission], description=action.label)


def _ask(
    model_admin: Any,
    request: HttpRequest,
    action: Action,
    form: forms.Form,
    interviews: Sequence[Interview],
    left_out: int,
) -> Result:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": action.label,
        "opts": model_admin.opts,
        "action": action,
        "form": form,
        "interviews": interviews,
        "left_out": left_out,
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/interviews/interview/confirm.html", context)

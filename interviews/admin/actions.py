"""What can be done with chosen interviews. The verb is a service's; who did it is in the admin's log."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from interviews import exports
from interviews.admin.confirmation import Action, Refused, Result, confirmed
from interviews.conf import conf
from interviews.forms import MAX_LINK_DAYS
from interviews.media import blocks_of
from interviews.models import Interview
from interviews.processing import retranscription
from interviews.services import audit
from interviews.services.erasure import erase
from interviews.services.interviews import cancel, extend


class ExportForm(forms.Form):
    audio = forms.BooleanField(label=_("With the audio of the answers that count"), required=False)


class Export(Action):
    name = "export"
    label = _("Export as ZIP")
    explanation = _("A folder for each interview: text, subtitles and JSON. Nobody's notes are in it.")
    button = _("Export")
    permission = "view"
    form = ExportForm

    def may(self, request: HttpRequest, interview: Interview) -> bool:
        return interview.erased_at is None

    def carry_out(self, request: HttpRequest, interviews: list[Interview], values: dict[str, Any]) -> Result:
        if values["audio"] and exports.audio_bytes(interviews) > conf.EXPORT_MAX_BYTES:
            raise Refused(gettext("Their audio is more than one export may hold: choose fewer."))
        file = tempfile.TemporaryFile()  # noqa: SIM115  (closed when it was sent)
        exports.write_archive(file, interviews, audio=values["audio"])
        for interview in interviews:
            audit.record(request.user, interview, gettext("Exported."))
        size = file.tell()
        file.seek(0)
        name = f"interviews {timezone.localdate():%Y-%m-%d}.zip"
        headers = {"Content-Length": str(size), "Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(blocks_of(file), content_type="application/zip", headers=headers)


def _backends() -> list[tuple[str, str]]:
    return [(name, name) for name in retranscription.offered_backends()]


class RetranscribeForm(forms.Form):
    backend = forms.ChoiceField(label=_("Backend"), choices=_backends)


class Retranscribe(Action):
    name = "retranscribe"
    label = _("Transcribe again")
    explanation = _(
        "The transcriber does it when it has the time. The transcripts that people have seen stay; the new"
        " ones stand beside them, on the pages of the answers. Answers without a transcript get this one."
    )
    button = _("Transcribe again")
    form = RetranscribeForm

    def carry_out(self, request: HttpRequest, interviews: list[Interview], values: dict[str, Any]) -> Result:
        count = retranscription.request(interviews, values["backend"], request.user)
        for interview in interviews:
            audit.record(request.user, interview, gettext("To be transcribed again."))
        told = ngettext(
            "%(count)s answer will be transcribed again.",
            "%(count)s answers will be transcribed again.",
            count,
        )
        messages.success(request, told % {"count": count})
        return None


class Cancel(Action):
    name = "cancel"
    label = _("Cancel")
    explanation = _(
        "Their candidates can't answer any more; who is answering now is told so. What was recorded stays."
    )
    button = _("Cancel the interviews")
    is_final = True

    def carry_out(self, request: HttpRequest, interviews: list[Interview], values: dict[str, Any]) -> Result:
        done = [interview for interview in interviews if cancel(interview)]
        for interview in done:
            audit.record(request.user, interview, gettext("Cancelled."))
        told = ngettext(
            "%(count)s interview was cancelled.", "%(count)s interviews were cancelled.", len(done)
        )
        messages.success(request, told % {"count": len(done)})
        _tell_others(request, len(interviews) - len(done))
        return None


class ExtendForm(forms.Form):
    until = forms.DateField(label=_("Valid until"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = timezone.localdate() + timedelta(days=conf.INTERVIEW_LINK_DAYS)

    def clean_until(self) -> datetime:
        """The end of that day."""
        day: date = self.cleaned_data["until"]
        if not 0 <= (day - timezone.localdate()).days <= MAX_LINK_DAYS:
            raise forms.ValidationError(
                _("Choose a day from today on, within %(days)s days."), params={"days": MAX_LINK_DAYS}
            )
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


class Extend(Action):
    name = "extend"
    label = _("Extend")
    explanation = _("Their links are valid until another day. What had expired goes on where it stood.")
    button = _("Extend")
    form = ExtendForm

    def carry_out(self, request: HttpRequest, interviews: list[Interview], values: dict[str, Any]) -> Result:
        done = [interview for interview in interviews if extend(interview, values["until"])]
        for interview in done:
            audit.record(request.user, interview, gettext("Extended."))
        told = ngettext("%(count)s interview was extended.", "%(count)s interviews were extended.", len(done))
        messages.success(request, told % {"count": len(done)})
        _tell_others(request, len(interviews) - len(done))
        return None


class Erase(Action):
    name = "erase"
    label = _("Delete the data")
    explanation = _(
        "Everything that was said, written and recorded, and who the candidates are, is deleted for good. Who"
        " is answering or watching now is cut off. What stays is that there was an interview, and when."
    )
    button = _("Delete for good")
    permission = "erase"
    is_final = True

    def carry_out(self, request: HttpRequest, interviews: list[Interview], values: dict[str, Any]) -> Result:
        count = erase(interviews, by=request.user)
        told = ngettext(
            "The data of %(count)s interview was deleted.",
            "The data of %(count)s interviews was deleted.",
            count,
        )
        messages.success(request, told % {"count": count})
        return None


def _tell_others(request: HttpRequest, count: int) -> None:
    if count:
        told = ngettext(
            "%(count)s interview was over and stays as it is.",
            "%(count)s interviews were over and stay as they are.",
            count,
        )
        messages.info(request, told % {"count": count})


ACTIONS = [confirmed(action) for action in (Export(), Retranscribe(), Extend(), Cancel(), Erase())]

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from interviews import access
from interviews.conf import conf
from interviews.models import (
    MAX_TAKES,
    TIME_FACTORS,
    Answer,
    Correction,
    Interview,
    Note,
    QuestionSet,
    Segment,
)
from interviews.services.question_sets import MAX_QUESTIONS

CONSENT_VERSION = "2026-11-22"
"""Names the text that candidates agree to, `templates/interviews/consent/<version>.html`.

A new wording is a new file and a new version: the old one stays what others have agreed to.
"""

MAX_LINK_DAYS = 365
MAX_PHRASES = 200
MAX_CORRECTION_CHARS = 5000


CORRECTED_MEANWHILE = _(
    "Somebody corrected this meanwhile. Their text is shown with it. Save again to put yours in its place."
)


class ConsentForm(forms.Form):
    consent = forms.BooleanField(
        label=_("I have read this and agree to being recorded and transcribed."),
        error_messages={"required": _("Please tick the box if you agree. Without it nothing is recorded.")},
    )


class SetChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.language})"


class InterviewForm(forms.ModelForm):  # type: ignore[type-arg]
    question_set = SetChoice(
        label=_("Question set"),
        queryset=QuestionSet.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("Its questions are copied, with their times."),
    )
    questions = forms.CharField(
        label=_("Questions"),
        help_text=_("One on each line, in the order in which they are asked; after those of the set."),
        widget=forms.Textarea(attrs={"rows": 8}),
        required=False,
    )
    phrases = forms.CharField(
        label=_("Names and terms"),
        help_text=_("Likely to be said, one on each line. Recognisers that can, listen for them."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    time_factor = forms.TypedChoiceField(
        label=_("Time"),
        help_text=_("To think and to answer. No reason is asked or stored."),
        choices=TIME_FACTORS,
        initial="1.00",
        coerce=Decimal,
        required=False,
        empty_value=Decimal(1),  # type: ignore[arg-type]
    )
    takes_allowed = forms.TypedChoiceField(
        label=_("Recordings of each answer"),
        help_text=_("With more than one, candidates may record again and choose which take counts."),
        choices=[(count, count) for count in range(1, MAX_TAKES + 1)],
        coerce=int,
        required=False,
        empty_value=1,  # type: ignore[arg-type]
    )
    link_days = forms.IntegerField(
        label=_("Link is valid for (days)"), min_value=1, validators=[MaxValueValidator(MAX_LINK_DAYS)]
    )

    class Meta:
        model = Interview
        fields = ["title", "candidate_name", "candidate_email", "language", "metrics_sharing", "time_factor"]
        labels = {
            "title": _("Position or title"),
            "candidate_email": _("Candidate's e-mail"),
            "metrics_sharing": _("Voice measures"),
        }
        help_texts = {
            "language": _("The language that is spoken, such as en-US."),
            "metrics_sharing": _("Pace, pauses, pitch, level: with whom they are shared."),
        }

    def __init__(self, *args: Any, user: access.Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sets = self.fields["question_set"]
        assert isinstance(sets, SetChoice)
        sets.queryset = access.question_sets_for(user)
        self.fields["link_days"].initial = conf.INTERVIEW_LINK_DAYS
        self.fields["language"].validators.append(
            RegexValidator(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", _("Write it as in en-US or de-DE."))
        )

    def clean_phrases(self) -> list[str]:
        phrases = _lines(self.cleaned_data["phrases"])
        if len(phrases) > MAX_PHRASES:
            raise forms.ValidationError(
                _("That is more than %(limit)s terms."), params={"limit": MAX_PHRASES}
            )
        return phrases

    def clean_questions(self) -> list[dict[str, Any]]:
        """Those of the set, which stands before them, then those that are written."""
        chosen = self.cleaned_data.get("question_set")
        questions = [question.asked for question in chosen.questions.all()] if chosen else []
        questions += [{"text": line} for line in _lines(self.cleaned_data["questions"])]
        if not questions:
            raise forms.ValidationError(_("Choose a question set, or write at least one question."))
        if len(questions) > MAX_QUESTIONS:
            raise forms.ValidationError(
                _("That is more than %(limit)s questions."), params={"limit": MAX_QUESTIONS}
            )
        return questions

    def clean(self) -> dict[str, Any] | None:
        super().clean()
        # Its questions are among the others now.
        self.cleaned_data.pop("question_set", None)
        return self.cleaned_data


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A note's text, and where in the interview it was made."""

    class Meta:
        model = Note
        fields = ["kind", "text", "question", "answer", "at_ms"]

    def __init__(self, *args: Any, interview: Interview, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].validators.append(MaxLengthValidator(conf.NOTE_MAX_CHARS))
        self.fields["question"] = forms.ModelChoiceField(interview.questions.all(), required=False)
        answers = Answer.objects.filter(question__interview=interview)
        self.fields["answer"] = forms.ModelChoiceField(answers, required=False)
        self.fields["at_ms"].required = False

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("kind") == Note.Kind.NOTE and not said.get("text") and "text" not in self.errors:
            self.add_error("text", forms.ValidationError(_("Write something."), code="required"))
        answer = said.get("answer")
        if answer is not None and answer.question != said.get("question"):
            self.add_error("answer", forms.ValidationError(_("It answers another question."), code="invalid"))
        if answer is None and said.get("at_ms") is not None:
            self.add_error("at_ms", forms.ValidationError(_("There is no answer to be in."), code="invalid"))
        return said


class CorrectionForm(forms.Form):
    """One segment's text. Empty where nothing was said."""

    text = forms.CharField(
        required=False, max_length=MAX_CORRECTION_CHARS, widget=forms.Textarea(attrs={"rows": 2})
    )
    # The correction that was shown when this was typed.
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, segment: Segment, data: QueryDict | None = None) -> None:
        self.segment = segment
        correction = segment.correction
        initial = {"text": segment.shown_text, "seen": correction and correction.pk}
        super().__init__(data, prefix=str(segment.index), initial=initial)

    def is_for(self, data: QueryDict) -> bool:
        return self.add_prefix("text") in data

    def refuse(self, latest: Correction | None) -> None:
        """Somebody corrected it meanwhile: saved again, what was typed takes the place of their text."""
        self.data = {**dict(self.data.items()), self.add_prefix("seen"): latest and latest.pk}
        self.add_error("text", ValidationError(CORRECTED_MEANWHILE, code="CORRECTED_MEANWHILE"))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]

"""Sets of questions: their forms, and what becomes of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from interviews.conf import conf
from interviews.models import MAX_TAKES, Interview, QuestionSet, SetQuestion
from speech.backends import is_recognisable

MAX_QUESTIONS = 50
MAX_THINK_SECONDS = 3600
MIN_ANSWER_SECONDS = 5
# For more questions, where no script adds rows.
BLANK_ROWS = 3
NAME_MAX = QuestionSet._meta.get_field("name").max_length


class QuestionSetForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = QuestionSet
        fields = ["name", "language"]
        labels = {"name": _("Name"), "language": _("Language")}
        help_texts = {"language": _("In which they are asked, such as en-US.")}

    def clean_language(self) -> str:
        language: str = self.cleaned_data["language"]
        if not is_recognisable(language):
            raise forms.ValidationError(_("This site's speech recognition does not know the language."))
        return language


class SetQuestionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SetQuestion
        fields = [
            "text",
            "question_type",
            "difficulty",
            "think_seconds",
            "answer_seconds",
            "takes_allowed",
        ]
        labels = {
            "text": _("Question"),
            "question_type": _("Type"),
            "difficulty": _("Difficulty"),
            "think_seconds": _("Seconds to think"),
            "answer_seconds": _("Seconds to answer"),
            "takes_allowed": _("Takes allowed"),
        }
        help_texts = {"takes_allowed": ""}
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}

    think_seconds = forms.IntegerField(
        label=_("Seconds to think"), min_value=0, max_value=MAX_THINK_SECONDS, initial=30
    )
    takes_allowed = forms.IntegerField(label=_("Takes allowed"), min_value=1, max_value=MAX_TAKES, initial=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer_seconds"] = forms.IntegerField(
            label=_("Seconds to answer"),
            min_value=MIN_ANSWER_SECONDS,
            max_value=conf.ANSWER_MAX_SECONDS,
            initial=min(180, conf.ANSWER_MAX_SECONDS),
        )

    @property
    def changed_data(self) -> list[str]:
        """A row with nothing but its place is blank."""
        about_the_row = ORDERING_FIELD_NAME, DELETION_FIELD_NAME
        return [name for name in super().changed_data if name not in about_the_row]


class BaseQuestionFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    default_error_messages = {
        **forms.BaseFormSet.default_error_messages,
        "too_many_forms": _("That is more than %(num)d questions."),
    }

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields[ORDERING_FIELD_NAME].label = _("Place")
        form.fields[DELETION_FIELD_NAME].label = _("Remove this question")

    def clean(self) -> None:
        removed = self.deleted_forms if self.can_delete else []
        if not any(form.has_changed() and form not in removed for form in self.forms):
            raise forms.ValidationError(_("Write at least one question."))

    @property
    def questions(self) -> list[SetQuestion]:
        """Those that are to be kept, in their order."""
        kept = [form.instance for form in self.ordered_forms]
        for position, question in enumerate(kept, start=1):
            question.position = position
        return kept


QuestionFormSet = forms.formset_factory(
    SetQuestionForm,
    formset=BaseQuestionFormSet,
    can_order=True,
    can_delete=True,
    extra=BLANK_ROWS,
    max_num=MAX_QUESTIONS,
    validate_max=True,
    absolute_max=2 * MAX_QUESTIONS,
)


@transaction.atomic
def save(question_set: QuestionSet, questions: list[SetQuestion]) -> None:
    """With these questions and no others, whose `position` is set already.

    They are deleted and made anew: nothing refers to a question of a set.
    """
    question_set.save()
    question_set.questions.all().delete()
    for question in questions:
        question.question_set = question_set
    SetQuestion.objects.bulk_create(questions)


def copied(question_set: QuestionSet, owner: Any) -> QuestionSet:
    """A set of the owner's own with the same questions, saved."""
    copy = QuestionSet(
        name=_short(gettext("Copy of %(name)s") % {"name": question_set.name}),
        language=question_set.language,
        owner=owner,
    )
    save(copy, _copies(question_set.questions.all()))
    return copy


def from_interview(interview: Interview, owner: Any) -> QuestionSet:
    """What an interview asks as a set of the owner's, saved under the interview's title."""
    made = QuestionSet(name=interview.title, language=interview.language, owner=owner)
    save(made, _copies(interview.questions.all()))
    return made


def _copies(questions: Any) -> list[SetQuestion]:
    return [
        SetQuestion(position=position, **question.asked)
        for position, question in enumerate(questions, start=1)
    ]


def _short(name: str) -> str:
    return Truncator(name).chars(NAME_MAX or 200)

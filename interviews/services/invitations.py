"""A candidate's link by e-mail.

Nothing changes until the mail server has taken the message: one that fails leaves the old link as it is.
"""

from __future__ import annotations

import logging
import smtplib
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from interviews import access, links
from interviews.conf import conf
from interviews.models import Interview, Invitation
from interviews.users import mail_address_of, name_of

logger = logging.getLogger(__name__)

PRINTED = "django.core.mail.backends.console.EmailBackend"

REFUSED_ADDRESS = _("The mail server refuses this address. Please check how it is written.")
FAILED = _(
    "The mail could not be sent: the mail server is away or refuses our mail. Please try again later, or send"
    " the link yourself. Your administrator finds the reason in the log."
)
TOO_MANY = _(
    "This interview has been invited to as often as this site allows. Please send the link yourself."
)
ANOTHER = _(
    "An invitation was sent a moment ago, perhaps by a second click. Send another only if it is needed."
)
OVER = _("This interview is over, so that nobody can be invited to it any more.")


class NotInvited(Exception):
    """`reason` is for the recruiter."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(reason)
        self.reason = reason


class InvitationForm(forms.Form):
    # Refuses line breaks, names, and more than one address.
    email = forms.EmailField(label=_("Candidate's e-mail"), max_length=254)
    # The link that is on the page already, which is then the one that is sent.
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    # The last invitation that the page knew of.
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)


def form_for(interview: Interview, token: str = "") -> InvitationForm:
    """With the address that was used last. `token` is that of the link on the page, where there is one."""
    last = interview.invitations.first()
    email = last.email if last else interview.candidate_email
    return InvitationForm(initial={"email": email, "token": token, "after": last and last.pk})


def last_of(interview: Interview) -> int | None:
    """The id of the last invitation, which `invite` takes as `after`."""
    return interview.invitations.values_list("pk", flat=True).first()


def is_printed() -> bool:
    """Where no mail server is set, mail goes to the server's own output."""
    return bool(settings.EMAIL_BACKEND == PRINTED)


def invite(
    interview: Interview, sender: Any, email: str, *, token: str = "", after: int | None = None
) -> str:
    """Sends the link, and returns its token: the given one while that is the link's, else a new one.

    A new one ends the old one. `after` is the last invitation that the sender knows of: a later one may come
    of their own second click. Blocks until the mail server has answered. Raises NotInvited, and then
    everything is as it was.
    """
    is_current = access.hash_token(token) == interview.token_hash
    sent = token if is_current else access.new_token()
    invitation = _reserve(interview.pk, sender, email, after)
    try:
        _message(interview, sender, email, sent).send()
    except (smtplib.SMTPException, OSError) as problem:
        invitation.delete()
        # Its text may name the address.
        code = getattr(problem, "smtp_code", "")
        logger.error("interview %s: no invitation: %s %s", interview.pk, type(problem).__name__, code)
        is_address = isinstance(problem, smtplib.SMTPRecipientsRefused)
        raise NotInvited(REFUSED_ADDRESS if is_address else FAILED) from problem
    _record_sent(interview, invitation, sent)
    return sent


@transaction.atomic
def _reserve(interview_id: UUID, sender: Any, email: str, after: int | None) -> Invitation:
    """Before it is sent, so that two at once are not both sent."""
    interview = Interview.objects.select_for_update().get(pk=interview_id)
    if not interview.is_open:
        raise NotInvited(OVER)
    if last_of(interview) not in {None, after}:
        raise NotInvited(ANOTHER)
    if interview.invitations.count() >= conf.INVITATIONS_PER_INTERVIEW:
        raise NotInvited(TOO_MANY)
    return Invitation.objects.create(interview=interview, email=email, sent_by=sender)


@transaction.atomic
def _record_sent(interview: Interview, invitation: Invitation, token: str) -> None:
    # Nothing where the interview's data was deleted while the mail was on its way.
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())
    interview.token_hash = access.hash_token(token)
    interview.candidate_email = interview.candidate_email or invitation.email
    kept = Interview.objects.filter(pk=interview.pk, erased_at=None)
    kept.update(token_hash=interview.token_hash, candidate_email=interview.candidate_email)


def preview(interview: Interview, sender: Any) -> str:
    """The text as it would be sent, without the link."""
    with translation.override(_language(interview)):
        return render_to_string("interviews/mail/invitation.txt", _context(interview, sender, link="…"))


def _message(interview: Interview, sender: Any, email: str, token: str) -> EmailMultiAlternatives:
    context = _context(interview, sender, links.candidate_url(token))
    with translation.override(_language(interview)):
        subject = gettext("Your interview: %(title)s") % {"title": interview.title}
        text = render_to_string("interviews/mail/invitation.txt", context)
        html = render_to_string("interviews/mail/invitation.html", context)
    reply_to = mail_address_of(sender)
    message = EmailMultiAlternatives(
        # A title may hold line breaks, which have no place in a header.
        " ".join(subject.split()),
        text,
        to=[email],
        reply_to=[reply_to] if _is_address(reply_to) else None,
    )
    message.attach_alternative(html, "text/html")
    return message


def _context(interview: Interview, sender: Any, link: str) -> dict[str, Any]:
    return {
        "interview": interview,
        "sender": name_of(sender),
        "total": interview.questions.count(),
        "link": link,
    }


def _language(interview: Interview) -> str:
    """The interview's, where this site speaks it."""
    try:
        return translation.get_supported_language_variant(interview.language)
    except LookupError:
        return settings.LANGUAGE_CODE


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True

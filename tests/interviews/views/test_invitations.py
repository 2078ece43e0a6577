"""Candidates' links by e-mail."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from interviews import access
from interviews.models import Interview, Invitation
from interviews.services import erasure, invitations
from tests.support.pages import new_interview, signed_in, text_of
from tests.support.rows import a_recruiter, an_interview, an_interview_and_token

pytestmark = pytest.mark.django_db

ADDRESS = "rosa@example.org"


@pytest.fixture
def ada(client: Client) -> Any:
    return signed_in(client)


class SlowServer(BaseEmailBackend):
    """A mail server while whose answer is waited for something else happens."""

    meanwhile: Callable[[], Any]

    def send_messages(self, messages: Any) -> int:
        type(self).meanwhile()
        return len(messages)


class FailingServer(BaseEmailBackend):
    """A mail server that takes nothing."""

    problem: Exception = OSError("away")

    def send_messages(self, messages: Any) -> int:
        raise self.problem


@pytest.fixture
def failing(settings: Any) -> Iterator[type[FailingServer]]:
    settings.EMAIL_BACKEND = f"{__name__}.FailingServer"
    yield FailingServer
    FailingServer.problem = OSError("away")


def send(client: Client, interview: Interview, **fields: Any) -> Any:
    last = invitations.last_of(interview)
    named = {"email": ADDRESS, "token": "", "after": last or "", **fields}
    return client.post(reverse("interviews:invite", args=[interview.pk]), named)


def alternatives(message: mail.EmailMessage) -> list[tuple[str, str]]:
    assert isinstance(message, mail.EmailMultiAlternatives)
    return [(str(content), str(kind)) for content, kind in message.alternatives]


def token_in(message: Any) -> str:
    line = next(line for line in message.body.splitlines() if "/join/" in line)
    return line.rstrip("/").rsplit("/", 1)[1]


def problems(page: Any) -> list[str]:
    return list(page.context["form"].non_field_errors())


# Sending


def test_a_candidate_is_sent_a_link_that_works(client: Client, ada: Any) -> None:
    interview, old = an_interview_and_token(ada, title="Gardener", candidate_name="Rosa & Co")

    page = send(client, interview)

    [message] = mail.outbox
    assert (message.to, message.cc, message.bcc) == ([ADDRESS], [], [])
    assert (message.subject, message.reply_to) == ("Your interview: Gardener", ["ada@example.org"])
    assert message.body.startswith("Hello Rosa & Co,\n")
    assert "There are 2 questions for you" in message.body
    token = token_in(message)
    html, kind = alternatives(message)[0]
    assert kind == "text/html" and f"/join/{token}/" in html and "Rosa &amp; Co" in html
    assert access.interview_for_token(token) == interview
    assert access.interview_for_token(old) is None
    assert f"/join/{token}/" in text_of(page)


def test_who_was_invited_when_and_by_whom_is_kept_and_the_link_is_not(client: Client, ada: Any) -> None:
    interview = an_interview(ada)

    send(client, interview)

    invitation = Invitation.objects.get()
    assert (invitation.interview, invitation.email, invitation.sent_by) == (interview, ADDRESS, ada)
    assert invitation.sent_at is not None and (timezone.now() - invitation.sent_at).total_seconds() < 60
    interview.refresh_from_db()
    assert interview.candidate_email == ADDRESS
    token = token_in(mail.outbox[0])
    page = text_of(client.get(reverse("interviews:invite", args=[interview.pk])))
    assert ADDRESS in page and token not in page
    assert token not in str(Interview.objects.values()) + str(Invitation.objects.values())


def test_the_link_that_is_on_the_page_is_the_one_that_is_sent(client: Client, ada: Any) -> None:
    interview, token = an_interview_and_token(ada)

    send(client, interview, token=token)

    assert token_in(mail.outbox[0]) == token
    assert access.interview_for_token(token) == interview


def test_a_link_of_another_interview_is_not_sent(client: Client, ada: Any) -> None:
    interview = an_interview(ada)
    _, others = an_interview_and_token(a_recruiter("bea"))

    send(client, interview, token=others)

    assert token_in(mail.outbox[0]) != others
    assert access.interview_for_token(token_in(mail.outbox[0])) == interview


def test_it_is_in_the_interviews_language(client: Client, ada: Any) -> None:
    interview = an_interview(ada, language="de-DE")
    Interview.objects.update(expires_at=timezone.make_aware(datetime(2030, 3, 1)))

    send(client, interview)

    assert "1. März 2030" in mail.outbox[0].body
    assert '<html lang="de" dir="ltr">' in alternatives(mail.outbox[0])[0][0]


def test_a_language_that_the_site_does_not_speak_is_no_obstacle(client: Client, ada: Any) -> None:
    interview = an_interview(ada)
    Interview.objects.update(language="xx-XX")

    send(client, interview)

    assert '<html lang="en"' in alternatives(mail.outbox[0])[0][0]


def test_words_can_do_no_harm_to_the_mail(client: Client, ada: Any) -> None:
    interview = an_interview(ada, title="A\r\nBcc: all@example.org", candidate_name="<script>x</script>")

    send(client, interview)

    [message] = mail.outbox
    sent = message_from_bytes(message.message().as_bytes(), policy=default)
    assert sent["Subject"] == "Your interview: A Bcc: all@example.org"
    assert sent["Bcc"] is None
    assert "<script>" not in alternatives(message)[0][0]


def test_a_recruiter_without_an_address_is_not_answered(client: Client) -> None:
    owner = signed_in(client)
    interview = an_interview(owner)
    owner.email = "no address\r\nBcc: all@example.org"
    owner.save()

    send(client, interview)

    assert mail.outbox[0].reply_to == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "rosa",
        "rosa@example.org\nBcc: all@example.org",
        "rosa@example.org\r\n\r\nHello",
        "rosa@example.org, tom@example.org",
        "Rosa <rosa@example.org>",
        "rosa@example.org%0aBcc:all@example.org",
        '"rosa\n"@example.org',
        f"{'x' * 250}@example.org",
    ],
)
def test_an_address_that_is_none_is_refused(client: Client, ada: Any, address: str) -> None:
    interview, token = an_interview_and_token(ada)

    page = send(client, interview, email=address)

    assert set(page.context["form"].errors) == {"email"}
    assert (mail.outbox, Invitation.objects.count()) == ([], 0)
    assert access.interview_for_token(token) == interview


# What may go wrong


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (ConnectionRefusedError(111, "refused"), invitations.FAILED),
        (TimeoutError("too late"), invitations.FAILED),
        (smtplib.SMTPAuthenticationError(535, b"no"), invitations.FAILED),
        (smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such user")}), invitations.REFUSED_ADDRESS),
    ],
)
def test_a_mail_server_that_fails_is_told_and_changes_nothing(
    client: Client, ada: Any, failing: Any, caplog: Any, problem: Exception, sentence: Any
) -> None:
    interview, token = an_interview_and_token(ada)
    failing.problem = problem

    page = send(client, interview)

    assert problems(page) == [sentence]
    assert f'value="{ADDRESS}"' in text_of(page)
    assert access.interview_for_token(token) == interview
    assert not Invitation.objects.exists()
    assert str(interview.pk) in caplog.text and type(problem).__name__ in caplog.text
    assert ADDRESS not in caplog.text


def test_a_link_that_could_not_be_sent_is_shown_again(client: Client, ada: Any, failing: Any) -> None:
    interview, token = an_interview_and_token(ada)

    page = send(client, interview, token=token)

    assert f"/join/{token}/" in text_of(page)
    assert problems(page) == [str(invitations.FAILED)]


def test_a_second_click_sends_nothing(client: Client, ada: Any) -> None:
    interview = an_interview(ada)
    send(client, interview)

    again = send(client, interview, after="")
    meant = send(client, interview, after=again.context["form"]["after"].value())

    assert problems(again) == [str(invitations.ANOTHER)]
    assert meant.context["sent_to"] == ADDRESS
    assert len(mail.outbox) == Invitation.objects.count() == 2


def test_there_is_a_limit(client: Client, ada: Any, settings: Any) -> None:
    settings.INVITATIONS_PER_INTERVIEW = 2
    interview, other = an_interview(ada), an_interview(ada)

    pages = [send(client, interview) for _ in range(3)]

    assert problems(pages[-1]) == [str(invitations.TOO_MANY)]
    assert len(mail.outbox) == 2
    assert send(client, other).context["sent_to"] == ADDRESS


@pytest.mark.parametrize("status", [Interview.Status.COMPLETED, Interview.Status.CANCELLED])
def test_nobody_is_invited_to_what_is_over(client: Client, ada: Any, status: str) -> None:
    interview = an_interview(ada, status=status)

    page = client.get(reverse("interviews:invite", args=[interview.pk]))
    sent = send(client, interview)

    assert "so that nobody can be invited" in text_of(page)
    assert problems(sent) == [str(invitations.OVER)]
    assert mail.outbox == []


def test_what_broke_off_is_not_said_to_be_sent(client: Client, ada: Any) -> None:
    interview = an_interview(ada)
    Invitation.objects.create(interview=interview, email=ADDRESS, sent_by=ada)

    page = text_of(client.get(reverse("interviews:invite", args=[interview.pk])))

    assert "whether it was sent isn&#x27;t known" in page or "whether it was sent isn't known" in page


def test_the_page_says_before_that_the_old_link_ends_and_shows_the_text(client: Client, ada: Any) -> None:
    interview = an_interview(ada, candidate_email="first@example.org")

    page = text_of(client.get(reverse("interviews:invite", args=[interview.pk])))

    assert "earlier links stop working" in page
    assert 'value="first@example.org"' in page
    assert "Hello Grace Example," in page


def test_a_site_without_a_mail_server_says_so(client: Client, ada: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = invitations.PRINTED

    page = text_of(client.get(reverse("interviews:invite", args=[an_interview(ada).pk])))

    assert "This site has no mail server yet" in page


def test_data_that_is_deleted_meanwhile_stays_deleted(client: Client, ada: Any, settings: Any) -> None:
    interview = an_interview(ada)
    settings.EMAIL_BACKEND = f"{__name__}.SlowServer"
    SlowServer.meanwhile = lambda: erasure.erase([interview])

    send(client, interview)

    interview.refresh_from_db()
    assert (interview.candidate_email, interview.invitations.count()) == ("", 0)


# Right after making an interview


def test_a_new_interview_is_made_and_invited_to_at_once(client: Client, ada: Any) -> None:
    page = client.post(
        reverse("interviews:interview_new"), new_interview(candidate_email=ADDRESS, invite="yes")
    )

    interview, [message] = Interview.objects.get(), mail.outbox
    assert access.interview_for_token(token_in(message)) == interview
    assert (message.to, page.context["sent_to"]) == ([ADDRESS], ADDRESS)


def test_who_is_invited_at_once_needs_an_address(client: Client, ada: Any) -> None:
    page = client.post(reverse("interviews:interview_new"), new_interview(invite="yes"))

    assert set(page.context["form"].errors) == {"candidate_email"}
    assert "Why you?" in text_of(page)
    assert not Interview.objects.exists()


def test_a_new_interview_outlives_a_mail_server_that_fails(client: Client, ada: Any, failing: Any) -> None:
    page = client.post(
        reverse("interviews:interview_new"), new_interview(candidate_email=ADDRESS, invite="yes")
    )

    token = page.context["link"].rstrip("/").rsplit("/", 1)[1]
    assert access.interview_for_token(token) == Interview.objects.get()
    assert str(invitations.FAILED) in text_of(page)


# Who may


def test_only_who_manages_an_interview_invites_to_it(client: Client) -> None:
    interview, token = an_interview_and_token(a_recruiter("bea"))
    interview.watchers.add(signed_in(client))

    watchers = send(client, interview), client.get(reverse("interviews:invite", args=[interview.pk]))
    client.force_login(a_recruiter("carl"))
    strangers = send(client, interview), client.get(reverse("interviews:invite", args=[interview.pk]))

    assert [page.status_code for page in watchers + strangers] == [403, 403, 404, 404]
    assert mail.outbox == []
    assert access.interview_for_token(token) == interview


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_takes_as_many_queries_for_few_as_for_many(
    client: Client, ada: Any, rows: int, django_assert_num_queries: Any
) -> None:
    interview = an_interview(ada)
    for _ in range(rows):
        Invitation.objects.create(interview=interview, email=ADDRESS, sent_by=ada, sent_at=timezone.now())

    with django_assert_num_queries(6):
        page = client.get(reverse("interviews:invite", args=[interview.pk]))

    assert [sent.email for sent in page.context["invitations"]] == [ADDRESS] * rows


# A link without an invitation


def test_only_the_owner_makes_a_new_link(client: Client) -> None:
    interview = an_interview(a_recruiter("bea"))
    interview.watchers.add(signed_in(client))

    watchers = client.post(reverse("interviews:interview_link", args=[interview.pk]))
    client.force_login(a_recruiter("carl"))
    strangers = client.post(reverse("interviews:interview_link", args=[interview.pk]))

    assert (watchers.status_code, strangers.status_code) == (403, 404)
    before = interview.token_hash
    interview.refresh_from_db()
    assert interview.token_hash == before


def test_a_link_is_never_made_by_opening_a_page(client: Client) -> None:
    interview = an_interview(signed_in(client))

    assert client.get(reverse("interviews:interview_link", args=[interview.pk])).status_code == 405

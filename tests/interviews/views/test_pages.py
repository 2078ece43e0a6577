"""What holds for many pages: who may see them, in which language, and what they may load."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.pages import signed_in, text_of
from tests.support.rows import a_recruiter, an_answer, an_interview, an_interview_and_token

pytestmark = pytest.mark.django_db


RECRUITERS_PAGES = ["interview", "dashboard"]


@pytest.mark.parametrize("name", [*RECRUITERS_PAGES, "lobby", "interview_new"])
def test_recruiters_sign_in_first(client: Client, name: str) -> None:
    interview = an_interview()
    address = reverse(f"interviews:{name}", args=[interview.pk] if name in RECRUITERS_PAGES else [])

    response = client.get(address)

    assert response["Location"] == f"{reverse('login')}?next={address}"


def test_a_candidate_is_no_recruiter(client: Client) -> None:
    interview, token = an_interview_and_token()
    client.post(reverse("interviews:join", args=[token]), {"consent": "on"})

    responses = [client.get(reverse(f"interviews:{name}", args=[interview.pk])) for name in RECRUITERS_PAGES]

    assert [response.status_code for response in responses] == [302, 302]


@pytest.mark.parametrize("name", RECRUITERS_PAGES)
def test_anothers_interview_is_as_missing_as_one_that_never_was(client: Client, name: str) -> None:
    others = an_interview(a_recruiter("bea"))
    an_answer(others.questions.get(position=1), "a secret")
    signed_in(client)

    responses = [client.get(reverse(f"interviews:{name}", args=[pk])) for pk in (others.pk, uuid4())]

    assert [response.status_code for response in responses] == [404, 404]
    assert responses[0].content == responses[1].content


@pytest.mark.parametrize("name", RECRUITERS_PAGES)
def test_owners_watchers_and_superusers_see_an_interview(client: Client, name: str) -> None:
    owner, watcher, root = (
        a_recruiter("owner"),
        a_recruiter("watcher"),
        a_recruiter("root", is_superuser=True),
    )
    interview = an_interview(owner)
    interview.watchers.add(watcher)

    for user in (owner, watcher, root):
        client.force_login(user)
        assert client.get(reverse(f"interviews:{name}", args=[interview.pk])).status_code == 200


def test_signing_in_leads_to_the_lobby_and_out_again(client: Client) -> None:
    a_recruiter(password="a long password")

    signed_in = client.post(reverse("login"), {"username": "ada", "password": "a long password"})
    signed_out = client.post(reverse("logout"))

    assert signed_in["Location"] == reverse("interviews:lobby")
    assert signed_out["Location"] == reverse("login")
    assert client.get(reverse("interviews:home"))["Location"] == reverse("interviews:lobby")


@pytest.mark.parametrize("address", ["/accounts/login/", "/join/unknown/"])
def test_pages_allow_no_script_or_style_but_the_sites_own(client: Client, address: str) -> None:
    response = client.get(address)

    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    page = text_of(response)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_pages_come_in_the_chosen_language(client: Client) -> None:
    client.post(reverse("set_language"), {"language": "de", "next": reverse("login")})

    page = text_of(client.get(reverse("login")))

    assert '<html lang="de" dir="ltr">' in page
    assert 'value="de" lang="de" aria-current="true"' in page

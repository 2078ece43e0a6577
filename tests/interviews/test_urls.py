"""Our pages' addresses, in a site that has given us a prefix and a namespace of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from interviews import links
from tests.support.rows import a_recruiter, an_answer, an_interview, an_interview_and_token

pytestmark = pytest.mark.django_db

IN_A_HOST = pytest.mark.urls("tests.support.host_urls")
IN_TWO_PLACES = pytest.mark.urls("tests.support.two_hosts_urls")
PREFIX = "/people/hiring/"
# Whatever begins at the site's root. Sockets and static files have addresses of their own.
ADDRESS = re.compile(r'="(/(?!ws/|static/)[^"]*)"')
PAGES = ["lobby", "interview_new", "side_by_side", "question_sets", "question_set_new"]
INTERVIEWS_PAGES = ["interview", "dashboard", "invite", "interview_print"]


def addresses_in(client: Client, address: str) -> set[str]:
    page = client.get(address)
    assert page.status_code == 200
    return set(ADDRESS.findall(page.content.decode()))


def ada(client: Client, **fields: Any) -> Any:
    user = a_recruiter("ada", **fields)
    client.force_login(user)
    return user


@IN_A_HOST
@pytest.mark.parametrize("name", PAGES + INTERVIEWS_PAGES)
def test_recruiters_pages_lead_nowhere_but_to_ours(client: Client, name: str) -> None:
    interview = an_interview(ada(client, is_staff=True))
    an_answer(interview.questions.get(position=1), "i listen", audio=b"fLaC")
    address = reverse(f"interviews:{name}", args=[interview.pk] if name in INTERVIEWS_PAGES else [])

    found = addresses_in(client, address)

    assert address.startswith(PREFIX)
    assert found
    assert [one for one in found if not one.startswith(PREFIX)] == []


@IN_A_HOST
def test_a_candidate_comes_in_and_is_led_on(client: Client, settings: Any) -> None:
    interview, token = an_interview_and_token()
    link = links.candidate_url(token)

    asked = client.get(link.removeprefix(settings.SITE_URL))
    led = client.post(link.removeprefix(settings.SITE_URL), {"consent": "on"}, follow=True)

    assert link.startswith(settings.SITE_URL + PREFIX)
    assert asked.status_code == 200
    assert led.redirect_chain == [(f"{PREFIX}interviews/{interview.pk}/session/", 302)]
    assert led.status_code == 200


@IN_A_HOST
def test_our_way_in_leads_to_the_lobby_and_links_to_the_dashboard(client: Client) -> None:
    interview = an_interview(ada(client))

    assert client.get(PREFIX)["Location"] == f"{PREFIX}interviews/"
    assert links.dashboard_url(interview).endswith(f"{PREFIX}interviews/{interview.pk}/live/")


@IN_A_HOST
def test_whoever_is_not_signed_in_is_sent_to_the_hosts_own_page(client: Client, settings: Any) -> None:
    settings.LOGIN_URL = "/sign-in/"

    asked = client.get(reverse("interviews:lobby"))

    assert asked["Location"] == f"/sign-in/?next={PREFIX}interviews/"


@IN_TWO_PLACES
@pytest.mark.parametrize("prefix", ["/jobs/", PREFIX])
def test_a_page_leads_to_others_of_its_own_place(client: Client, prefix: str) -> None:
    an_interview(ada(client))

    found = addresses_in(client, f"{prefix}interviews/")

    assert len(found) > 3
    assert [one for one in found if not one.startswith(prefix)] == []


@IN_TWO_PLACES
def test_what_no_page_asks_for_leads_to_the_place_of_our_own_name() -> None:
    _, token = an_interview_and_token()

    assert f"/jobs/join/{token}/" in links.candidate_url(token)

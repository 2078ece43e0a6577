from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.utils import timezone

from interviews import access
from interviews.models import Interview
from interviews.services import interviews
from tests.support.rows import a_recruiter, an_answer, an_interview, an_interview_and_token

pytestmark = pytest.mark.django_db


def cookies(interview: Interview) -> dict[str, str]:
    return {access.COOKIE_NAME: access.candidate_cookie(interview)}


def test_a_token_is_stored_only_as_its_hash() -> None:
    interview, token = an_interview_and_token()

    assert token not in str(Interview.objects.values().get())
    assert access.interview_for_token(token) == interview
    assert access.interview_for_token(interview.token_hash) is None


def test_the_cookie_opens_its_interview_once_consent_is_given() -> None:
    interview = an_interview()
    before = access.candidate_interview(interview.pk, cookies(interview))

    interviews.give_consent(interview, "2026-11")

    assert before is None
    assert access.candidate_interview(interview.pk, cookies(interview)) == interview


def test_a_cookie_opens_no_other_interview() -> None:
    mine = an_interview(consented_at=timezone.now())
    others = an_interview(consented_at=timezone.now())
    renamed = {access.COOKIE_NAME: access.candidate_cookie(mine)}

    assert access.candidate_interview(others.pk, cookies(mine)) is None
    assert access.candidate_interview(others.pk, renamed) is None


def test_a_cookie_that_was_made_up_opens_nothing() -> None:
    interview = an_interview(consented_at=timezone.now())
    name = access.COOKIE_NAME
    content = [interview.pk.hex, interview.token_hash[:16]]
    forged = [
        "",
        "nonsense",
        access.candidate_cookie(interview) + "x",
        signing.dumps(content, salt="another purpose"),
        signing.dumps(content, key="another key", salt=access.COOKIE_SALT),
    ]

    assert [access.candidate_interview(interview.pk, {name: value}) for value in forged] == [None] * len(
        forged
    )


def test_a_cookie_of_the_version_before_opens_its_interview_still() -> None:
    interview = an_interview(consented_at=timezone.now())
    key = [interview.pk.hex, interview.token_hash[:16]]
    before = {f"candidate_{interview.pk.hex}": signing.dumps(key, salt="interviews.candidate")}

    assert access.candidate_interview(interview.pk, before) == interview
    interviews.new_link(interview)
    assert access.candidate_interview(interview.pk, before) is None


def test_a_new_link_ends_the_old_ones_cookies() -> None:
    interview = an_interview(consented_at=timezone.now())
    old = cookies(interview)

    interviews.new_link(interview)

    assert access.candidate_interview(interview.pk, old) is None
    assert access.candidate_interview(interview.pk, cookies(interview)) == interview


def test_there_is_no_cookie_for_an_interview_that_never_was() -> None:
    interview = an_interview(consented_at=timezone.now())

    assert access.candidate_interview(uuid4(), cookies(interview)) is None


def test_recruiters_see_what_they_own_or_watch() -> None:
    ada, bea = a_recruiter("ada"), a_recruiter("bea")
    own, watched, foreign = an_interview(ada), an_interview(bea), an_interview(bea)
    watched.watchers.add(ada)
    foreign.watchers.add(bea)

    assert set(access.interviews_for(ada)) == {own, watched}


def test_an_interview_is_seen_once_however_many_watch_it() -> None:
    ada = a_recruiter("ada")
    interview = an_interview(ada)
    interview.watchers.add(ada, a_recruiter("bea"), a_recruiter("carl"))

    assert list(access.interviews_for(ada)) == [interview]


def test_superusers_see_everything_and_who_is_nobody_nothing() -> None:
    interview = an_interview(a_recruiter("ada"))
    root = a_recruiter("root", is_superuser=True)
    retired = a_recruiter("retired", is_superuser=True, is_active=False)

    assert list(access.interviews_for(root)) == [interview]
    assert list(access.interviews_for(retired)) == []
    assert list(access.interviews_for(AnonymousUser())) == []


def test_superusers_are_superior_to_everybody_and_others_to_themselves() -> None:
    ada, root = a_recruiter("ada"), a_recruiter("root", is_superuser=True)
    owners = ada.pk, root.pk, None

    assert [access.is_superior(ada, owner) for owner in owners] == [True, False, False]
    assert [access.is_superior(root, owner) for owner in owners] == [True, True, True]
    assert [access.is_superior(AnonymousUser(), owner) for owner in owners] == [False, False, False]


def test_whoever_watches_an_interview_does_not_manage_it() -> None:
    ada, bea = a_recruiter("ada"), a_recruiter("bea")
    interview = an_interview(ada)
    interview.watchers.add(bea)

    assert [access.may_manage(user, interview) for user in (ada, bea)] == [True, False]


def test_an_interview_without_an_owner_is_only_a_superusers() -> None:
    an_interview(None)

    assert list(access.interviews_for(a_recruiter())) == []


def test_answers_are_seen_by_who_sees_their_interview() -> None:
    ada, bea = a_recruiter("ada"), a_recruiter("bea")
    mine = an_answer(an_interview(ada).questions.get(position=1), "mine")
    an_answer(an_interview(bea).questions.get(position=1), "theirs")

    assert list(access.answers_for(ada)) == [mine]


def test_staff_without_a_right_to_an_interview_see_it_no_more_than_others() -> None:
    an_interview(a_recruiter("ada"))

    assert list(access.interviews_for(a_recruiter("bea", is_staff=True))) == []


def test_who_is_signed_in_may_create() -> None:
    assert access.may_create(a_recruiter()) is True
    assert access.may_create(a_recruiter("retired", is_active=False)) is False
    assert access.may_create(AnonymousUser()) is False

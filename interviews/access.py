"""The one door to rows: who may see and do what, for views, sockets and media alike.

A candidate is known by the link's token, or by the signed cookie that giving consent sets. The
cookie is ours and independent of Django's login. It names the links it came from, so that a new
link ends the old one's cookies; after an interview's end both open it for CANDIDATE_ACCESS_DAYS.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db.models import Q, QuerySet
from django.utils import timezone

from interviews.conf import conf
from interviews.models import Answer, AnswerQuerySet, Interview, Note, QuestionSet, watcher_field
from interviews.users import Person, name_of, open_sessions

COOKIE_SALT = "interviews.candidates"
# The first where the site is on https: browsers take it from this very host alone.
SECURE_COOKIE_NAME, COOKIE_NAME = "__Host-candidate", "candidate"
# One cookie for all, or those of a few dozen interviews would be more than servers take of headers.
COOKIE_INTERVIEWS = 10
MEDIA_SALT = "interviews.media"
Viewer = Person


def new_token() -> str:
    """256 random bits for a candidate's link. Only its hash is stored."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    # The token is random, so that a plain hash can't be reversed by guessing.
    return hashlib.sha256(token.encode()).hexdigest()


def interview_for_token(token: str) -> Interview | None:
    return Interview.objects.filter(token_hash=hash_token(token)).first()


def candidate_cookie(interview: Interview, cookies: Mapping[str, str] | None = None) -> str:
    """The value of a cookie for this interview, and for the last others that `cookies` are for."""
    key = _key_of(interview)
    others = [other for other in _keys_in(cookies or {}) if other[0] != key[0]]
    return signing.dumps([key, *others][:COOKIE_INTERVIEWS], salt=COOKIE_SALT)


def _key_of(interview: Interview) -> list[str]:
    return [interview.pk.hex, interview.token_hash[:16]]


def _keys_in(cookies: Mapping[str, str]) -> list[list[str]]:
    found: list[list[str]] = []
    for name in (SECURE_COOKIE_NAME, COOKIE_NAME):
        with suppress(signing.BadSignature):
            found += signing.loads(cookies.get(name, ""), salt=COOKIE_SALT)
    return found


def _earlier_keys_in(cookies: Mapping[str, str], interview_id: UUID) -> list[list[str]]:
    """Of the version before, which set a cookie for each interview: who is answering goes on."""
    try:
        return [signing.loads(cookies.get(f"candidate_{interview_id.hex}", ""), salt="interviews.candidate")]
    except signing.BadSignature:
        return []


def candidate_interview(interview_id: UUID, cookies: Mapping[str, str]) -> Interview | None:
    """The interview, if the cookies hold its candidate's, consent was given, and it isn't long over."""
    interview = Interview.objects.filter(pk=interview_id, consented_at__isnull=False).first()
    keys = [*_keys_in(cookies), *_earlier_keys_in(cookies, interview_id)]
    if interview is None or _key_of(interview) not in keys or is_long_over(interview):
        return None
    return interview


def is_long_over(interview: Interview) -> bool:
    """Whether its candidate's link and cookie open nothing of it any more."""
    ended = interview.completed_at
    return ended is not None and ended < timezone.now() - timedelta(days=conf.CANDIDATE_ACCESS_DAYS)


def takes_to_choose_from(interview_id: UUID, cookies: Mapping[str, str]) -> QuerySet[Answer]:
    """The candidate's own, of the question that waits for their choice, and of no other."""
    interview = candidate_interview(interview_id, cookies)
    if interview is None or not interview.is_open:
        return Answer.objects.none()
    several = Answer.objects.ended().filter(question__takes_allowed__gt=1)
    return several.filter(question=interview.current_question_id, question__interview=interview)


def is_superior(user: Viewer, owner_id: Any) -> bool:
    """Whether the user may see and manage what is the owner's: everybody may what is their own.

    None stands for whoever there is, and for nobody: superusers alone are superior to all, where a site's
    users may be superusers.
    """
    is_own = owner_id is not None and owner_id == user.pk
    return is_own or bool(getattr(user, "is_superuser", False))


def interviews_for(user: Viewer) -> QuerySet[Interview]:
    """What a recruiter may see: what they own or watch; a superuser sees all."""
    return records_for(user).filter(erased_at=None)


def records_for(user: Viewer) -> QuerySet[Interview]:
    """The same, and with them the records of those whose data was deleted."""
    if not user.is_authenticated or not user.is_active:
        return Interview.objects.none()
    if is_superior(user, None):
        return Interview.objects.all()
    watched = Interview.watchers.through.objects.filter(**{watcher_field(): user.pk}).values("interview_id")
    return Interview.objects.filter(Q(owner_id=user.pk) | Q(pk__in=watched))


def answers_for(user: Viewer) -> AnswerQuerySet:
    return Answer.objects.filter(question__interview__in=interviews_for(user))


def notes_for(user: Viewer) -> QuerySet[Note]:
    """Their own, as long as they may see the interview."""
    return Note.objects.filter(author_id=user.pk, interview__in=interviews_for(user))


def correctable_answers(user: Viewer) -> QuerySet[Answer]:
    """Whoever may see an interview may correct what was recognised of its answers, once they have ended."""
    return answers_for(user).ended().filter(kind=Answer.Kind.VOICE)


def media_token(answer: Answer, viewer: Viewer) -> str:
    """Opens the answer's audio for this viewer, for MEDIA_LINK_SECONDS and as long as they may hear it."""
    return signing.dumps([answer.pk.hex, str(viewer.pk)], salt=MEDIA_SALT)


def media_for(token: str, viewer: Viewer) -> QuerySet[Answer]:
    """The answer whose audio the token opens, or none. Raises signing.SignatureExpired.

    The token alone opens nothing: the viewer it was made for is signed in, and has the right still.
    """
    try:
        answer_id, viewer_id = signing.loads(token, salt=MEDIA_SALT, max_age=conf.MEDIA_LINK_SECONDS)
    except signing.SignatureExpired:
        raise
    except signing.BadSignature:
        return Answer.objects.none()
    if viewer_id != str(viewer.pk):
        return Answer.objects.none()
    return answers_for(viewer).filter(pk=answer_id).exclude(audio="")


def question_sets_for(user: Viewer) -> QuerySet[QuestionSet]:
    """Nobody but their owner sees or uses them; a superuser sees all."""
    if not user.is_authenticated or not user.is_active:
        return QuestionSet.objects.none()
    if is_superior(user, None):
        return QuestionSet.objects.all()
    return QuestionSet.objects.filter(owner_id=user.pk)


def may_create(user: Viewer) -> bool:
    return bool(user.is_authenticated and user.is_active)


def may_manage(user: Viewer, interview: Interview) -> bool:
    """Whoever only watches an interview may not give it away: with its link they could answer."""
    return is_superior(user, interview.owner_id)


@dataclass(frozen=True)
class Watcher:
    """Who watches on a socket, and the session that let them: as long as it holds, they may."""

    user_id: Any
    name: str
    session_key: str
    auth_hash: str


def watcher_of(scope: Mapping[str, Any], interview_id: UUID | None = None) -> Watcher | None:
    """The signed-in recruiter of a socket, if they may see the interview (or, with None, any)."""
    user = scope["user"]
    if not user.is_authenticated:
        return None
    if interview_id is not None and not interviews_for(user).filter(pk=interview_id).exists():
        return None
    session_key = scope["session"].session_key
    return Watcher(user.pk, name_of(user), session_key, user.get_session_auth_hash())


def user_of(watcher: Watcher) -> AbstractBaseUser | None:
    """The watcher's user, as long as the session that let them in holds."""
    user = _users({watcher.user_id}).get(watcher.user_id)
    return user if _holds(watcher, user, open_sessions({watcher.session_key})) else None


Sight = tuple[Watcher, UUID]


def still_allowed(sights: Collection[Sight]) -> set[Sight]:
    """Those whose session, password, account and rights are still what they were.

    The rule of `interviews_for`, for many at once and in a fixed number of queries.
    """
    ids = {interview_id for _, interview_id in sights}
    users = _users({watcher.user_id for watcher, _ in sights})
    sessions = open_sessions({watcher.session_key for watcher, _ in sights})
    owners = dict(Interview.objects.filter(pk__in=ids, erased_at=None).values_list("pk", "owner_id"))
    through = Interview.watchers.through.objects.filter(interview_id__in=ids)
    watching = set(through.values_list(watcher_field(), "interview_id"))

    def sees(user: AbstractBaseUser | None, watcher: Watcher, interview_id: UUID) -> bool:
        if interview_id not in owners or user is None or not _holds(watcher, user, sessions):
            return False
        return is_superior(user, owners[interview_id]) or (user.pk, interview_id) in watching

    return {(watcher, i) for watcher, i in sights if sees(users.get(watcher.user_id), watcher, i)}


def _users(keys: Collection[Any]) -> Mapping[Any, AbstractBaseUser]:
    return get_user_model()._default_manager.in_bulk(keys)


def _holds(watcher: Watcher, user: AbstractBaseUser | None, sessions: Collection[str]) -> bool:
    """Whether what let them in still would: the account, its password, the session."""
    if user is None or not user.is_active or watcher.session_key not in sessions:
        return False
    return watcher.auth_hash == user.get_session_auth_hash()

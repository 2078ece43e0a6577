"""The one door to rows: who may see and do what, for views, sockets and media alike.

A candidate is known by the link's token, or by the signed cookie that giving consent sets. The
cookie is ours and independent of Django's login. It names the link it came from, so that a new
link ends the old one's cookies.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.sessions.models import Session
from django.core import signing
from django.db.models import Q, QuerySet
from django.utils import timezone

from interviews.conf import conf
from interviews.models import Answer, AnswerQuerySet, Interview, Note, QuestionSet

COOKIE_SALT = "interviews.candidate"
MEDIA_SALT = "interviews.media"
Viewer = User | AbstractBaseUser | AnonymousUser


def new_token() -> str:
    """256 random bits for a candidate's link. Only its hash is stored."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    # The token is random, so that a plain hash can't be reversed by guessing.
    return hashlib.sha256(token.encode()).hexdigest()


def interview_for_token(token: str) -> Interview | None:
    return Interview.objects.filter(token_hash=hash_token(token)).first()


def cookie_name(interview_id: UUID) -> str:
    return f"candidate_{interview_id.hex}"


def candidate_cookie(interview: Interview) -> str:
    return signing.dumps([interview.pk.hex, interview.token_hash[:16]], salt=COOKIE_SALT)


def candidate_interview(interview_id: UUID, cookies: Mapping[str, str]) -> Interview | None:
    """The interview, if the cookies hold its candidate's and consent was given."""
    try:
        signed = signing.loads(cookies.get(cookie_name(interview_id), ""), salt=COOKIE_SALT)
    except signing.BadSignature:
        return None
    interview = Interview.objects.filter(pk=interview_id, consented_at__isnull=False).first()
    if interview is None or signed != [interview.pk.hex, interview.token_hash[:16]]:
        return None
    return interview


def takes_to_choose_from(interview_id: UUID, cookies: Mapping[str, str]) -> QuerySet[Answer]:
    """The candidate's own, of the question that waits for their choice, and of no other."""
    interview = candidate_interview(interview_id, cookies)
    if interview is None or not interview.is_open:
        return Answer.objects.none()
    several = Answer.objects.ended().filter(question__takes_allowed__gt=1)
    return several.filter(question=interview.current_question_id, question__interview=interview)


def interviews_for(user: Viewer) -> QuerySet[Interview]:
    """What a recruiter may see: what they own or watch; a superuser sees all."""
    return records_for(user).filter(erased_at=None)


def records_for(user: Viewer) -> QuerySet[Interview]:
    """The same, and with them the records of those whose data was deleted."""
    if not user.is_authenticated or not user.is_active:
        return Interview.objects.none()
    if getattr(user, "is_superuser", False):
        return Interview.objects.all()
    watched = Interview.watchers.through.objects.filter(user_id=user.pk).values("interview_id")
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
    return signing.dumps([answer.pk.hex, viewer.pk], salt=MEDIA_SALT)


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
    if viewer_id != viewer.pk:
        return Answer.objects.none()
    return answers_for(viewer).filter(pk=answer_id).exclude(audio="")


def question_sets_for(user: Viewer) -> QuerySet[QuestionSet]:
    """Nobody but their owner sees or uses them; a superuser sees all."""
    if not user.is_authenticated or not user.is_active:
        return QuestionSet.objects.none()
    if getattr(user, "is_superuser", False):
        return QuestionSet.objects.all()
    return QuestionSet.objects.filter(owner_id=user.pk)


def may_create(user: Viewer) -> bool:
    return bool(user.is_authenticated and user.is_active)


def may_manage(user: Viewer, interview: Interview) -> bool:
    """Whoever only watches an interview may not give it away: with its link they could answer."""
    return interview.owner_id == user.pk or bool(getattr(user, "is_superuser", False))


@dataclass(frozen=True)
class Watcher:
    """Who watches on a socket, and the session that let them: as long as it holds, they may."""

    user_id: int
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
    return Watcher(
        user.pk, user.get_full_name() or user.get_username(), session_key, user.get_session_auth_hash()
    )


def user_of(watcher: Watcher) -> User | None:
    """The watcher's user, as long as the session that let them in holds."""
    user = User.objects.filter(pk=watcher.user_id, is_active=True).first()
    holds = (
        user and watcher.auth_hash == user.get_session_auth_hash() and _open_sessions({watcher.session_key})
    )
    return user if holds else None


Sight = tuple[Watcher, UUID]


def still_allowed(sights: Collection[Sight]) -> set[Sight]:
    """Those whose session, password, account and rights are still what they were.

    The rule of `interviews_for`, for many at once and in a fixed number of queries.
    """
    ids = {interview_id for _, interview_id in sights}
    users = User.objects.filter(is_active=True).in_bulk({watcher.user_id for watcher, _ in sights})
    sessions = _open_sessions({watcher.session_key for watcher, _ in sights})
    owners = dict(Interview.objects.filter(pk__in=ids, erased_at=None).values_list("pk", "owner_id"))
    through = Interview.watchers.through.objects.filter(interview_id__in=ids)
    watching = set(through.values_list("user_id", "interview_id"))

    def sees(user: User | None, watcher: Watcher, interview_id: UUID) -> bool:
        if user is None or interview_id not in owners or watcher.session_key not in sessions:
            return False
        if watcher.auth_hash != user.get_session_auth_hash():
            return False
        return user.is_superuser or owners[interview_id] == user.pk or (user.pk, interview_id) in watching

    return {(watcher, i) for watcher, i in sights if sees(users.get(watcher.user_id), watcher, i)}


def _open_sessions(keys: set[str]) -> set[str]:
    found = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(found.values_list("session_key", flat=True))

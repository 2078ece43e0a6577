from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from interviews.access import Watcher
from interviews.database import in_database
from interviews.errors import Close
from interviews.live.broadcast import Delivery, delivery_of
from interviews.live.observers import LobbySession
from interviews.live.worker import Worker
from interviews.models import Interview, Segment
from interviews.queries import status
from interviews.queries.lobby import Lobby, look_by_socket
from interviews.services import answers, changes, interviews
from interviews.wire.messages import Transcription
from speech.backends.scripted import BLOCK_BYTES
from speech.events import Final, Resume
from tests.support.answers import babble, segments_in, text_of
from tests.support.away import away
from tests.support.live import (
    Message,
    Peer,
    candidate_of,
    connected,
    eventually,
    joined,
    observer_of,
    the_answer,
)
from tests.support.rows import a_recruiter, an_answer, an_interview, some_words
from tests.support.speaking import answer, begin, write
from tests.support.unreliable import UnreliableLayer
from tests.support.watching import a_watcher, watched

pytestmark = pytest.mark.django_db(transaction=True)


def texts(snapshot: Message) -> list[str]:
    return [segment["text"] for answer in snapshot["answers"] for segment in answer["segments"]]


# What they see


async def test_an_observer_sees_a_snapshot_and_then_every_change(worker: Worker) -> None:
    interview, (first, second), ada = await watched()
    pcm = babble(2)

    async with connected(observer_of(interview, ada, worker)) as observer:
        snapshot = await joined(observer)
        async with connected(candidate_of(interview, worker)) as candidate:
            await answer(candidate, first, pcm)
        await observer.until("question", question_id=second)

    assert (snapshot["type"], snapshot["revision"], snapshot["answers"]) == ("snapshot", 1, [])
    told = [m for m in observer.heard[1:] if m["type"] not in {"presence", "heartbeat", "snapshot"}]
    # When the recogniser is ready doesn't depend on when the candidate is.
    assert [m["type"] for m in told if m["type"] not in {"transcription", "state"}] == [
        "question",
        "answer_started",
        "answer_recorded",
        "voice_metrics",
        "answer_complete",
        "question",
    ]
    assert [m["state"] for m in told if m["type"] == "state"] == ["live"]
    finals = [m["text"] for m in told if m["type"] == "transcription" and m["is_final"]]
    assert finals == segments_in(pcm)
    revisions = [m["revision"] for m in told]
    assert revisions == sorted(revisions)
    assert set(revisions) == set(range(2, 8))


async def test_who_joins_late_sees_what_was_said_and_the_open_utterance(worker: Worker) -> None:
    interview, (first, _), ada = await watched()
    pcm = babble(2)

    async with (
        connected(observer_of(interview, ada, worker)) as early,
        connected(candidate_of(interview, worker)) as candidate,
    ):
        await joined(early)
        await begin(candidate, first)
        # The second segment stays open.
        candidate.frame(0, pcm[: 5 * BLOCK_BYTES])
        final = await early.until("transcription", is_final=True)
        # It comes as a message, or with a snapshot.
        await eventually(
            lambda: (interim := worker.feed.interim(interview.pk)) and interim.segment == 1, "it is open"
        )
        async with connected(observer_of(interview, ada, worker)) as late:
            snapshot = await late.next()

    assert texts(snapshot) == [final["text"]] == segments_in(pcm)[:1]
    assert snapshot["interim"]["text"] == text_of(pcm[4 * BLOCK_BYTES : 5 * BLOCK_BYTES])
    assert snapshot["revision"] == final["revision"]


async def test_who_asks_gets_a_new_snapshot(worker: Worker) -> None:
    interview, (first, _), ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        before = await observer.until("snapshot")
        await in_database(interviews.start, interview.pk)
        await write(interview, first)
        observer.say("resync")
        after = await observer.until("snapshot")

    assert [len(before["answers"]), len(after["answers"])] == [0, 1]
    assert after["revision"] == before["revision"] + 2


def is_complete(snapshot: Any) -> bool:
    return [answer["status"] for answer in snapshot["answers"]] == ["complete"]


@pytest.mark.parametrize("trouble", ["loses", "is_away"])
async def test_what_the_layer_does_not_bring_is_shown_all_the_same(
    layer: type[UnreliableLayer], worker: Worker, trouble: str
) -> None:
    interview, (first, _), ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        await joined(observer)
        setattr(layer, trouble, True)
        async with connected(candidate_of(interview, worker)) as candidate:
            await answer(candidate, first, babble(1))
        began = asyncio.get_running_loop().time()
        while not is_complete(shown := await observer.until("snapshot")):
            pass
        took = asyncio.get_running_loop().time() - began

    assert texts(shown) == [text_of(babble(1))]
    # Two seconds are promised; the rest is for a busy machine.
    assert took < 4


async def test_a_lost_message_is_noticed_after_another_was_only_late(worker: Worker) -> None:
    interview, (first, _), ada = await watched()
    session = observer_of(interview, ada, worker)

    def stands_at(revision: int) -> None:
        session.check(status.Standing(revision, False, "", {}, {(ada, interview.pk)}))

    async with connected(session) as observer:
        before = (await joined(observer))["revision"]
        await in_database(interviews.start, interview.pk)
        await write(interview, first)
        stands_at(before + 1)
        session.deliver(Delivery(interview.pk, before + 1, []))
        for _ in range(2):
            stands_at(before + 2)
        shown = await observer.until("snapshot")

    assert shown["revision"] == before + 2


async def test_a_heartbeat_tells_where_it_stands(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.1
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        beat = await observer.until("heartbeat")

    assert beat["revision"] == 1


async def test_a_heartbeat_tells_how_long_nothing_has_come_from_the_candidate(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.1
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        before = await observer.until("heartbeat")
        async with connected(candidate_of(interview, worker)):
            while (here := (await observer.until("heartbeat"))["candidate_silent_ms"]) is None:
                pass
        while (gone := (await observer.until("heartbeat"))["candidate_silent_ms"]) < here + 1000:
            pass

    assert before["candidate_silent_ms"] is None
    assert 0 <= here < gone


async def test_an_interim_says_how_much_had_been_heard(
    worker: Worker,
) -> None:
    interview, (first, _), ada = await watched()

    async with (
        connected(observer_of(interview, ada, worker)) as observer,
        connected(candidate_of(interview, worker)) as candidate,
    ):
        await joined(observer)
        await begin(candidate, first)
        candidate.frame(0, babble(2)[: 3 * BLOCK_BYTES])
        interim = await observer.until("transcription", is_final=False)

    assert interim["end_ms"] <= interim["heard_ms"] <= 1500
    # Which of its words may still change, this recogniser doesn't say.
    assert "tail" not in interim


async def test_whether_interims_are_late_is_told_at_once_and_to_who_comes(
    layer: type[UnreliableLayer], worker: Worker
) -> None:
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        before = await joined(observer)
        layer.is_away = True
        worker.broadcaster.publish(changes.Change(interview.pk, 1))
        await observer.until("heartbeat", interims="late")
        async with connected(observer_of(interview, ada, worker)) as another:
            late = await another.until("snapshot")
        layer.is_away = False
        await observer.until("heartbeat", interims="live")

    assert (before["interims"], late["interims"]) == ("live", "late")


async def test_pings_are_answered_and_nonsense_is_refused(worker: Worker) -> None:
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        observer.say("ping")
        await observer.until("pong")
        observer.say("text_answer", question_id="q", answer_text="Because.")
        refusal = await observer.until("error")

    assert refusal["code"] == "UNKNOWN_MESSAGE_TYPE"


async def test_too_many_messages_end_the_connection(worker: Worker, settings: Any) -> None:
    settings.SOCKET_MESSAGES_PER_SECOND = 5
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        for _ in range(11):
            observer.say("resync")
        closed = await observer.until_closed()

    assert (closed, observer.codes) == (Close.TRY_LATER, ["RATE_LIMIT_EXCEEDED"])


async def test_who_watches_while_the_database_is_away_stays_and_is_shown_what_it_holds_then(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.1
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        await joined(observer)
        with away(Segment):
            observer.say("resync")
            beats = [await observer.until("heartbeat") for _ in range(10)]
        await in_database(interviews.start, interview.pk)
        shown = await observer.until("snapshot", revision=beats[-1]["revision"] + 1)

    assert shown["interview"]["status"] == "in_progress"


# Words that are still open


async def speaking(interview: Interview, question_id: str) -> Callable[..., Delivery]:
    """Begins an answer; returns what makes deliveries of its words."""
    await in_database(interviews.start, interview.pk)
    begun = await in_database(answers.begin_answer, interview.pk, question_id)

    def said(revision: int, segment: int, text: str, *, is_final: bool = False) -> Delivery:
        words = Transcription(
            question_id=begun.answer.question_id,
            answer_id=begun.answer.pk,
            segment=segment,
            text=text,
            is_final=is_final,
            confidence=None,
            start_ms=0,
            end_ms=500,
        )
        return delivery_of(changes.Change(interview.pk, revision, [words]))

    return said


async def test_of_many_interims_the_latest_is_shown_and_finals_are_not_kept_waiting(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_INTERIMS_PER_SECOND = 10
    interview, (first, _), ada = await watched()
    said = await speaking(interview, first)
    session = observer_of(interview, ada, worker)

    async with connected(session) as observer:
        revision = (await joined(observer))["revision"]
        for number in range(30):
            session.deliver(said(revision, 0, f"interim {number}"))
        session.deliver(said(revision + 1, 0, "the final", is_final=True))
        for number in range(30):
            session.deliver(said(revision + 1, 1, f"next {number}"))
        began = asyncio.get_running_loop().time()
        last = await observer.until("transcription", text="next 29")
        took = asyncio.get_running_loop().time() - began

    told = [message["text"] for message in observer.said("transcription")]
    # The ones that were out of date are not told after the final.
    assert told == ["interim 0", "the final", "next 29"]
    assert (last["segment"], took < 1) == (1, True)


async def test_a_snapshot_shows_no_words_twice_where_a_final_was_lost(worker: Worker) -> None:
    interview, (first, _), ada = await watched()
    said = await speaking(interview, first)

    async with connected(observer_of(interview, ada, worker)) as observer:
        revision = (await joined(observer))["revision"]
        worker.feed.deliver(said(revision, 0, "my great"))
        answer = await the_answer()
        await in_database(
            answers.add_segment, answer, 0, Final("my greatest", 0, 900, None, (), Resume(), "")
        )
        shown = await observer.until("snapshot", revision=revision + 1)
        worker.feed.deliver(said(revision + 1, 1, "and"))
        observer.say("resync")
        later = await observer.until("snapshot")

    assert (texts(shown), shown["interim"]) == (["my greatest"], None)
    assert (texts(later), later["interim"]["text"]) == (["my greatest"], "and")


async def test_a_snapshot_shows_no_words_of_an_answer_that_is_over_or_not_read_yet(worker: Worker) -> None:
    interview, (first, _), ada = await watched()
    said = await speaking(interview, first)

    async with connected(observer_of(interview, ada, worker)) as observer:
        revision = (await joined(observer))["revision"]
        worker.feed.deliver(said(revision + 1, 0, "after what the rows hold"))
        early = await observer.until("snapshot")
        worker.feed.deliver(said(revision, 0, "whose end was lost"))
        await in_database(answers.give_up, await the_answer())
        late = await observer.until("snapshot", revision=revision + 1)

    assert (early["revision"], early["interim"], late["interim"]) == (revision, None, None)
    assert [len(shown["answers"]) for shown in (early, late)] == [1, 0]


async def test_an_interim_that_waits_is_shown_before_a_change_that_came_after_it(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_INTERIMS_PER_SECOND = 1
    interview, (first, _), ada = await watched()
    said = await speaking(interview, first)
    session = observer_of(interview, ada, worker)

    async with connected(session) as observer:
        revision = (await joined(observer))["revision"]
        session.deliver(said(revision, 0, "my"))
        await observer.until("transcription")
        session.deliver(said(revision, 0, "my great"))
        session.deliver(Delivery(interview.pk, revision + 1, ['{"type": "told"}']))
        await observer.until("told")

    assert [m.get("text", m["type"]) for m in observer.said("transcription", "told")] == [
        "my",
        "my great",
        "told",
    ]


async def test_a_snapshot_that_was_read_before_a_change_is_not_shown_after_it(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.1
    interview, (first, _), ada = await watched()
    await in_database(interviews.start, interview.pk)
    session = observer_of(interview, ada, worker)

    async with connected(session) as observer:
        before = (await joined(observer))["revision"]
        # It is told of before its commit can be read here.
        session.deliver(Delivery(interview.pk, before + 1, ['{"type": "told"}']))
        observer.say("resync")
        await observer.until("told")
        # Each follows a reading of what is wanted.
        beats = [await observer.until("heartbeat") for _ in range(3)]
        told = len(observer.heard)
        await write(interview, first)
        await observer.until("snapshot")

    assert [beat["revision"] for beat in beats] == [before + 1] * 3
    shown = [message["revision"] for message in observer.heard[told - 3 :] if message["type"] == "snapshot"]
    assert shown == [before + 1]


# Who doesn't read


async def test_who_sees_nothing_is_sent_nothing_more_until_they_do(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.3
    settings.OBSERVER_UNSEEN_BYTES = 500
    interview, (first, _), ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        snapshot = await observer.until("snapshot")
        await in_database(interviews.start, interview.pk)
        await write(interview, first)
        beat = await observer.until("heartbeat")
        unseen = list(observer.heard)
        observer.say("seen", revision=beat["revision"])
        again = await observer.until("snapshot")

    # Where the channel layer was slow, it is told again who watches.
    assert {message["type"] for message in unseen} - {"presence"} == {"snapshot", "heartbeat"}
    assert unseen.count(snapshot) == 1
    assert again["revision"] == snapshot["revision"] + 2


async def test_who_goes_on_seeing_nothing_is_disconnected(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 100
    settings.OBSERVER_UNSEEN_SECONDS = 0.2
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        closed = await observer.until_closed()

    assert (closed, observer.codes) == (Close.IDLE, ["TIMEOUT"])


async def test_who_says_that_they_see_stays(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 100
    settings.OBSERVER_UNSEEN_SECONDS = 0.3
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.05
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        for _ in range(20):
            beat = await observer.until("heartbeat")
            observer.say("seen", revision=beat["revision"])

    assert observer.closed is None


async def test_who_says_that_they_saw_less_than_they_were_sent_has_not_read_it(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 100
    settings.OBSERVER_UNSEEN_SECONDS = 2
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.05
    interview, _, ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        # Before anything was asked, and then of a revision before the one that was.
        observer.say("seen", revision=1)
        for _ in range(5):
            beat = await observer.until("heartbeat")
            observer.say("seen", revision=beat["revision"] - 1)
        closed = await observer.until_closed()

    assert (closed, observer.codes) == (Close.IDLE, ["TIMEOUT"])


async def test_a_socket_that_does_not_read_holds_little(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 5000
    interview, (first, _), ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        await joined(observer)
        observer.is_reading.clear()
        async with connected(candidate_of(interview, worker)) as candidate:
            await answer(candidate, first, babble(20))
        held = sum(map(len, observer.session.outbox.waiting))
        observer.is_reading.set()

    assert 0 < held < 5000 + 2000


async def test_who_asks_again_and_again_without_seeing_gets_snapshots_up_to_the_bound_and_then_heartbeats(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.2
    settings.OBSERVER_UNSEEN_BYTES = 5000
    interview, (first, _), ada = await watched()

    async with connected(observer_of(interview, ada, worker)) as observer:
        size = len(json.dumps(await joined(observer)))
        for _ in range(15):
            observer.say("resync")
            await observer.until("heartbeat")
        unseen = len(observer.said("snapshot"))
        await in_database(interviews.start, interview.pk)
        await write(interview, first)
        for beat in observer.said("heartbeat"):
            observer.say("seen", revision=beat["revision"])
        shown = await observer.until("snapshot")

    assert 1 < unseen < 5000 / size + 2
    assert len(shown["answers"]) == 1


async def test_a_slow_reader_is_held_to_what_it_has_read(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 5000
    interview, (first, _), ada = await watched()
    said = await speaking(interview, first)
    session = observer_of(interview, ada, worker)
    held = []

    async with connected(session) as observer:
        revision = (await joined(observer))["revision"]
        observer.is_reading.clear()
        for number in range(300):
            session.deliver(said(revision + number + 1, number, "word " * 100, is_final=True))
            session.show_interims()
            if number % 3 == 0:
                # Of all that comes it reads a third, and answers what it reads.
                observer.is_reading.set()
                message = await observer.next()
                observer.is_reading.clear()
                if message["type"] == "heartbeat":
                    observer.say("seen", revision=message["revision"])
            held.append(sum(map(len, session.outbox.waiting)))
        observer.is_reading.set()

    # Heartbeats go on.
    assert 5000 < max(held) < 5000 + 300 * 70


async def test_what_is_not_ascii_counts_as_what_it_is_on_the_wire(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 5000
    interview, (first, _), ada = await watched()
    said = await speaking(interview, first)
    session = observer_of(interview, ada, worker)

    async with connected(session) as observer:
        revision = (await joined(observer))["revision"]
        for number in range(10):
            session.deliver(said(revision + number + 1, number, "語" * 1000, is_final=True))
        await observer.until("heartbeat")

    assert len(observer.said("transcription")) == 2


# Of an interview of many hours

LONG_ANSWERS = 12
SEGMENTS_EACH = 340  # of half an hour
INTERIMS = 60


def after_six_hours(interview: Interview) -> None:
    for question in interview.questions.all()[1:]:
        spoken = an_answer(question)
        Segment.objects.bulk_create(
            Segment(
                answer=spoken,
                index=index,
                revision=0,
                text="ten words of what somebody said in half an hour",
                words=some_words("ten words of what somebody said in half an hour", 5300 * index),
                start_ms=5300 * index,
                end_ms=5300 * index + 5000,
            )
            for index in range(SEGMENTS_EACH)
        )


async def who_reads(observer: Peer) -> None:
    while True:
        message = await observer.next()
        if message["type"] == "heartbeat":
            observer.say("seen", revision=message["revision"])


async def test_who_joins_after_hours_gets_one_snapshot_and_then_every_interim(
    worker: Worker, settings: Any
) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.2
    settings.OBSERVER_INTERIMS_PER_SECOND = 100
    settings.OBSERVER_UNSEEN_BYTES = 512 * 1024
    questions = [f"Why {number}?" for number in range(LONG_ANSWERS + 1)]
    interview, ids, ada = await watched(*questions)
    said = await speaking(interview, ids[0])
    await in_database(after_six_hours, interview)
    session = observer_of(interview, ada, worker)

    async with connected(session) as observer:
        snapshot = await joined(observer)
        reading = asyncio.create_task(who_reads(observer))
        for number in range(INTERIMS):
            session.deliver(said(snapshot["revision"], 0, f"interim {number}"))
            await asyncio.sleep(1 / 20)
        await eventually(lambda: f"interim {INTERIMS - 1}" in str(observer.heard[-20:]), "the last is shown")
        reading.cancel()

    assert len(json.dumps(snapshot)) > settings.OBSERVER_UNSEEN_BYTES
    assert len(observer.said("snapshot")) == 1
    shown = [message["text"] for message in observer.said("transcription")]
    assert shown == [f"interim {number}" for number in range(INTERIMS)]


# Who may see

Loss = Callable[[Interview, Watcher], Any]


def account(watcher: Watcher) -> QuerySet[User]:
    return User.objects.filter(pk=watcher.user_id)


losses: dict[str, Loss] = {
    "no watcher any more": lambda interview, bob: interview.watchers.remove(bob.user_id),
    "account closed": lambda interview, bob: account(bob).update(is_active=False),
    "account deleted": lambda interview, bob: account(bob).delete(),
    "password changed": lambda interview, bob: account(bob).update(password="another"),
    "signed out": lambda interview, bob: Session.objects.filter(session_key=bob.session_key).delete(),
    "interview deleted": lambda interview, bob: interview.delete(),
}


@pytest.mark.parametrize("loss", losses.values(), ids=losses.keys())
async def test_who_loses_the_right_to_see_is_disconnected(worker: Worker, loss: Loss) -> None:
    interview, _, ada = await watched()
    bob = await in_database(a_watcher, "bob")
    await in_database(interview.watchers.add, bob.user_id)
    gone = await in_database(Interview.objects.get, pk=interview.pk)

    async with connected(observer_of(interview, ada, worker)) as stays:
        async with connected(observer_of(interview, bob, worker)) as observer:
            await joined(stays)
            await joined(observer)
            await in_database(loss, gone, bob)
            closed = await observer.until_closed()
        if await in_database(Interview.objects.filter(pk=interview.pk).exists):
            await stays.until("presence", watchers=["Ada"])
        else:
            await stays.until_closed()

    assert (closed, observer.codes) == (Close.NOT_ALLOWED, ["FORBIDDEN"])


async def test_a_superuser_sees_what_others_own(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_HEARTBEAT_SECONDS = 0.4
    interview, _, _ = await watched()
    root = await in_database(a_watcher, "root", is_superuser=True)

    async with connected(observer_of(interview, root, worker)) as observer:
        for _ in range(2):
            await observer.until("heartbeat")

    assert observer.closed is None


async def test_nothing_is_left_of_observers_that_have_gone(worker: Worker) -> None:
    interview, _, ada = await watched()

    for steps in range(20):
        async with connected(observer_of(interview, ada, worker)):
            for _ in range(steps):
                await asyncio.sleep(0.001)

    await eventually(lambda: worker.is_idle, "all are forgotten")


# The lobby


async def test_the_lobby_shows_what_is_theirs_and_how_far_it_is(worker: Worker) -> None:
    interview, (first, _), ada = await watched()
    await in_database(lambda: an_interview(a_recruiter("bob"), title="None of hers"))

    async with connected(LobbySession(ada, every_seconds=0.05)) as lobby:
        before = await lobby.until("lobby")
        await in_database(interviews.start, interview.pk)
        await write(interview, first)
        after = await lobby.until("lobby")
        while after["interviews"][0]["answered"] == 0:
            after = await lobby.until("lobby")

    assert [(i["title"], i["status"], i["answered"], i["total"]) for i in before["interviews"]] == [
        ("Developer", "scheduled", 0, 2)
    ]
    assert [(i["status"], i["answered"]) for i in after["interviews"]] == [("in_progress", 1)]


async def test_the_lobby_is_found_by_the_query_of_its_page(worker: Worker) -> None:
    _, _, ada = await watched()
    owner = await in_database(User.objects.get, pk=ada.user_id)
    await in_database(an_interview, owner, candidate_name="Rosa Rose")

    async with connected(LobbySession(ada, "q=rosa&status=waiting", every_seconds=0.05)) as lobby:
        shown = await lobby.until("lobby")

    assert [entry["candidate_name"] for entry in shown["interviews"]] == ["Rosa Rose"]
    assert shown["counts"] == {"all": 1, "live": 0, "waiting": 1, "done": 0}


async def test_the_lobby_says_nothing_while_nothing_changes(worker: Worker) -> None:
    _, _, ada = await watched()

    async with connected(LobbySession(ada, every_seconds=0.05)) as lobby:
        await lobby.until("lobby")
        for _ in range(10):
            lobby.say("ping")
            await lobby.until("pong")
            await asyncio.sleep(0.02)

    assert len(lobby.said("lobby")) == 1


async def test_a_lobby_that_never_says_it_has_seen_is_closed(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 100
    settings.OBSERVER_UNSEEN_SECONDS = 0.2
    _, _, ada = await watched()

    async with connected(LobbySession(ada, every_seconds=0.05)) as lobby:
        closed = await lobby.until_closed()

    assert (closed, lobby.codes, len(lobby.said("lobby"))) == (Close.IDLE, ["TIMEOUT"], 1)


async def test_a_lobby_that_says_so_is_shown_what_it_missed(worker: Worker, settings: Any) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 100
    interview, _, ada = await watched()

    async with connected(LobbySession(ada, every_seconds=0.05)) as lobby:
        await lobby.until("lobby")
        await in_database(interviews.start, interview.pk)
        lobby.say("seen")
        shown = await lobby.until("lobby")

    assert shown["interviews"][0]["status"] == "in_progress"


async def test_a_lobby_that_is_not_read_is_shown_what_it_missed_when_it_is(
    worker: Worker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OBSERVER_UNSEEN_BYTES = 100
    interview, _, ada = await watched()
    looks: list[Lobby | None] = []

    def look(*asked: Any) -> Lobby | None:
        looks.append(look_by_socket(*asked))
        return looks[-1]

    async with connected(LobbySession(ada, every_seconds=0.02)) as lobby:
        await lobby.until("lobby")
        await in_database(interviews.start, interview.pk)
        monkeypatch.setattr("interviews.queries.lobby.look_by_socket", look)
        # When it looks again, it has found no room for what it saw before.
        await eventually(lambda: len(looks) >= 2, "it looks twice")
        before = len(lobby.said("lobby"))
        lobby.say("seen")
        shown = await lobby.until("lobby")

    assert before == 1
    assert shown["interviews"][0]["status"] == "in_progress"


async def test_the_lobbies_of_one_browser_look_once_for_all(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, ada = await watched()
    asked: list[str] = []

    def look(watcher: Watcher, query_string: str) -> Lobby | None:
        asked.append(query_string)
        return look_by_socket(watcher, query_string)

    monkeypatch.setattr("interviews.queries.lobby.look_by_socket", look)
    pages = ["", "", "", "q=ada", "q=ada"]
    async with AsyncExitStack() as stack:
        peers = [
            await stack.enter_async_context(connected(LobbySession(ada, page, lobbies=worker.lobbies)))
            for page in pages
        ]
        for peer in peers:
            await peer.until("lobby")

    assert sorted(asked) == ["", "q=ada"]


async def test_who_signs_out_is_disconnected_from_the_lobby(worker: Worker) -> None:
    _, _, ada = await watched()

    async with connected(LobbySession(ada, every_seconds=0.05)) as lobby:
        await lobby.until("lobby")
        await in_database(Session.objects.all().delete)
        closed = await lobby.until_closed()

    assert (closed, lobby.codes) == (Close.NOT_ALLOWED, ["FORBIDDEN"])

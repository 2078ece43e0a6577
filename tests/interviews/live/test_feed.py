from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from channels.layers import get_channel_layer

from interviews.access import Watcher
from interviews.database import in_database
from interviews.live.broadcast import Broadcaster, Delivery, delivery_of, group_name
from interviews.live.feed import ECHO_SECONDS, Feed
from interviews.models import Answer, Interview
from interviews.queries.status import Standing
from interviews.services import answers, interviews
from interviews.services.changes import Change
from interviews.wire.messages import ServerMessage, Transcription
from tests.support.live import a_live_interview, eventually
from tests.support.rows import a_recruiter
from tests.support.servers import free_port, redis_server
from tests.support.unreliable import UnreliableLayer

pytestmark = pytest.mark.django_db(transaction=True)

ADA = Watcher(1, "Ada", "session-1", "hash")
BOB = Watcher(2, "Bob", "session-2", "hash")


class Socket:
    """One that remembers what the feed tells it."""

    def __init__(self, interview_id: UUID) -> None:
        self.interview_id = interview_id
        self.standings: list[Standing] = []

    def check(self, standing: Standing) -> None:
        self.standings.append(standing)


class Candidate(Socket):
    def __init__(
        self, interview_id: UUID, answer_id: UUID | None = None, *, silent_seconds: float = 100.0
    ) -> None:
        super().__init__(interview_id)
        self.answer_id = answer_id
        self.silent_seconds = silent_seconds


class Observer(Socket):
    def __init__(self, interview_id: UUID, watcher: Watcher = ADA) -> None:
        super().__init__(interview_id)
        self.watcher = watcher
        self.deliveries: list[Delivery] = []
        self.names: list[list[str]] = []
        self.interims_changed = 0

    def deliver(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    def show_watchers(self, names: list[str]) -> None:
        self.names.append(names)

    def show_interims(self) -> None:
        self.interims_changed += 1

    @property
    def revisions(self) -> list[int]:
        return [delivery.revision for delivery in self.deliveries]


@pytest.fixture
async def feeds(layer: type[UnreliableLayer]) -> AsyncIterator[list[Feed]]:
    """Those of two processes."""
    feeds = [Feed(Broadcaster()), Feed(Broadcaster())]
    for feed in feeds:
        feed.start()
    yield feeds
    for feed in feeds:
        await feed.aclose()


def said(text: str, *, is_final: bool) -> ServerMessage:
    return Transcription(
        question_id=uuid4(),
        answer_id=uuid4(),
        segment=0,
        text=text,
        is_final=is_final,
        confidence=None,
        start_ms=0,
        end_ms=500,
    )


async def joined(feed: Feed, *observers: Observer) -> None:
    for observer in observers:
        feed.attach_observer(observer)
    await eventually(lambda: all(observer.names for observer in observers), "the feed has joined")


async def test_a_change_reaches_the_observers_of_its_interview_in_every_process(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    here, there, elsewhere = Observer(interview_id), Observer(interview_id, BOB), Observer(uuid4())
    await joined(feeds[0], here)
    await joined(feeds[1], there, elsewhere)

    for revision in range(1, 4):
        feeds[0].broadcaster.publish(Change(interview_id, revision))
    await eventually(lambda: len(here.revisions) == len(there.revisions) == 3, "all is delivered")

    assert here.revisions == there.revisions == [1, 2, 3]
    assert elsewhere.revisions == []


async def test_a_candidate_is_sent_no_deliveries_and_counts_as_no_watcher(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    candidate, observer = Candidate(interview_id), Observer(interview_id)
    feeds[0].attach_candidate(candidate)
    await joined(feeds[0], observer)

    feeds[0].broadcaster.publish(Change(interview_id, 1))
    await eventually(lambda: observer.deliveries, "it is delivered")

    # A candidate's socket has nothing to be told by: it would end the task that delivers.
    assert feeds[0].interims == "live"
    assert feeds[0].watchers(interview_id) == ["Ada"]


async def test_nothing_is_delivered_to_who_has_left(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    gone, stays = Observer(interview_id), Observer(interview_id, BOB)
    await joined(feeds[0], gone, stays)

    feeds[0].detach_observer(gone)
    feeds[0].broadcaster.publish(Change(interview_id, 1))
    await eventually(lambda: stays.deliveries, "it is delivered")

    assert gone.deliveries == []


async def test_the_open_utterance_is_kept_for_who_joins_now(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    await joined(feeds[1], socket := Observer(interview_id))

    feeds[0].broadcaster.publish(Change(interview_id, 1, [said("because", is_final=False)]))
    await eventually(lambda: len(socket.deliveries) == 1, "the interim is delivered")
    open_utterance = feeds[1].interim(interview_id)
    feeds[0].broadcaster.publish(Change(interview_id, 2, [said("because I", is_final=True)]))
    await eventually(lambda: len(socket.deliveries) == 2, "the final is delivered")

    assert open_utterance and (open_utterance.text, open_utterance.revision) == ("because", 1)
    assert feeds[1].interim(interview_id) is None


async def test_what_comes_a_moment_after_the_last_one_left_is_not_kept(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    await joined(feeds[0], gone := Observer(interview_id))
    feeds[0].detach_observer(gone)

    feeds[0].deliver(delivery_of(Change(interview_id, 1, [said("because", is_final=False)])))

    assert (gone.deliveries, feeds[0].interim(interview_id)) == ([], None)
    await eventually(lambda: feeds[0].is_idle, "nothing of it is left")


async def test_what_nobody_here_watches_is_not_kept(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    here, there = Observer(interview_id), Observer(interview_id, BOB)
    await joined(feeds[0], here)
    await joined(feeds[1], there)

    feeds[0].detach_observer(here)
    feeds[0].broadcaster.publish(Change(interview_id, 1, [said("because", is_final=False)]))
    await eventually(lambda: there.deliveries, "it is delivered")
    await joined(feeds[0], again := Observer(uuid4()))
    feeds[0].broadcaster.publish(Change(again.interview_id, 1))
    await eventually(lambda: again.deliveries, "what came before has been seen")

    assert feeds[0].interim(interview_id) is None


async def test_all_see_who_watches(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    ada, bob = Observer(interview_id), Observer(interview_id, BOB)
    await joined(feeds[0], ada)

    await joined(feeds[1], bob)
    await eventually(lambda: ada.names[-1] == bob.names[-1] == ["Ada", "Bob"], "both are seen")
    feeds[1].detach_observer(bob)
    await eventually(lambda: ada.names[-1] == ["Ada"], "one has left")

    assert feeds[0].watchers(interview_id) == ["Ada"]


async def test_who_watches_in_two_windows_is_one(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    one, other = Observer(interview_id), Observer(interview_id)
    await joined(feeds[0], one)
    await joined(feeds[1], other)

    feeds[1].detach_observer(other)

    assert feeds[0].watchers(interview_id) == ["Ada"]


async def test_everyone_attached_is_told_where_their_interview_stands(feeds: list[Feed]) -> None:
    interview, (first, _) = await a_live_interview()
    other, _ = await a_live_interview()
    user = await in_database(a_recruiter)
    await in_database(Interview.objects.filter(pk=interview.pk).update, owner=user)
    await in_database(interviews.start, interview.pk)
    begun = await in_database(answers.begin_answer, interview.pk, first)
    candidate = Candidate(interview.pk, begun.answer.pk)
    # With a session that is none.
    observer = Observer(interview.pk, Watcher(user.pk, "Ada", "no session", user.get_session_auth_hash()))
    bystander = Candidate(other.pk)
    for each in (candidate, bystander):
        feeds[0].attach_candidate(each)
    feeds[0].attach_observer(observer)
    await eventually(lambda: all(s.standings for s in (candidate, observer, bystander)), "all are told")

    await in_database(Answer.objects.update, epoch=5)
    await in_database(interviews.cancel, interview)
    await eventually(lambda: candidate.standings[-1].is_over, "the change is seen")

    first_seen, last_seen = candidate.standings[0], candidate.standings[-1]
    assert (first_seen.is_over, first_seen.epochs) == (False, {begun.answer.pk: 1})
    assert (last_seen.revision, last_seen.epochs) == (first_seen.revision + 1, {begun.answer.pk: 5})
    assert observer.standings[0].allowed == set()
    assert (bystander.standings[-1].revision, bystander.standings[-1].is_over) == (1, False)


async def test_when_a_candidate_was_last_heard_is_known_in_every_process(
    feeds: list[Feed], layer: type[UnreliableLayer]
) -> None:
    layer.is_away = True
    interview, _ = await a_live_interview()
    other, _ = await a_live_interview()
    candidate = Candidate(interview.pk, silent_seconds=1.0)
    replaced = Candidate(interview.pk, silent_seconds=100.0)
    observer, elsewhere = Observer(interview.pk), Observer(other.pk)
    for each in (candidate, replaced):
        feeds[0].attach_candidate(each)
    for watching in (observer, elsewhere):
        feeds[1].attach_observer(watching)

    await eventually(lambda: observer.standings and observer.standings[-1].candidate_silent_ms, "it is known")

    silent_ms = observer.standings[-1].candidate_silent_ms
    assert silent_ms is not None and 1000 <= silent_ms < 20_000
    assert elsewhere.standings[-1].candidate_silent_ms is None
    assert observer.standings[-1].revision == observer.standings[0].revision


async def test_standings_are_read_and_publishing_returns_while_the_layer_is_away(
    feeds: list[Feed], layer: type[UnreliableLayer], caplog: pytest.LogCaptureFixture
) -> None:
    interview, _ = await a_live_interview()
    layer.is_away = True
    feeds[0].attach_observer(socket := Observer(interview.pk))

    for revision in range(5):
        feeds[0].broadcaster.publish(Change(interview.pk, revision))
    await eventually(lambda: socket.standings, "its standing is told")

    # Once for each task that lost it, without a flood.
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) <= 6


async def test_deliveries_come_again_when_the_layer_is_back(
    feeds: list[Feed], layer: type[UnreliableLayer], caplog: pytest.LogCaptureFixture
) -> None:
    interview_id = uuid4()
    await joined(feeds[0], socket := Observer(interview_id))
    layer.is_away = True
    feeds[0].broadcaster.publish(Change(interview_id, 1))
    await eventually(lambda: caplog.records, "the loss is noticed")
    layer.is_away = False
    before = len(socket.deliveries)

    async def delivered() -> bool:
        feeds[0].broadcaster.publish(Change(interview_id, 9))
        return len(socket.deliveries) > before

    await eventually(delivered, "deliveries come again")


async def test_a_layer_that_answers_nothing_is_tried_anew(
    feeds: list[Feed], layer: type[UnreliableLayer], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYER_TIMEOUT_SECONDS = 1
    interview_id = uuid4()
    await joined(feeds[0], Observer(uuid4()))
    layer.hangs = True
    feeds[0].attach_observer(socket := Observer(interview_id))
    await eventually(lambda: feeds[0].interims == "late", "no echo comes")
    await eventually(lambda: "lost run;" in caplog.text, "what is published is waited for no more")
    await eventually(lambda: "lost _join;" in caplog.text, "nor is a group")
    layer.hangs = False

    async def delivered() -> bool:
        feeds[0].broadcaster.publish(Change(interview_id, 9))
        return len(socket.deliveries) > 0

    await eventually(delivered, "its group is joined, and what is published is sent")


async def test_interims_are_live_as_long_as_its_echo_comes_back(feeds: list[Feed]) -> None:
    await joined(feeds[0], socket := Observer(uuid4()))

    await eventually(lambda: feeds[0].echo_count == 2, "it has heard itself twice")

    assert (feeds[0].interims, socket.interims_changed) == ("live", 0)


async def test_an_emptied_layer_is_noticed_and_joined_again(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    await joined(feeds[0], socket := Observer(interview_id))
    feeds[0].attach_candidate(Candidate(interview_id))
    feeds[0].broadcaster.publish(Change(interview_id, 1, [said("because", is_final=False)]))
    await eventually(lambda: feeds[0].interim(interview_id), "the interim is delivered")

    get_channel_layer().groups.clear()
    began = time.monotonic()
    await eventually(lambda: feeds[0].interims == "late", "it is noticed")
    noticed_after = time.monotonic() - began
    feeds[0].broadcaster.publish(Change(interview_id, 2))
    await eventually(lambda: feeds[0].interims == "live", "it is joined again")

    # What was lost meanwhile may have closed it.
    assert feeds[0].interim(interview_id) is None
    assert (socket.revisions, socket.interims_changed) == ([1, 2], 2)
    assert noticed_after < 2


async def test_interims_are_late_as_soon_as_the_layer_fails_and_live_when_it_is_back(
    feeds: list[Feed], layer: type[UnreliableLayer]
) -> None:
    interview_id = uuid4()
    await joined(feeds[0], socket := Observer(interview_id))

    layer.is_away = True
    feeds[0].broadcaster.publish(Change(interview_id, 1))
    await eventually(lambda: feeds[0].interims == "late", "the loss is noticed")
    layer.is_away = False
    await eventually(lambda: feeds[0].interims == "live", "it is back")

    assert socket.interims_changed == 2
    # Another channel, beside the one from before, would be sent everything as well.
    assert len(get_channel_layer().groups[group_name(interview_id)]) == 1


async def test_it_shares_a_redis_with_consumers_of_the_sites_own(settings: Any, tmp_path: Path) -> None:
    port = free_port()
    config = {"hosts": [f"redis://127.0.0.1:{port}/0"]}
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": config}
    }
    with redis_server(tmp_path, port):
        layer, feed = get_channel_layer(), Feed(Broadcaster())
        theirs = await layer.new_channel()
        receiving = asyncio.create_task(layer.receive(theirs))
        feed.start()

        await eventually(lambda: feed.echo_count == 3, "it has heard itself three times")
        still_live = feed.interims
        async with asyncio.timeout(ECHO_SECONDS):
            await layer.send(theirs, {"type": "their.message"})
            received = await receiving

        await feed.aclose()
        await layer.close_pools()

    assert (still_live, received) == ("live", {"type": "their.message"})


async def test_a_group_that_nobody_here_watches_is_left(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    here, there = Observer(interview_id), Observer(interview_id, BOB)
    await joined(feeds[0], here)
    await joined(feeds[1], there)
    group = group_name(interview_id)
    assert len(get_channel_layer().groups[group]) == 2

    feeds[0].detach_observer(here)
    await eventually(lambda: len(get_channel_layer().groups[group]) == 1, "one has left")
    feeds[1].detach_observer(there)
    await eventually(lambda: group not in get_channel_layer().groups, "both have left")

    assert [feed.is_idle for feed in feeds] == [True, True]


async def test_who_comes_back_at_once_is_in_the_group(feeds: list[Feed]) -> None:
    interview_id = uuid4()
    await joined(feeds[0], before := Observer(interview_id))

    feeds[0].detach_observer(before)
    await joined(feeds[0], socket := Observer(interview_id))
    feeds[1].broadcaster.publish(Change(interview_id, 1))

    await eventually(lambda: socket.revisions == [1], "it is delivered")


async def test_nothing_is_left_when_all_have_gone(feeds: list[Feed]) -> None:
    for _ in range(3):
        interview_id = uuid4()
        candidate, ada, bob = Candidate(interview_id), Observer(interview_id), Observer(interview_id, BOB)
        feeds[0].attach_candidate(candidate)
        await joined(feeds[0], ada, bob)
        feeds[0].detach_candidate(candidate)
        for observer in (ada, bob):
            feeds[0].detach_observer(observer)

    await eventually(lambda: feeds[0].is_idle, "all groups are left, and nothing is remembered")

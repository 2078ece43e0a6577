from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from interviews.errors import Close
from interviews.live.outbox import MARK, Outbox, Pace, RateLimit, check_backpressure


async def sent_by(outbox: Outbox) -> list[str]:
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)

    outbox.close(Close.NORMAL)
    await outbox.drain(send)
    return sent


async def test_messages_go_in_order() -> None:
    outbox = Outbox()
    for text in ("a", "b", "c"):
        outbox.put(text)

    assert await sent_by(outbox) == ["a", "b", "c"]


async def test_of_messages_with_the_same_slot_the_latest_goes_in_its_own_place() -> None:
    outbox = Outbox()
    outbox.put("ack 1", "ack")
    outbox.put("final")
    outbox.put("interim 1", "interim")
    outbox.put("ack 2", "ack")
    outbox.put("interim 2", "interim")

    assert await sent_by(outbox) == ["final", "ack 2", "interim 2"]


async def test_a_slot_that_was_sent_is_free_again() -> None:
    outbox = Outbox()
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)
        if text == "ack 1":
            outbox.put("ack 2", "ack")
        else:
            outbox.close(Close.NORMAL)

    outbox.put("ack 1", "ack")
    await outbox.drain(send)

    assert sent == ["ack 1", "ack 2"]


async def never_read(_: str) -> None:
    await asyncio.Event().wait()


async def test_over_the_bound_a_peer_that_does_not_read_is_given_up(settings: Any) -> None:
    settings.SOCKET_UNREAD_BYTES = 64 * 1024
    outbox = Outbox()
    draining = asyncio.create_task(outbox.drain(never_read))
    held = 0
    while not draining.done():
        outbox.put("pong" * 100)
        held = max(held, sum(map(len, outbox.waiting)))
        await asyncio.sleep(0)

    assert 32 * 1024 < held <= 65 * 1024
    assert draining.result() is Close.IDLE
    assert outbox.waiting == []


async def test_what_is_small_costs_what_it_takes_in_memory(settings: Any) -> None:
    settings.SOCKET_UNREAD_BYTES = 64 * 1024
    outbox = Outbox()
    draining = asyncio.create_task(outbox.drain(never_read))
    count = 0
    while not draining.done():
        outbox.put("p")
        count += 1
        await asyncio.sleep(0)

    assert count < 2000


async def test_slots_never_fill_it_however_long_nobody_reads(settings: Any) -> None:
    settings.SOCKET_UNREAD_BYTES = 64 * 1024
    outbox = Outbox()
    draining = asyncio.create_task(outbox.drain(never_read))
    for number in range(10_000):
        outbox.put(f"interim {number} " + "word " * 100, "interim")
        outbox.put(f"ack {number}", "ack")
        if number % 1000 == 0:
            await asyncio.sleep(0)

    assert not draining.done()
    draining.cancel()


async def test_many_at_once_are_no_sign_that_nobody_reads(settings: Any) -> None:
    settings.SOCKET_UNREAD_BYTES = 64 * 1024
    outbox = Outbox()
    texts = [str(number) * 10_000 for number in range(20)]
    for text in texts:
        outbox.put(text)

    assert await sent_by(outbox) == texts


async def test_whoever_does_not_read_is_closed_soon_after_it_was_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("interviews.live.outbox.CLOSING_SECONDS", 0.05)
    outbox = Outbox()
    outbox.put("why")
    draining = asyncio.create_task(outbox.drain(never_read))
    await asyncio.sleep(0)
    outbox.close(Close.REPLACED)

    async with asyncio.timeout(5):
        assert await draining is Close.REPLACED


async def test_memory_is_bounded_by_the_slots_while_nobody_reads() -> None:
    outbox = Outbox()
    for number in range(10_000):
        outbox.put(f"interim {number}", "interim")

    assert await sent_by(outbox) == ["interim 9999"]


async def test_what_waits_is_sent_before_it_closes_and_nothing_after() -> None:
    outbox = Outbox()
    outbox.put("why")
    outbox.close(Close.REPLACED)
    outbox.put("too late")

    assert await sent_by(outbox) == ["why"]


async def test_the_first_close_code_counts() -> None:
    outbox = Outbox()
    outbox.close(Close.REPLACED)
    outbox.close(Close.IDLE)

    async def send(text: str) -> None:
        raise AssertionError(text)

    assert await outbox.drain(send) is Close.REPLACED


async def test_it_waits_for_what_comes() -> None:
    outbox = Outbox()
    sent: asyncio.Queue[str] = asyncio.Queue()
    draining = asyncio.create_task(outbox.drain(sent.put))

    outbox.put("a")
    first = await sent.get()
    outbox.put("b")
    second = await sent.get()
    outbox.close(Close.IDLE)

    assert (first, second, await draining) == ("a", "b", Close.IDLE)


async def test_a_pace_passes_the_first_at_once_and_the_latest_of_the_others_in_the_end() -> None:
    passed: asyncio.Queue[int] = asyncio.Queue()
    pace = Pace(20, passed.put_nowait)
    began = asyncio.get_running_loop().time()

    for number in range(10):
        pace.put(number)
    at_once = passed.get_nowait()
    in_the_end = await passed.get()
    took = asyncio.get_running_loop().time() - began

    assert (at_once, in_the_end, passed.empty()) == (0, 9, True)
    assert took >= 0.05


async def test_a_pace_is_kept_up() -> None:
    passed: list[int] = []
    pace = Pace(50, passed.append)
    loop = asyncio.get_running_loop()
    began = loop.time()

    number = 0
    while len(passed) < 10:
        pace.put(number := number + 1)
        await asyncio.sleep(0.001)

    assert loop.time() - began >= 9 / 50
    assert passed == sorted(passed)


async def test_what_was_dropped_is_not_passed_on_and_what_comes_after_keeps_the_pace() -> None:
    passed: asyncio.Queue[str] = asyncio.Queue()
    pace = Pace(20, passed.put_nowait)

    pace.put("first")
    pace.put("out of date")
    pace.drop()
    pace.put("next")

    assert [passed.get_nowait(), passed.empty(), await passed.get()] == ["first", True, "next"]


async def test_a_pace_that_is_closed_passes_nothing_on() -> None:
    passed: asyncio.Queue[str] = asyncio.Queue()
    closed, open_ = Pace(20, passed.put_nowait), Pace(10, passed.put_nowait)
    for pace, name in ((closed, "closed"), (open_, "open")):
        pace.put(f"{name}: first")
        pace.put(f"{name}: second")

    closed.close()

    assert [await passed.get() for _ in range(3)] == ["closed: first", "open: first", "open: second"]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_second_s_worth_may_come_at_once(clock: Clock) -> None:
    limit = RateLimit(10, clock)

    assert [limit.take() for _ in range(11)] == [True] * 10 + [False]
    assert not limit.is_ignored


def test_the_rate_can_be_kept_up(clock: Clock) -> None:
    limit = RateLimit(10, clock)

    for _ in range(1000):
        clock.now += 0.101
        assert limit.take()


def test_after_a_pause_no_more_than_a_second_s_worth_is_there(clock: Clock) -> None:
    limit = RateLimit(10, clock)
    clock.now += 3600

    assert [limit.take() for _ in range(11)] == [True] * 10 + [False]


def test_who_goes_on_over_the_limit_is_ignoring_it(clock: Clock) -> None:
    limit = RateLimit(10, clock)
    for _ in range(20):
        limit.take()
    before = limit.is_ignored

    limit.take()

    assert not before
    assert limit.is_ignored


def test_who_slows_down_is_forgiven(clock: Clock) -> None:
    limit = RateLimit(10, clock)
    for _ in range(15):
        limit.take()
    clock.now += 1

    assert limit.take()


async def test_what_waits_goes_before_what_is_to_come_after_it() -> None:
    passed: list[str] = []
    pace = Pace(1, passed.append)
    pace.put("first")
    pace.put("waits")

    pace.hurry()
    passed.append("comes after it")
    pace.hurry()
    pace.close()

    assert passed == ["first", "waits", "comes after it"]


async def test_a_site_without_the_wrapper_is_told_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # As in Daphne's process.
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", object())

    for scope in ({MARK: True}, {}, {}):
        check_backpressure(scope)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Backpressure" in caplog.text

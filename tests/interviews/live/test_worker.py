from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from twisted.internet.defer import Deferred

from interviews.live.worker import Worker, get_worker
from tests.support.live import eventually

pytestmark = pytest.mark.django_db(transaction=True)


class Socket:
    """Counts what it is told, and may fail to pass it on."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.farewells = 0
        self._problem = problem

    async def say_farewell(self) -> None:
        self.farewells += 1
        if self._problem:
            raise self._problem


async def fail() -> None:
    raise ValueError("broken on purpose")


async def test_the_app_owns_the_worker(worker: Worker) -> None:
    assert apps.get_app_config("interviews").worker is worker  # type: ignore[attr-defined]
    assert get_worker() is worker


async def test_a_task_of_the_process_that_fails_is_told_in_the_log(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.spawn(fail())
    await eventually(lambda: worker.is_idle, "it is over")

    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info
    assert str(record.exc_info[1]) == "broken on purpose"


async def test_a_socket_that_can_not_be_told_of_the_end_keeps_it_from_nobody(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = Socket(ConnectionError("its peer is gone")), Socket()
    worker.sockets |= {broken, fine}

    await worker.say_farewell()

    assert (broken.farewells, fine.farewells) == (1, 1)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


Trigger = tuple[str, str, Callable[[], Deferred[Any]]]


@pytest.fixture
def triggers(monkeypatch: pytest.MonkeyPatch) -> list[Trigger]:
    """What a reactor is asked to do in its time; ask for it before the worker."""
    asked: list[Trigger] = []
    reactor = SimpleNamespace(addSystemEventTrigger=lambda *trigger: asked.append(trigger))
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", reactor)
    return asked


async def test_a_reactor_waits_until_all_are_told_of_the_end(triggers: list[Trigger], worker: Worker) -> None:
    worker.sockets.add(socket := Socket())

    [(phase, event, trigger)] = triggers
    before = socket.farewells
    await trigger().asFuture(asyncio.get_running_loop())

    assert (phase, event) == ("before", "shutdown")
    assert (before, socket.farewells) == (0, 1)

from __future__ import annotations

from concurrent.futures import Future

from tests.process.idling import SOCKETS, Ends


def test_none_of_ten_idle_sockets_closes_within_a_minute(idle_minute: Future[Ends]) -> None:
    assert idle_minute.result() == [None] * SOCKETS

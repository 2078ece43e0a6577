"""Pages of an earlier version talk to this server, for as long as they stay open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from interviews.wire.schema import protocol_schema

# Of each message and part: its fields, and which of them are always there.
FIRST: dict[str, dict[str, list[str]]] = json.loads(
    Path(__file__).with_name("first_version.json").read_text()
)
NOW: dict[str, Any] = protocol_schema()["$defs"]


@pytest.mark.parametrize("name", FIRST)
def test_nothing_that_they_rely_on_is_gone(name: str) -> None:
    assert set(FIRST[name]["fields"]) <= NOW[name]["properties"].keys()


def senders(ends: str) -> set[str]:
    """What messages that go in one direction are made of, down to their parts."""
    found: set[str] = set()
    waiting = [name for name in NOW if name.endswith(ends)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            text = json.dumps(NOW[name])
            waiting += [other for other in NOW if f'"#/$defs/{other}"' in text]
    return found


@pytest.mark.parametrize("name", sorted(senders(".client") & FIRST.keys()))
def test_nothing_is_asked_of_them_that_they_do_not_send(name: str) -> None:
    assert set(NOW[name].get("required", [])) <= set(FIRST[name]["required"])


@pytest.mark.parametrize("name", sorted(senders(".server") & FIRST.keys()))
def test_what_they_were_always_sent_they_still_are(name: str) -> None:
    assert set(FIRST[name]["required"]) <= set(NOW[name].get("required", []))

"""docs/protocol.md names what the structs have."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from interviews.wire.messages import (
    CandidateMessage,
    Observed,
    ObserverMessage,
    PracticeMessage,
    ToBasicCandidate,
    ToCandidate,
    ToLobby,
    ToObserver,
    ToPractice,
)
from tests.support.servers import ROOT

DOCUMENT = (ROOT / "docs" / "protocol.md").read_text()
EVERYBODY = [
    CandidateMessage,
    ToCandidate,
    PracticeMessage,
    ToPractice,
    ObserverMessage,
    ToObserver,
    Observed,
    ToLobby,
]


def rows(heading: str) -> dict[str, tuple[bool, str]]:
    """Of the table under the heading, by type: whether it is marked with •, and what its row says."""
    table = DOCUMENT.split(f"### {heading}\n\n")[1].split("\n\n")[0]
    found = {}
    for line in table.splitlines()[2:]:
        types, fields = line.removeprefix("| ").split(" | ", 1)
        for name in re.findall(r"`(\w+)`", types):
            found[name] = ("•" in types, fields)
    return found


def tag(message: Any) -> str:
    return str(message.__struct_config__.tag)


@pytest.mark.parametrize(
    ("heading", "messages"), [("Client → server", CandidateMessage), ("Server → client", ToCandidate)]
)
def test_the_tables_have_all_messages_with_all_fields(heading: str, messages: Any) -> None:
    table = rows(heading)

    assert set(table) - {"binary"} == {tag(message) for message in get_args(messages)}
    unsaid = [
        (tag(message), field)
        for message in get_args(messages)
        for field in message.__struct_fields__
        if f"`{field}`" not in table[tag(message)][1]
    ]
    assert unsaid == []


def test_the_basic_dialect_s_messages_are_marked() -> None:
    marked = {name for name, (is_marked, _) in rows("Server → client").items() if is_marked}

    assert marked == {tag(message) for message in get_args(ToBasicCandidate)}


def test_every_message_is_named_with_its_fields() -> None:
    names = set(re.findall(r"[`\"](\w+)[`\"]", DOCUMENT))

    for messages in EVERYBODY:
        for message in get_args(messages):
            assert {tag(message), *message.__struct_fields__} <= names

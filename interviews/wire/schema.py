"""The JSON schema of the wire, from the structs that are sent and read: docs/protocol.schema.json.

    path of the socket, or of the page         who speaks      in `$defs`
    ws/interviews/<id>/                        the client      candidate.client
                                               the server      candidate.server, basic.server
    ws/interviews/<id>/practice/               …               practice.client, practice.server
    ws/interviews/<id>/watch/                  …               observer.client, observer.server
    ws/interviews/                             …               lobby.client, lobby.server
    answers/<id>/sound.json                    the server      sound.server

It leaves open what it doesn't name: a later version may add fields, which clients leave unread.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

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
from interviews.wire.messages.parts import AnswerSound

Schema = dict[str, Any]

CLIENT: dict[str, Any] = {
    "candidate.client": CandidateMessage,
    "practice.client": PracticeMessage,
    "observer.client": ObserverMessage,
    "lobby.client": ObserverMessage,
}
SERVER: dict[str, Any] = {
    "candidate.server": ToCandidate,
    "basic.server": ToBasicCandidate,
    "practice.server": ToPractice,
    "observer.server": ToObserver,
    "lobby.server": ToLobby,
    "sound.server": AnswerSound,
}
WITH_REVISION: Schema = {
    "type": "object",
    "properties": {"revision": {"type": "integer"}},
    "required": ["revision"],
}


def protocol_schema() -> Schema:
    client, client_parts = _defined(CLIENT)
    server, server_parts = _defined({**SERVER, "observed": Observed})
    observed = {"allOf": [server.pop("observed"), WITH_REVISION]}
    server["observer.server"]["anyOf"].append(observed)
    parts = client_parts | {name: _all_sent(part) for name, part in server_parts.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The wire of live interviews",
        "description": "What goes over each socket is in $defs, by its path and who speaks: see protocol.md.",
        "$defs": client | server | dict(sorted(parts.items())),
    }


def protocol_schema_text() -> str:
    return json.dumps(protocol_schema(), indent=2, ensure_ascii=False) + "\n"


def _defined(types: dict[str, Any]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    schemas, parts = msgspec.json.schema_components(types.values(), ref_template="#/$defs/{name}")
    for schema in schemas:
        # OpenAPI's; `type` tells the alternatives apart as it is.
        schema.pop("discriminator", None)
    return dict(zip(types, schemas, strict=True)), parts


def _all_sent(part: Schema) -> Schema:
    """What has a default here is sent all the same, so that whoever reads it may count on it."""
    if "properties" not in part:
        return part
    properties = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in part["properties"].items()
    }
    required = [
        name for name, field in part["properties"].items() if name in part["required"] or "default" in field
    ]
    return {**part, "properties": properties, "required": required}

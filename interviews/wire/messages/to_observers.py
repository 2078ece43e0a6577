"""What observers are told besides: where an interview stands, and the lobby."""

from __future__ import annotations

from typing import Any, Literal

from interviews.wire.messages.base import ServerMessage

# "late": the channel layer doesn't deliver; what observers are shown comes from the database alone.
Liveness = Literal["live", "late"]


class Snapshot(ServerMessage, tag="snapshot"):
    revision: int
    interview: dict[str, Any]
    questions: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    interim: dict[str, Any] | None
    watchers: list[str]
    interims: Liveness = "live"


class Presence(ServerMessage, tag="presence"):
    watchers: list[str]


class Heartbeat(ServerMessage, tag="heartbeat"):
    revision: int
    interims: Liveness
    # How long nothing has come from the candidate; None before they were first here.
    candidate_silent_ms: int | None = None


class LobbyMessage(ServerMessage, tag="lobby"):
    interviews: list[dict[str, Any]]
    # How many there are: all, live, waiting, done.
    counts: dict[str, int]
    # The page's own, when it shows the same.
    digest: str

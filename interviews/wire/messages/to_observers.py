"""What observers are told besides: where an interview stands, and the lobby."""

from __future__ import annotations

from typing import Literal

import msgspec

from interviews.wire.messages.base import ErrorMessage, Pong, ServerMessage, WarningMessage
from interviews.wire.messages.parts import Answer, LobbyCounts, LobbyEntry, ObservedInterview, Question
from interviews.wire.messages.to_candidate import (
    AnswerComplete,
    AnswerNoted,
    AnswerRecorded,
    AnswerStarted,
    InterviewComplete,
    QuestionMessage,
    RecognitionState,
    TakeChosen,
    Transcription,
    VoiceMetricsMessage,
)

# "late": the channel layer doesn't deliver; what observers are shown comes from the database alone.
Liveness = Literal["live", "late"]


class OpenUtterance(Transcription, tag="transcription", kw_only=True):
    """An interim and the revision that it builds on."""

    revision: int


class Snapshot(ServerMessage, tag="snapshot"):
    """All that an observer shows, as of one revision. `watchers` are names."""

    revision: int
    interview: ObservedInterview
    questions: list[Question]
    answers: list[Answer]
    interim: OpenUtterance | None
    watchers: list[str]
    interims: Liveness = "live"


class Presence(ServerMessage, tag="presence"):
    """Who watches, by name."""

    watchers: list[str]


class Heartbeat(ServerMessage, tag="heartbeat"):
    """`candidate_silent_ms` is how long nothing has come from the candidate; null before they were here."""

    revision: int
    interims: Liveness
    candidate_silent_ms: int | None = None


class LobbyMessage(ServerMessage, tag="lobby"):
    """One page of it. `digest` is the page's own where it shows the same."""

    interviews: list[LobbyEntry]
    counts: LobbyCounts
    digest: str


# What an observer is told of the interview: each with the `revision` that it made or builds on.
Observed = (
    QuestionMessage
    | AnswerStarted
    | Transcription
    | VoiceMetricsMessage
    | AnswerRecorded
    | AnswerComplete
    | TakeChosen
    | AnswerNoted
    | RecognitionState
    | InterviewComplete
    | Presence
)
ToObserver = Snapshot | Heartbeat | WarningMessage | ErrorMessage | Pong
ToLobby = LobbyMessage | WarningMessage | ErrorMessage | Pong


def open_utterance(interim: Transcription, revision: int) -> OpenUtterance:
    return OpenUtterance(**msgspec.structs.asdict(interim), revision=revision)

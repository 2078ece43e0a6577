"""What a session says, on threads of the SDK and on its own, to the recognition on the event loop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """Audio may be written."""


@dataclass(frozen=True, slots=True)
class Started:
    session_id: str


@dataclass(frozen=True, slots=True)
class Connected:
    is_connected: bool


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing more will be said."""


@dataclass(frozen=True, slots=True)
class Lost:
    code: str
    details: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A callback of ours failed, where the SDK would have swallowed it."""

    problem: Exception


@dataclass(frozen=True, slots=True)
class Released:
    """All that the recogniser held is given back. Always comes, and always last."""


@dataclass(frozen=True, slots=True)
class Result:
    """A hypothesis, or a phrase that is final. Ticks of 100 ns count from the recognition's first sample.

    `body` is the service's JSON: the SDK cuts its own text off after 2047 bytes.
    """

    is_final: bool
    offset_ticks: int
    duration_ticks: int
    body: str


Said = Ready | Started | Connected | Result | Over | Lost | Broken | Released

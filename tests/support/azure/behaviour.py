"""How the stand-in for Azure misbehaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Behaviour:
    """What goes wrong in one connection. `…_at_ms` is audio that has come over it."""

    refuse: int = 0
    """HTTP status instead of a WebSocket."""
    never_answer: bool = False
    """Accepts the connection, and that is all."""
    mute: bool = False
    """Takes audio and says nothing."""
    delay_ms: int = 0
    """Everything that it says comes so much later."""
    stall_at_ms: int | None = None
    """From there on it neither reads nor says anything."""
    drop_at_ms: int | None = None
    """The TCP connection is reset."""
    close_at_ms: int | None = None
    close_code: int = 1011
    rubbish_at_ms: int | None = None
    """Messages that make no sense."""
    broken_phrase_at_ms: int | None = None
    """A final phrase that lacks what each has."""
    end_turn_at_ms: int | None = None
    """The turn ends, though the audio doesn't."""
    hang_at_end: bool = False
    """Says everything but that the turn is over."""

    def __str__(self) -> str:
        wrong = {name: value for name, value in vars(self).items() if value != vars(Behaviour())[name]}
        return ",".join(f"{name}={int(value)}" for name, value in wrong.items())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The other way round: refuse=503, or close_at_ms=2000,close_code=1001, or mute."""
        pairs = (part.partition("=") for part in text.split(","))
        wrong: dict[str, Any] = {name: int(value or 1) for name, _, value in pairs}
        return cls(**wrong)

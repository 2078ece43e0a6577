"""What any socket may be told, and how a message becomes text."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from interviews.errors import ERRORS, Code


class ServerMessage(msgspec.Struct, tag_field="type", kw_only=True):
    pass


class WarningMessage(ServerMessage, tag="warning"):
    code: Code
    message: str


class ErrorMessage(ServerMessage, tag="error"):
    code: Code
    message: str
    recoverable: bool
    retry_available: bool
    fallback_option: str | None
    next_chunk_index: int | msgspec.UnsetType = msgspec.UNSET
    question_id: UUID | str | msgspec.UnsetType = msgspec.UNSET


class Pong(ServerMessage, tag="pong"):
    pass


_encoder = msgspec.json.Encoder()


def encode(message: ServerMessage) -> str:
    return _encoder.encode(message).decode()


def error(code: Code, **details: Any) -> ErrorMessage:
    """The message of `code`; `details` are what helps to recover."""
    text = ERRORS[code]
    return ErrorMessage(
        code=code,
        message=text.message,
        recoverable=text.recoverable,
        retry_available=text.retry_available,
        fallback_option=text.fallback_option,
        **details,
    )


def warning(code: Code) -> WarningMessage:
    return WarningMessage(code=code, message=ERRORS[code].message)

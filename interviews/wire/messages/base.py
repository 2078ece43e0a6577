"""What any socket may be told, and how a message becomes text.

The fields of these structs, here and in the modules beside it, are the wire's fields. One is absent from
the JSON only where it is UNSET; what isn't known is null.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from interviews.errors import ERRORS, Code


class ServerMessage(msgspec.Struct, tag_field="type", kw_only=True):
    pass


class WarningMessage(ServerMessage, tag="warning"):
    code: Code
    message: str


class ErrorMessage(ServerMessage, tag="error"):
    """`question_id` and `next_chunk_index` are there where they help to recover."""

    code: Code
    message: str
    recoverable: bool
    retry_available: bool
    fallback_option: str | None
    next_chunk_index: int | msgspec.UnsetType = msgspec.UNSET
    question_id: str | msgspec.UnsetType = msgspec.UNSET


class Pong(ServerMessage, tag="pong"):
    pass


_encoder = msgspec.json.Encoder()


def encode(message: ServerMessage) -> str:
    """As JSON text."""
    return _encoder.encode(message).decode()


def encode_as_of(message: ServerMessage, revision: int) -> str:
    """As an observer is sent it: with the revision that it made or builds on."""
    return _encoder.encode({**msgspec.to_builtins(message), "revision": revision}).decode()


def error(
    code: Code,
    *,
    next_chunk_index: int | msgspec.UnsetType = msgspec.UNSET,
    question_id: UUID | str | msgspec.UnsetType = msgspec.UNSET,
) -> ErrorMessage:
    """The message of `code`, with what helps to recover."""
    text = ERRORS[code]
    return ErrorMessage(
        code=code,
        message=text.message,
        recoverable=text.recoverable,
        retry_available=text.retry_available,
        fallback_option=text.fallback_option,
        next_chunk_index=next_chunk_index,
        question_id=question_id if question_id is msgspec.UNSET else str(question_id),
    )


def warning(code: Code) -> WarningMessage:
    return WarningMessage(code=code, message=ERRORS[code].message)

"""Text of a client becomes a message, or the error that it is answered with."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from interviews.errors import Code
from interviews.wire.messages.base import ErrorMessage, error
from interviews.wire.messages.from_clients import CandidateMessage, ObserverMessage, PracticeMessage

Message = TypeVar("Message")


def decode(decoder: msgspec.json.Decoder[Message], text: str) -> Message | ErrorMessage:
    """The message, or what to answer where it is none; raises nothing, whatever the text is."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as problem:
        return error(_code_of(text, str(problem)))
    except (msgspec.DecodeError, RecursionError):
        return error(Code.INVALID_MESSAGE_FORMAT)


def _code_of(text: str, problem: str) -> Code:
    # The library says what is wrong in its text alone; `type` is looked at again to tell its cases apart.
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        # What does not fit is found before what is no JSON.
        return Code.INVALID_MESSAGE_FORMAT
    if not isinstance(message, dict) or ("type" in message and not isinstance(message["type"], str)):
        return Code.INVALID_MESSAGE_FORMAT
    if "missing required field" in problem:
        return Code.MISSING_REQUIRED_FIELD
    if problem.startswith("Invalid value") and problem.endswith("`$.type`"):
        return Code.UNKNOWN_MESSAGE_TYPE
    return Code.INVALID_MESSAGE_FORMAT


candidate_decoder: msgspec.json.Decoder[CandidateMessage] = msgspec.json.Decoder(CandidateMessage)
practice_decoder: msgspec.json.Decoder[PracticeMessage] = msgspec.json.Decoder(PracticeMessage)
observer_decoder: msgspec.json.Decoder[ObserverMessage] = msgspec.json.Decoder(ObserverMessage)

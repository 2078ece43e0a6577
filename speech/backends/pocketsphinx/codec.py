"""Events as bytes, for the way out of a child process."""

from __future__ import annotations

from typing import get_args

import msgspec

from speech.events import Event

EVENT_TYPES: dict[str, type[Event]] = {event.__name__: event for event in get_args(Event)}


def encode_event(event: Event) -> bytes:
    return msgspec.msgpack.encode((type(event).__name__, event))


def decode_event(message: bytes) -> Event:
    name, fields = msgspec.msgpack.decode(message, type=tuple[str, msgspec.Raw])
    return msgspec.msgpack.decode(fields, type=EVENT_TYPES[name])

"""From whoever changes an interview to every process that shows it, by way of the channel layer.

The layer is at most once and may be away: what it carries is a doorbell. The rows hold the truth, and
`feed` compares with them. So publishing never waits, never raises and drops what it can't deliver.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

import msgspec
from channels.layers import get_channel_layer

from interviews.conf import conf
from interviews.services.changes import Change
from interviews.wire.messages import (
    AnswerComplete,
    OpenUtterance,
    Transcription,
    encode_as_of,
    is_change,
    open_utterance,
)

logger = logging.getLogger(__name__)

QUEUE_LENGTH = 1000


class Delivery(msgspec.Struct, array_like=True):
    """What one change tells observers: messages as JSON text, each with the change's revision.

    `is_change` says whether it made the revision or builds on it. `interim` is the open utterance, for
    those who join now; `closes_interim` says that it is over.
    """

    interview_id: UUID
    revision: int
    texts: list[str]
    is_change: bool = True
    interim: OpenUtterance | None = None
    closes_interim: bool = False


def group_name(interview_id: UUID) -> str:
    return f"interview.{interview_id.hex}"


def delivery_of(change: Change) -> Delivery:
    # Whatever observers are not shown of it has made the revision all the same.
    durable = all(is_change(message) for message in change.messages)
    delivery = Delivery(change.interview_id, change.revision, [], durable)
    for message in change.observed:
        delivery.texts.append(encode_as_of(message, change.revision))
        if isinstance(message, Transcription) and not message.is_final:
            delivery.interim = open_utterance(message, change.revision)
        elif isinstance(message, Transcription | AnswerComplete):
            delivery.closes_interim = True
    return delivery


class Broadcaster:
    """Sends on one task in the order of publishing. What is over the queue's bound is dropped."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(QUEUE_LENGTH)

    def publish(self, change: Change) -> None:
        delivery = msgspec.msgpack.encode(delivery_of(change))
        self.send(change.interview_id, {"type": "feed.delivery", "delivery": delivery})

    def send(self, interview_id: UUID, message: dict[str, Any]) -> None:
        try:
            self._queue.put_nowait((group_name(interview_id), message))
        except asyncio.QueueFull:
            logger.warning("broadcast of interview %s dropped: the channel layer is too slow", interview_id)

    async def run(self) -> None:
        layer = get_channel_layer()
        while True:
            group, message = await self._queue.get()
            async with asyncio.timeout(conf.CHANNEL_LAYER_TIMEOUT_SECONDS):
                await layer.group_send(group, message)

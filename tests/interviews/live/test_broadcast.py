from __future__ import annotations

import asyncio
import json
from uuid import UUID

import msgspec
import pytest
from channels.layers import get_channel_layer

from interviews.live.broadcast import QUEUE_LENGTH, Broadcaster, Delivery, delivery_of, group_name
from interviews.services.changes import Change
from interviews.wire.messages import AnswerComplete, RecognitionState, ServerMessage, Transcription

INTERVIEW, Q, A = UUID(int=1), UUID(int=2), UUID(int=3)
LIVE = RecognitionState(question_id=Q, state="live", recogniser="scripted")


def said(text: str, *, is_final: bool) -> Transcription:
    return Transcription(
        question_id=Q,
        answer_id=A,
        segment=0,
        text=text,
        is_final=is_final,
        confidence=None,
        start_ms=0,
        end_ms=500,
    )


def complete() -> AnswerComplete:
    return AnswerComplete(
        question_id=Q,
        answer_id=A,
        kind="voice",
        text="yes",
        confidence=None,
        duration_ms=500,
        status="complete",
    )


def test_each_message_carries_the_revision() -> None:
    delivery = delivery_of(Change(INTERVIEW, 7, [said("yes", is_final=True), complete()]))

    assert (delivery.interview_id, delivery.revision) == (INTERVIEW, 7)
    assert [json.loads(text)["revision"] for text in delivery.texts] == [7, 7]
    assert [json.loads(text)["type"] for text in delivery.texts] == ["transcription", "answer_complete"]


@pytest.mark.parametrize(
    ("message", "opens", "closes"),
    [
        (said("yes", is_final=False), True, False),
        (said("yes", is_final=True), False, True),
        (complete(), False, True),
        (LIVE, False, False),
    ],
)
def test_it_says_whether_an_utterance_is_open(message: ServerMessage, opens: bool, closes: bool) -> None:
    delivery = delivery_of(Change(INTERVIEW, 7, [message]))

    assert (delivery.interim is not None, delivery.closes_interim) == (opens, closes)


def test_it_survives_the_layer() -> None:
    delivery = delivery_of(Change(INTERVIEW, 7, [said("sí", is_final=False)]))

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(delivery), type=Delivery) == delivery


async def received(channel: str, count: int) -> list[str]:
    layer = get_channel_layer()
    texts: list[str] = []
    async with asyncio.timeout(10):
        while len(texts) < count:
            message = await layer.receive(channel)
            texts += msgspec.msgpack.decode(message["delivery"], type=Delivery).texts
    return [json.loads(text)["text"] for text in texts]


async def test_what_is_published_arrives_in_order() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group_name(INTERVIEW), channel)
    broadcaster = Broadcaster()

    for number in range(50):
        broadcaster.publish(Change(INTERVIEW, number, [said(str(number), is_final=True)]))
    sending = asyncio.create_task(broadcaster.run())
    texts = await received(channel, 50)
    sending.cancel()

    assert texts == [str(number) for number in range(50)]


async def test_what_is_over_the_bound_is_dropped_and_publishing_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group_name(INTERVIEW), channel)
    broadcaster = Broadcaster()

    for number in range(QUEUE_LENGTH + 20):
        broadcaster.publish(Change(INTERVIEW, number, [said(str(number), is_final=True)]))
    sending = asyncio.create_task(broadcaster.run())
    texts = await received(channel, QUEUE_LENGTH)
    sending.cancel()

    assert texts == [str(number) for number in range(QUEUE_LENGTH)]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (said("yes", is_final=True), True),
        (said("yes", is_final=False), False),
        (LIVE, False),
        (RecognitionState(question_id=Q, state="recorded_only", recogniser=""), True),
        (complete(), True),
    ],
)
def test_a_delivery_says_whether_it_made_its_revision(message: ServerMessage, expected: bool) -> None:
    assert delivery_of(Change(INTERVIEW, 7, [message])).is_change == expected

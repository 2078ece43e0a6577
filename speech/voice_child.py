"""The child process that measures one answer's voice: audio and words come in, measures go out when asked."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import msgspec

from speech.events import Word
from speech.metrics import VoiceAnalyser, WordSource
from speech.processes.children import Channel, let_others_go_first, limit_child

MEMORY_BYTES = 256 << 20

Content = TypeVar("Content")


class Message(Enum):
    """What a message begins with."""

    PCM = b"p"
    WORDS = b"w"
    LIVE = b"l"
    FINAL = b"f"


def run(channel: Channel, source: WordSource | None) -> None:
    analyser = VoiceAnalyser(source)
    limit_child(memory_bytes=MEMORY_BYTES, files=0)
    let_others_go_first()
    while (message := channel.receive()) is not None:
        content = message[1:]
        match Message(message[:1]):
            case Message.PCM:
                analyser.add_pcm(content)
            case Message.WORDS:
                analyser.add_words(decode(content, list[Word]))
            case Message.LIVE:
                channel.send(msgspec.msgpack.encode(analyser.live()))
            case Message.FINAL:
                channel.send(msgspec.msgpack.encode(analyser.final()))


def encode(message: Message, content: bytes) -> bytes:
    return message.value + content


def decode(content: bytes, kind: type[Content]) -> Content:
    return msgspec.msgpack.decode(content, type=kind)

"""What a child of the pool does: one phrase after another, each from its own samples alone."""

from __future__ import annotations

import os
from dataclasses import dataclass

import msgspec

from speech.backends.moonshine import alignment, model
from speech.backends.moonshine.words import is_invented, without_loop, words_of
from speech.processes.channel import Channel, limit_child

MEMORY_BYTES = 512 << 20
# What is shown while somebody speaks never keeps a final waiting; nor does it anything else on the machine.
INTERIM_NICENESS = 15


@dataclass(frozen=True, kw_only=True)
class Setup:
    """It is pickled."""

    folder: str
    for_finals: bool


class Request(msgspec.Struct, array_like=True):
    """A whole phrase, or the beginning of one that is still spoken, whose text begins with `prefix`.

    `terms` are likely to be said in it.
    """

    pcm: bytes
    terms: list[str] = []
    prefix: list[int] = []


class Draft(msgspec.Struct, array_like=True):
    """What a phrase that is still spoken may turn out to be: tokens, and the words that they spell.

    `ends` holds for each word how many tokens there are up to its end.
    """

    tokens: list[int]
    words: list[str]
    ends: list[int]


class Heard(msgspec.Struct, array_like=True):
    """A word of a whole phrase, in samples of the phrase."""

    word: str
    start: int
    end: int
    confidence: float


def serve(channel: Channel, setup: Setup) -> None:
    """Requests come in, an answer to each goes out. The first message is empty, or says what is wrong."""
    try:
        recogniser = model.load(setup.folder)
        aligner = alignment.load() if setup.for_finals else None
    except Exception as error:
        channel.send(str(error).encode())
        return
    limit_child(memory_bytes=MEMORY_BYTES, files=0)
    if aligner is None:
        os.nice(INTERIM_NICENESS)
    channel.send(b"")
    while (message := channel.receive()) is not None:
        request = msgspec.msgpack.decode(message, type=Request)
        answer = final(recogniser, aligner, request) if aligner else draft(recogniser, request)
        channel.send(msgspec.msgpack.encode(answer))


def draft(recogniser: model.Model, request: Request) -> Draft:
    tokens = recogniser.transcribe(request.pcm, _spelt(recogniser, request.terms), request.prefix)
    words = words_of(tokens, recogniser.begins_word, recogniser.text)
    if is_invented(words):
        return Draft([], [], [])
    words = without_loop(words)
    ids = [token.id for token in tokens[: words[-1].end]]
    return Draft(ids, [word.text for word in words], [word.end for word in words])


def final(recogniser: model.Model, aligner: alignment.Aligner, request: Request) -> list[Heard]:
    tokens = recogniser.transcribe(request.pcm, _spelt(recogniser, request.terms))
    words = words_of(tokens, recogniser.begins_word, recogniser.text)
    if is_invented(words):
        return []
    times = aligner.times(request.pcm, [word.text for word in words])
    return [
        Heard(word.text, start, end, round(word.confidence, 4))
        for word, (start, end) in zip(words, times, strict=True)
    ]


def _spelt(recogniser: model.Model, terms: list[str]) -> list[list[int]]:
    # What is one token is a word that the model knows.
    return [ids for term in terms if len(ids := recogniser.spell(term)) > 1]

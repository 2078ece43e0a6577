"""The same messages in two dialects: all of them, or the few that a plain script needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from interviews.errors import Code
from interviews.wire.messages import (
    AnswerComplete,
    AnswerNoted,
    AnswerStarted,
    ErrorMessage,
    InterviewComplete,
    QuestionMessage,
    ServerMessage,
    ToBasicCandidate,
    Transcription,
    VoiceMetricsMessage,
    WarningMessage,
    error,
)

SUBPROTOCOL = "interview.v1"


class V1Dialect:
    """Everything, as it is."""

    # Whether its client is told what is stored by `ack`, rather than by `CHUNK_GAP` alone.
    has_acks = True
    # Whether its client is asked which of several takes counts.
    chooses_takes = True

    def adapt(self, messages: Iterable[ServerMessage]) -> Iterator[ServerMessage]:
        yield from messages


class BasicDialect:
    """Interims that hold the whole answer so far, then one final with the whole text, then the metrics."""

    has_acks = False
    chooses_takes = False

    def __init__(self) -> None:
        self._said: list[str] = []

    def adapt(self, messages: Iterable[ServerMessage]) -> Iterator[ToBasicCandidate]:
        """In the order in which to say them. It remembers what was said of the answer: one a connection."""
        # The final goes before the metrics, though the answer is complete only after them.
        ordered = sorted(messages, key=lambda message: not isinstance(message, AnswerComplete))
        for message in ordered:
            yield from self._adapt(message)

    def _adapt(self, message: ServerMessage) -> Iterator[ToBasicCandidate]:
        match message:
            case QuestionMessage():
                yield from _unless_chosen_from(message)
            case AnswerStarted(segments=segments):
                self._said = [segment.text for segment in segments]
            case Transcription():
                yield self._so_far(message)
            case AnswerComplete(kind="voice", status="complete"):
                yield _whole(message)
            case WarningMessage(code=Code.SERVER_RESTARTING | Code.AUDIO_PART_LOST as code):
                yield error(code)
            case AnswerComplete(status="pending"):
                yield error(Code(message.failure), question_id=message.question_id)
            case VoiceMetricsMessage() | AnswerNoted() | InterviewComplete() | ErrorMessage():
                yield message

    def _so_far(self, message: Transcription) -> Transcription:
        text = " ".join([*self._said, message.text])
        if message.is_final:
            self._said.append(message.text)
        return msgspec.structs.replace(
            message, text=text, is_final=False, segment=0, start_ms=0, confidence=None, words=[]
        )


def _unless_chosen_from(question: QuestionMessage) -> Iterator[QuestionMessage]:
    """Here there is one take, and none to be chosen."""
    if not question.takes:
        yield msgspec.structs.replace(question, takes_allowed=1, takes_left=1)


def _whole(message: AnswerComplete) -> Transcription:
    return Transcription(
        question_id=message.question_id,
        answer_id=message.answer_id,
        segment=0,
        text=message.text,
        is_final=True,
        confidence=message.confidence,
        start_ms=0,
        end_ms=message.duration_ms or 0,
    )


def dialect_for(subprotocols: Iterable[str]) -> V1Dialect | BasicDialect:
    return V1Dialect() if SUBPROTOCOL in subprotocols else BasicDialect()

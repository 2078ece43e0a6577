"""Errors that a client can cause or must know of: each has a stable code, a sentence and a way on.

InterviewError(code)        refused; the client is told the code's sentence
StaleEpoch                  another connection has taken the answer over
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from speech.exceptions import AudioError, AudioFormatUnsupported


class Code(enum.StrEnum):
    UNKNOWN_MESSAGE_TYPE = "UNKNOWN_MESSAGE_TYPE"
    INVALID_MESSAGE_FORMAT = "INVALID_MESSAGE_FORMAT"
    MISSING_REQUIRED_FIELD = "MISSING_REQUIRED_FIELD"
    INVALID_AUDIO_CHUNK = "INVALID_AUDIO_CHUNK"
    INVALID_AUDIO_DATA = "INVALID_AUDIO_DATA"
    AUDIO_FORMAT_UNSUPPORTED = "AUDIO_FORMAT_UNSUPPORTED"
    AUDIO_DECODING_FAILED = "AUDIO_DECODING_FAILED"
    AUDIO_PART_LOST = "AUDIO_PART_LOST"
    AUDIO_TOO_SHORT = "AUDIO_TOO_SHORT"
    AUDIO_TOO_LONG = "AUDIO_TOO_LONG"
    CHUNK_GAP = "CHUNK_GAP"
    CHUNK_CONFLICT = "CHUNK_CONFLICT"
    AUDIO_BACKLOG = "AUDIO_BACKLOG"
    INTERVIEW_FULL = "INTERVIEW_FULL"
    QUESTION_NOT_FOUND = "QUESTION_NOT_FOUND"
    QUESTION_ALREADY_ANSWERED = "QUESTION_ALREADY_ANSWERED"
    TAKES_EXHAUSTED = "TAKES_EXHAUSTED"
    TAKE_NOT_FOUND = "TAKE_NOT_FOUND"
    TAKE_UNDER_WAY = "TAKE_UNDER_WAY"
    INVALID_STATE = "INVALID_STATE"
    INTERVIEW_NOT_FOUND = "INTERVIEW_NOT_FOUND"
    INTERVIEW_ALREADY_COMPLETED = "INTERVIEW_ALREADY_COMPLETED"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    STT_FAILED = "STT_FAILED"
    VOICE_METRICS_UNAVAILABLE = "VOICE_METRICS_UNAVAILABLE"
    CAPACITY_EXCEEDED = "CAPACITY_EXCEEDED"
    RATE_LIMIT_EXCEEDED = "RATE_LIMIT_EXCEEDED"
    TIMEOUT = "TIMEOUT"
    SESSION_REPLACED = "SESSION_REPLACED"
    SERVER_RESTARTING = "SERVER_RESTARTING"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class Close(enum.IntEnum):
    """Close codes. Of the standard's own the server can send only 1000."""

    NORMAL = 1000
    BAD_REQUEST = 4400
    NOT_SIGNED_IN = 4401
    NOT_ALLOWED = 4403
    NOT_FOUND = 4404
    IDLE = 4408
    REPLACED = 4409
    RESTARTING = 4412
    TOO_MUCH = 4413
    TRY_LATER = 4429


@dataclass(frozen=True, slots=True)
class ErrorText:
    message: str
    recoverable: bool = True
    retry_available: bool = False
    fallback_option: str | None = None


_SEND_AGAIN = "Send again from next_chunk_index."
ERRORS: dict[Code, ErrorText] = {
    Code.UNKNOWN_MESSAGE_TYPE: ErrorText("This message type is not known."),
    Code.INVALID_MESSAGE_FORMAT: ErrorText("The message is not JSON of the expected form."),
    Code.MISSING_REQUIRED_FIELD: ErrorText("A required field is missing."),
    Code.INVALID_AUDIO_CHUNK: ErrorText("The chunk's index or size is not acceptable.", retry_available=True),
    Code.INVALID_AUDIO_DATA: ErrorText("The audio is not valid base64.", retry_available=True),
    Code.AUDIO_FORMAT_UNSUPPORTED: ErrorText(
        "This audio format is not supported. Send PCM, WAV, WebM, Ogg or fragmented MP4.",
        fallback_option="text_answer",
    ),
    Code.AUDIO_DECODING_FAILED: ErrorText(
        "The audio could not be decoded. Please record the answer again.",
        retry_available=True,
        fallback_option="text_answer",
    ),
    Code.AUDIO_PART_LOST: ErrorText(
        "What is sent now can't be decoded. What was heard before is kept: start the recorder anew.",
        retry_available=True,
    ),
    Code.AUDIO_TOO_SHORT: ErrorText(
        "There is too little audio to be an answer. Please record it again.",
        retry_available=True,
        fallback_option="text_answer",
    ),
    Code.AUDIO_TOO_LONG: ErrorText(
        "The answer has reached its longest length. What was recorded is kept: end it."
    ),
    Code.CHUNK_GAP: ErrorText("A chunk is missing. " + _SEND_AGAIN, retry_available=True),
    Code.CHUNK_CONFLICT: ErrorText("This chunk was received before with other audio."),
    Code.AUDIO_BACKLOG: ErrorText(
        "Audio comes faster than it can be stored. " + _SEND_AGAIN, retry_available=True
    ),
    Code.INTERVIEW_FULL: ErrorText(
        "This interview holds as much audio as one may. Please write the answer.",
        fallback_option="text_answer",
    ),
    Code.QUESTION_NOT_FOUND: ErrorText("This interview has no such question."),
    Code.QUESTION_ALREADY_ANSWERED: ErrorText("This question is answered already."),
    Code.TAKES_EXHAUSTED: ErrorText("This question can't be recorded again. Choose one of its takes."),
    Code.TAKE_NOT_FOUND: ErrorText("This question has no such take that has ended."),
    Code.TAKE_UNDER_WAY: ErrorText("Another take of this question is being recorded."),
    Code.INVALID_STATE: ErrorText("This is not possible at this point."),
    Code.INTERVIEW_NOT_FOUND: ErrorText("There is no such interview.", recoverable=False),
    Code.INTERVIEW_ALREADY_COMPLETED: ErrorText("This interview is over.", recoverable=False),
    Code.CONSENT_REQUIRED: ErrorText("Open the interview's link and give consent first.", recoverable=False),
    Code.STT_FAILED: ErrorText(
        "Speech recognition is interrupted. Answers are recorded all the same and transcribed later.",
        fallback_option="transcribed_later",
    ),
    Code.VOICE_METRICS_UNAVAILABLE: ErrorText("Voice metrics could not be measured."),
    Code.CAPACITY_EXCEEDED: ErrorText(
        "All recognisers are busy. Answers are recorded all the same and transcribed later.",
        fallback_option="transcribed_later",
    ),
    Code.RATE_LIMIT_EXCEEDED: ErrorText("Too many messages. Please slow down.", retry_available=True),
    Code.TIMEOUT: ErrorText("Nothing was heard for too long. Please connect again.", retry_available=True),
    Code.SESSION_REPLACED: ErrorText("The interview goes on in another window.", recoverable=False),
    Code.SERVER_RESTARTING: ErrorText("The server restarts. Please connect again.", retry_available=True),
    Code.UNAUTHORIZED: ErrorText("Please sign in.", recoverable=False),
    Code.FORBIDDEN: ErrorText("This is not allowed.", recoverable=False),
    Code.INTERNAL_ERROR: ErrorText(
        "Something went wrong on our side. Please try again.", retry_available=True
    ),
}


class InterviewError(Exception):
    """A request was refused. `code` says why; nothing of the exception's text reaches the client."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


class StaleEpoch(Exception):
    """Another connection has taken this answer over, or it is not being recorded any more."""


class AudioTooShort(AudioError):
    pass


class AudioTooLong(AudioError):
    """Few bytes may be hours of sound: what comes out of a decoder is bounded, too."""


def code_of(problem: AudioError) -> Code:
    if isinstance(problem, AudioTooLong):
        return Code.AUDIO_TOO_LONG
    if isinstance(problem, AudioTooShort):
        return Code.AUDIO_TOO_SHORT
    if isinstance(problem, AudioFormatUnsupported):
        return Code.AUDIO_FORMAT_UNSUPPORTED
    return Code.AUDIO_DECODING_FAILED

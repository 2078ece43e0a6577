"""The messages of Azure's speech protocol, from the service's side, without a socket.

Times on the wire are in ticks of 100 ns from the first sample of a *turn*. The end of a phrase tells
the client that audio up to there need not be sent again.
"""

from __future__ import annotations

import json
import struct
import uuid
from typing import Any

from speech.events import SAMPLE_RATE, Final, Interim, Word

TICKS_PER_MS = 10_000
TICKS_PER_SAMPLE = 10_000_000 // SAMPLE_RATE
RIFF_HEADER_BYTES = 44

Headers = dict[str, str]


def read_text(frame: str) -> tuple[Headers, str]:
    head, _, body = frame.partition("\r\n\r\n")
    return _read_headers(head), body


def read_binary(frame: bytes) -> tuple[Headers, bytes]:
    (length,) = struct.unpack_from("!H", frame)
    return _read_headers(frame[2 : 2 + length].decode()), frame[2 + length :]


def _read_headers(head: str) -> Headers:
    lines = (line.partition(":") for line in head.split("\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}


class Turn:
    """What is said in one turn, and up to where its audio is acknowledged."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.received_samples = 0
        self.acknowledged_samples = 0

    def start(self) -> str:
        return self._message("turn.start", {"context": {"serviceTag": uuid.uuid4().hex}})

    def start_detected(self, start_ms: int) -> str:
        return self._message("speech.startDetected", {"Offset": start_ms * TICKS_PER_MS})

    def hypothesis(self, interim: Interim) -> str:
        return self._message(
            "speech.hypothesis",
            {
                "Id": uuid.uuid4().hex,
                "Text": interim.text,
                "Offset": interim.start_ms * TICKS_PER_MS,
                "Duration": (interim.end_ms - interim.start_ms) * TICKS_PER_MS,
                "Channel": 0,
            },
        )

    def phrase(self, final: Final) -> str:
        offset = final.start_ms * TICKS_PER_MS
        self.acknowledged_samples = final.resume.offset_samples
        best = {
            "Confidence": final.confidence,
            **dict.fromkeys(("Lexical", "ITN", "MaskedITN", "Display"), final.text),
            "Words": [_word(word) for word in final.words],
        }
        return self._phrase("Success", offset, {"DisplayText": final.text, "NBest": [best]})

    def no_match(self, end_samples: int) -> str:
        offset = self.acknowledged_samples * TICKS_PER_SAMPLE
        self.acknowledged_samples = end_samples
        return self._phrase("InitialSilenceTimeout", offset, {})

    def end(self) -> list[str]:
        """All audio was heard."""
        self.acknowledged_samples = self.received_samples
        offset = self.received_samples * TICKS_PER_SAMPLE
        return [
            self._message("speech.endDetected", {"Offset": offset}),
            self._phrase("EndOfDictation", offset, {}),
            self.stop(),
        ]

    def stop(self) -> str:
        return self._message("turn.end", {})

    def rubbish(self) -> list[str | bytes]:
        """But no binary frame shorter than it says its headers are: the SDK reads beyond it and dies."""
        return [
            "no headers at all",
            self._message("speech.phrase", {"RecognitionStatus": "Success"}),
            self._message("speech.nonsense", {"Offset": -1}),
            b"\x00\x03abc and more",
        ]

    def broken_phrase(self) -> str:
        best = {"Display": "what", "Words": [{"Word": "what"}]}
        return self._phrase("Success", 0, {"DisplayText": "what", "NBest": [best]})

    def _phrase(self, status: str, offset: int, more: dict[str, Any]) -> str:
        duration = self.acknowledged_samples * TICKS_PER_SAMPLE - offset
        common = {"RecognitionStatus": status, "Offset": offset, "Duration": duration, "Channel": 0}
        return self._message("speech.phrase", {"Id": uuid.uuid4().hex, **common, **more})

    def _message(self, path: str, body: dict[str, Any]) -> str:
        head = f"X-RequestId:{self.request_id}\r\nContent-Type:application/json; charset=utf-8\r\nPath:{path}"
        return f"{head}\r\n\r\n{json.dumps(body)}"


def _word(word: Word) -> dict[str, Any]:
    return {
        "Word": word.word,
        "Offset": word.start_ms * TICKS_PER_MS,
        "Duration": (word.end_ms - word.start_ms) * TICKS_PER_MS,
        **({} if word.confidence is None else {"Confidence": word.confidence}),
    }

"""The model itself: samples to tokens, each with how likely it was.

Moonshine tiny (N. Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice
Commands", 2024, https://arxiv.org/abs/2410.15608): an encoder over the raw samples, and a decoder that says
one token after another. The loop around them is here, since it returns what a word is worth.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speech.events import SAMPLE_RATE

# From 1.29 on it sends what runs where to its maker, unless it is told before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

try:
    import onnxruntime
except ImportError as error:
    # There is no wheel of it for every machine; the backend tells.
    onnxruntime: Any = None  # type: ignore[no-redef]
    PROBLEM = f"onnxruntime, which runs the model, can't be imported: {error}"
else:
    PROBLEM = ""

BEGIN, END = 1, 2
SPACE = "▁"
HEAD_SHAPE = (1, 8, 0, 36)
# The decoder's mask counts samples of the encoder's input, of which each frame stands for so many.
SAMPLES_A_FRAME = 384
# Nobody says more; what does is a loop.
TOKENS_A_SECOND = 6.5

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Token:
    """`probability` is that of the token after those before it, 0 to 1."""

    id: int
    probability: float


class Model:
    """Deterministic: the same samples give the same tokens, whatever was recognised before."""

    def __init__(self, folder: Path) -> None:
        self._encoder = session(folder / "encoder_model.ort")
        self._decoder = session(folder / "decoder_model_merged.ort")
        self._past_names = [
            i.name for i in self._decoder.get_inputs() if i.name.startswith("past_key_values")
        ]
        self.pieces = read_pieces(folder / "tokenizer.bin")

    def transcribe(self, pcm: bytes, prefix: Sequence[int] = ()) -> list[Token]:
        """What is said in `pcm`, 16 kHz mono 16 bit, up to 15 s. Text that begins with `prefix` begins so."""
        samples = np.frombuffer(pcm, np.int16).astype(np.float32)[None, :] / np.float32(32768)
        hidden = self._encode(samples)
        return self._decode(hidden, list(prefix), int(TOKENS_A_SECOND * samples.size / SAMPLE_RATE) + 1)

    def _encode(self, samples: Floats) -> Floats:
        inputs = {"input_values": samples, "attention_mask": np.ones(samples.shape, np.int64)}
        (hidden,) = self._encoder.run(None, inputs)
        return hidden  # type: ignore[no-any-return]

    def _decode(self, hidden: Floats, prefix: list[int], most: int) -> list[Token]:
        past = dict.fromkeys(self._past_names, np.zeros(HEAD_SHAPE, np.float32))
        mask = np.ones((1, hidden.shape[1] * SAMPLES_A_FRAME), np.int64)
        given = {"encoder_hidden_states": hidden, "encoder_attention_mask": mask}
        tokens = [Token(id, 1.0) for id in prefix]
        ids = [BEGIN, *prefix]
        while len(tokens) < max(most, len(prefix) + 1):
            is_first = len(tokens) == len(prefix)
            logits, *present = self._decoder.run(
                None,
                {
                    "input_ids": np.array([ids], np.int64),
                    "use_cache_branch": np.array([not is_first]),
                    **given,
                    **past,
                },
            )
            token = _likeliest(logits[0, -1])
            if token.id == END:
                break
            tokens.append(token)
            ids = [token.id]
            for name, value in zip(self._past_names, present, strict=True):
                # The encoder's come with the first step and stay.
                if is_first or ".decoder." in name:
                    past[name] = value
        return tokens

    def text(self, ids: Sequence[int]) -> str:
        """The tokens as text, without blanks at its ends."""
        return b"".join(self.pieces[id] for id in ids).decode("utf-8", "replace").strip()

    def begins_word(self, id: int) -> bool:
        return self.pieces[id].startswith(b" ")


def session(path: Path | str) -> Any:
    """On one thread, so that a process that loaded it may fork."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A third less memory at the same speed.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _likeliest(logits: Floats) -> Token:
    id = int(logits.argmax())
    return Token(id, float(1 / np.exp(logits - logits[id]).sum()))


def read_pieces(path: Path) -> list[bytes]:
    """What each token stands for. The file holds piece after piece, each behind its length."""
    data = path.read_bytes()
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length += data[at] * 128 - 128
            at += 1
        pieces.append(_piece(data[at : at + length]))
        at += length
    return pieces


def _piece(raw: bytes) -> bytes:
    if raw.startswith(b"<0x") and raw.endswith(b">"):
        return bytes([int(raw[3:-1], 16)])
    return raw.replace(SPACE.encode(), b" ")


@functools.lru_cache(maxsize=1)
def load(folder: str) -> Model:
    """Takes a third of a second; the fork server's is there already, if it is the one."""
    return Model(Path(folder))

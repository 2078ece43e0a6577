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
# With fewer than some 900 the encoder fails.
LEAST_SAMPLES = 1024
# Nobody says more; what does is a loop.
TOKENS_A_SECOND = 6.5

# What a term may give away to what the model would say, as the logarithm of how much likelier that is: for
# each token but the first, and in all. With 5 for each term, short ones came everywhere: docs/recognition.md.
GIVEN_A_TOKEN = 2.5
MOST_GIVEN = 5.0

Floats = NDArray[np.float32]
Given = dict[str, NDArray[Any]]
"""What the decoder is given, by the names of its inputs."""


@dataclass(frozen=True, slots=True)
class Token:
    """`probability` is that of the token after those before it, 0 to 1."""

    id: int
    probability: float


@dataclass(frozen=True, slots=True)
class Term:
    """One that was said, and what the decoder makes of it."""

    tokens: list[Token]
    logits: Floats
    past: Given


class Model:
    """Deterministic: the same samples give the same tokens, whatever was recognised before."""

    def __init__(self, folder: Path) -> None:
        self._encoder = session(folder / "encoder_model.ort")
        self._decoder = session(folder / "decoder_model_merged.ort")
        names = (i.name for i in self._decoder.get_inputs())
        self._no_past: Given = {
            name: np.zeros(HEAD_SHAPE, np.float32) for name in names if name.startswith("past_key_values")
        }
        self.pieces = read_pieces(folder / "tokenizer.bin")
        # A letter is there twice: as a byte, and later on as a piece.
        self._ids = {piece: id for id, piece in enumerate(self.pieces) if id > END}

    def transcribe(
        self, pcm: bytes, terms: Sequence[Sequence[int]] = (), prefix: Sequence[int] = ()
    ) -> list[Token]:
        """What is said in `pcm`, 16 kHz mono 16 bit, up to 15 s. Text that begins with `prefix` begins so.

        `terms` are likely to be said, each as `spell` gives it and none of them empty.
        """
        pcm = pcm.ljust(2 * LEAST_SAMPLES, b"\0")
        samples = np.frombuffer(pcm, np.int16).astype(np.float32)[None, :] / np.float32(32768)
        most = int(TOKENS_A_SECOND * samples.size / SAMPLE_RATE) + 1
        return self._decode(self._encode(samples), terms, list(prefix), max(most, len(prefix) + 1))

    def _encode(self, samples: Floats) -> Given:
        inputs = {"input_values": samples, "attention_mask": np.ones(samples.shape, np.int64)}
        (hidden,) = self._encoder.run(None, inputs)
        mask = np.ones((1, hidden.shape[1] * SAMPLES_A_FRAME), np.int64)
        return {"encoder_hidden_states": hidden, "encoder_attention_mask": mask}

    def _decode(
        self, given: Given, terms: Sequence[Sequence[int]], prefix: list[int], most: int
    ) -> list[Token]:
        tokens = [Token(id, 1.0) for id in prefix]
        logits, past = self._say(given, [BEGIN, *prefix])
        while len(tokens) < most:
            token = _token(logits[-1], int(logits[-1].argmax()))
            if token.id == END:
                break
            if term := self._likely_term(given, terms, logits[-1], past):
                tokens += term.tokens
                logits, past = term.logits, term.past
            else:
                tokens.append(token)
                logits, past = self._say(given, [token.id], past)
        return tokens

    def _likely_term(
        self, given: Given, terms: Sequence[Sequence[int]], logits: Floats, past: Given
    ) -> Term | None:
        """That which gives away least to what the model would say, token by token, if it isn't too much.

        All of a term counts: a bonus for each of its tokens would go to what only begins like it, too.
        """
        found, least = None, MOST_GIVEN
        for ids in terms:
            allowed = min(least, GIVEN_A_TOKEN * (len(ids) - 1))
            if logits.max() - logits[ids[0]] > allowed:
                continue
            rows, after = self._say(given, ids, past)
            before = np.vstack([logits, rows[:-1]])
            gives_away = float((before.max(axis=1) - before[np.arange(len(ids)), ids]).sum())
            if gives_away <= allowed:
                tokens = [_token(row, id) for row, id in zip(before, ids, strict=True)]
                found, least = Term(tokens, rows, after), gives_away
        return found

    def _say(self, given: Given, ids: Sequence[int], past: Given | None = None) -> tuple[Floats, Given]:
        """For each of `ids` what may come behind it, and what the decoder remembers of them.

        `past` is that of all before them.
        """
        inputs = {"input_ids": np.array([ids], np.int64), "use_cache_branch": np.array([past is not None])}
        logits, *present = self._decoder.run(None, inputs | given | (past or self._no_past))
        remembered = dict(zip(self._no_past, present, strict=True))
        # The encoder's come with the first step and stay.
        kept = {name: value for name, value in (past or {}).items() if ".decoder." not in name}
        return logits[0], remembered | kept

    def spell(self, term: str) -> list[int]:
        """The tokens that spell it where it begins a word: always the longest that goes on."""
        rest = " ".join(["", *term.split()]).encode()
        ids = []
        while rest:
            length = next(n for n in range(len(rest), 0, -1) if rest[:n] in self._ids)
            ids.append(self._ids[rest[:length]])
            rest = rest[length:]
        return ids

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


def _token(logits: Floats, id: int) -> Token:
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

"""When each word of a phrase was said: PocketSphinx finds words that are known already in the sound.

It hears 10 ms at a time. Against its own times of the same words the median difference is 0 ms.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from speech.backends.pocketsphinx.child import DECODER_DEFAULTS, DECODER_FRAME_SAMPLES, load_default_decoder
from speech.spelling import phones, spoken

_VARIANT = re.compile(r"\(\d+\)$")

Times = list[tuple[int, int]]
"""First sample and the one after the last, of each word."""


class Aligner:
    """Has the decoder for itself. What it finds depends on nothing but the phrase and its words."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._cmn = DECODER_DEFAULTS["cmninit"]

    def times(self, pcm: bytes, words: Sequence[str]) -> Times:
        """Of all `words` in `pcm`; spread over it by their lengths where they can't be found in it."""
        said = [self._known(word) for word in words]
        found = self._find(pcm, [part for parts in said for part in parts])
        samples = len(pcm) // 2
        if found is None:
            return _spread(samples, words)
        times: Times = []
        at = 0
        for parts in said:
            start = found[at][0] if parts else (times[-1][1] if times else 0)
            at += len(parts)
            end = found[at - 1][1] if parts else start
            times.append((min(start, samples), min(end, samples)))
        return times

    def _known(self, word: str) -> list[str]:
        """What is said of it, all of it in the decoder's dictionary."""
        parts = []
        for part in spoken(word):
            if self._decoder.lookup_word(part) is None:
                sound = phones(part)
                if not sound:
                    continue
                self._decoder.add_word(part, sound, False)
            parts.append(part)
        return parts

    def _find(self, pcm: bytes, parts: list[str]) -> Times | None:
        if not parts:
            return None
        decoder = self._decoder
        decoder.reinit_feat()
        decoder.set_cmn(self._cmn)
        try:
            decoder.set_align_text(" ".join(parts))
            decoder.start_utt()
            decoder.process_raw(pcm, full_utt=True)
            decoder.end_utt()
        except RuntimeError:
            return None
        segments = [segment for segment in decoder.seg() or () if not segment.word.startswith(("<", "["))]
        if [_VARIANT.sub("", segment.word) for segment in segments] != parts:
            return None
        return [
            (segment.start_frame * DECODER_FRAME_SAMPLES, (segment.end_frame + 1) * DECODER_FRAME_SAMPLES)
            for segment in segments
        ]


def _spread(samples: int, words: Sequence[str]) -> Times:
    total = sum(len(word) for word in words)
    times: Times = []
    before = 0
    for word in words:
        after = before + len(word)
        times.append((samples * before // total, samples * after // total))
        before = after
    return times


@functools.lru_cache(maxsize=1)
def load() -> Aligner:
    """The fork server's is there already."""
    return Aligner(load_default_decoder())

"""One PocketSphinx recognition, as it runs in its child process.

PocketSphinx never releases the interpreter's lock, so it has a process to itself. A voice activity
detector cuts the audio into utterances; only these reach the decoder, for it makes words of noise.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pocketsphinx import Decoder, get_model_path

from speech.backends.phrases import Began, Endpointing, Over, PhraseGate, Quiet, Step, WebRtcDetector, Went
from speech.backends.pocketsphinx.codec import encode_event
from speech.events import (
    SAMPLE_RATE,
    Ended,
    Event,
    Final,
    Interim,
    Progress,
    Resume,
    SpeechEnded,
    SpeechStarted,
    Word,
    ms_from_samples,
)
from speech.metrics import mean_confidence
from speech.processes.children import Channel, limit_child

DECODER_FRAME_SAMPLES = SAMPLE_RATE // 100
RESET_PCM = bytes(SAMPLE_RATE * 2 * 150 // 1000)
MEMORY_BYTES = 1 << 30

# With the stock lattice and second pass, 20 s of babble take minutes to finish. The mean is that of
# clear speech, to which every recognition starts nearer than to the model's own.
DECODER_DEFAULTS: dict[str, Any] = {
    "fwdflat": False,
    "maxhmmpf": 5000,
    "maxwpf": 20,
    "lw": 5.5,
    "bestpath": True,
    "cmninit": "53.8,1.1,0.6,13.1,-7.0,3.3,-2.1,-2.8,-0.9,-3.0,1.1,-0.3,0.5",
    "loglevel": "FATAL",
}


@dataclass(frozen=True, kw_only=True)
class VadEndpointing(Endpointing):
    """The higher the mode, the less is speech."""

    vad_mode: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vad_mode not in range(4):
            raise ValueError("vad_mode is 0, 1, 2 or 3")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a child needs to know; it is pickled."""

    recogniser: str
    decoder: Mapping[str, Any]
    endpointing: VadEndpointing
    resume: Resume


def recognise(channel: Channel, setup: Setup) -> None:
    """PCM comes in, events go out. The first message is empty, or says what is wrong with the model."""
    try:
        decoder = load_decoder(json.dumps(setup.decoder, sort_keys=True))
    except (RuntimeError, ValueError, KeyError) as error:
        channel.send(str(error).encode())
        return
    limit_child(memory_bytes=MEMORY_BYTES, files=0)
    channel.send(b"")
    utterances = Utterances(decoder, setup)
    while (pcm := channel.receive()) is not None:
        for event in utterances.hear(pcm):
            channel.send(encode_event(event))
    for event in utterances.finish():
        channel.send(encode_event(event))


@functools.lru_cache(maxsize=1)
def load_decoder(parameters: str) -> Any:
    """A decoder takes half a second to load; the fork server's is there already, if it is the one."""
    return Decoder(**json.loads(parameters))


def load_default_decoder() -> Any:
    return load_decoder(json.dumps(DECODER_DEFAULTS | built_in_model(), sort_keys=True))


def built_in_model() -> dict[str, str]:
    folder = Path(get_model_path("en-us"))
    return {
        "hmm": str(folder / "en-us"),
        "lm": str(folder / "en-us.lm.bin"),
        "dict": str(folder / "cmudict-en-us.dict"),
    }


class Utterances:
    """PCM to events. Nothing but `Resume` passes from one utterance to the next: the features start anew,
    and only the cepstral mean is taken along.
    """

    def __init__(self, decoder: Any, setup: Setup) -> None:
        self._decoder = decoder
        self._recogniser = setup.recogniser
        detector = functools.partial(WebRtcDetector, setup.endpointing.vad_mode)
        self._gate = PhraseGate(detector, setup.endpointing, setup.resume.offset_samples)
        self._cmn = str(setup.resume.state.get("cmn") or decoder.get_cmn())

    def hear(self, pcm: bytes) -> Iterator[Event]:
        for step in self._gate.hear(pcm):
            yield from self._take(step)

    def finish(self) -> Iterator[Event]:
        for step in self._gate.finish():
            yield from self._take(step)
        yield Ended(ms_from_samples(self._gate.position))

    def _take(self, step: Step) -> Iterator[Event]:
        match step:
            case Began(start, pcm):
                yield from self._begin(start, pcm)
            case Went(pcm):
                yield from self._continue(pcm)
            case Over():
                yield from self._end(step)
            case Quiet(end):
                yield Progress(Resume(end, {"cmn": self._cmn}))

    def _begin(self, start: int, pcm: bytes) -> Iterator[Event]:
        self._start = start
        self._end_of_audio = start + len(pcm) // 2
        self._text = ""
        reset(self._decoder, self._cmn)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm)
        yield SpeechStarted(ms_from_samples(start))

    def _continue(self, pcm: bytes) -> Iterator[Event]:
        self._decoder.process_raw(pcm)
        self._end_of_audio += len(pcm) // 2
        hypothesis = self._decoder.hyp()
        if hypothesis and hypothesis.hypstr and hypothesis.hypstr != self._text:
            self._text = hypothesis.hypstr
            yield Interim(self._text, ms_from_samples(self._start), ms_from_samples(self._end_of_audio))

    def _end(self, over: Over) -> Iterator[Event]:
        words_before_end = tuple(self._words(self._decoder.seg() or ()))
        self._decoder.end_utt()
        segments = self._decoder.seg()
        if segments is None:
            # An utterance cut inside a word may have no path to its end. What was understood so far
            # stands, and without confidences, which come with that path.
            words = tuple(replace(word, confidence=None) for word in words_before_end)
        else:
            words = tuple(self._words(segments))
        self._cmn = self._decoder.get_cmn()
        end_ms = ms_from_samples(over.speech_end)
        if words:
            end_ms = max(end_ms, words[-1].end_ms)
            yield self._final(words, over.end)
        yield SpeechEnded(end_ms)

    def _final(self, words: tuple[Word, ...], end: int) -> Final:
        return Final(
            text=" ".join(word.word for word in words),
            start_ms=words[0].start_ms,
            end_ms=words[-1].end_ms,
            confidence=mean_confidence(words),
            words=words,
            resume=Resume(end, {"cmn": self._cmn}),
            recogniser=self._recogniser,
        )

    def _words(self, segments: Iterable[Any]) -> Iterator[Word]:
        for segment in segments:
            if segment.word.startswith(("<", "[")):
                continue
            end = min(self._start + (segment.end_frame + 1) * DECODER_FRAME_SAMPLES, self._end_of_audio)
            start = min(self._start + segment.start_frame * DECODER_FRAME_SAMPLES, end)
            yield Word(
                word=segment.word.partition("(")[0],
                start_ms=ms_from_samples(start),
                end_ms=ms_from_samples(end),
                confidence=round(min(segment.prob, 1.0), 4),
            )


def reset(decoder: Any, cmn: str) -> None:
    """Put a decoder into a state that depends on nothing but `cmn`.

    Its noise estimate lives in the features, which are made anew. The scores of its look-ahead have
    no reset; a short utterance of silence overwrites them (12 ms), and is then itself forgotten.
    """
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(RESET_PCM)
    decoder.end_utt()
    decoder.reinit_feat()
    decoder.set_cmn(cmn)

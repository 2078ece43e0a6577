"""The offline recogniser for English: Moonshine tiny, in children that all answers of a process share.

It needs no network and no key. docs/architecture.md says how a phrase goes through it, docs/recognition.md
how often it is right and how many answers a machine bears.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import cached_property
from weakref import WeakKeyDictionary

from speech.backends.local import LocalBackend
from speech.backends.moonshine import model, weights
from speech.backends.moonshine.detector import SileroDetector
from speech.backends.moonshine.pool import Pool
from speech.backends.moonshine.recognition import MoonshineRecognition
from speech.backends.phrases import Endpointing, PhraseGate
from speech.backends.pocketsphinx.child import built_in_model
from speech.events import Resume
from speech.exceptions import LanguageNotSupported, SpeechError

INSTALL = "Install requirements-moonshine.txt, or the extra `moonshine`; without it PocketSphinx recognises."
# The text of longer ones drifts (seen at 40 s), and a message to a child holds no more than 32 s.
MAX_PHRASE_MS = 30_000
# What is longer is no name or term, and the time that they take is bounded.
MAX_TERMS = 200
TERM_CHARS = 60
LANGUAGES = frozenset({"en", "en-us", "en-gb", "en-au", "en-ca", "en-ie", "en-in", "en-nz", "en-za"})


class MoonshineBackend(LocalBackend):
    """OPTIONS:

    `folder`: one with the model's four files, in place of those of the packages.
    `endpointing`: the fields of `Endpointing`.

    And those of `LocalBackend`.
    """

    name = "moonshine"
    reports_confidence = True
    # Of people who never stop speaking, with all that the product does besides: finals come within a second.
    recognitions_per_core = 6

    def __init__(
        self,
        *,
        folder: str | os.PathLike[str] | None = None,
        endpointing: Mapping[str, int] | None = None,
        capacity: int | None = None,
        cores: int | None = None,
        slots_directory: str | os.PathLike[str] | None = None,
        max_behind_seconds: float = 20,
    ) -> None:
        super().__init__(
            capacity=capacity,
            cores=cores,
            slots_directory=slots_directory,
            max_behind_seconds=max_behind_seconds,
        )
        self._folder = os.fspath(folder) if folder is not None else None
        self._endpointing = Endpointing(**(endpointing or {}))
        if self._endpointing.max_phrase_ms > MAX_PHRASE_MS:
            raise ValueError(f"max_phrase_ms is {MAX_PHRASE_MS} or less")
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()

    @cached_property
    def problem(self) -> str | None:
        if model.PROBLEM:
            return model.PROBLEM
        try:
            weights.find(self._folder)
        except weights.WeightsUnusable as problem:
            return str(problem)
        return None

    def supports(self, language: str) -> bool:
        return language.lower() in LANGUAGES

    def pronunciations(self, language: str) -> str | None:
        return built_in_model()["dict"] if self.supports(language) else None

    def is_busy(self) -> bool:
        return self._slots.are_taken(max(1, self._slots.count // 2))

    async def start(
        self, *, language: str, resume: Resume, phrases: Sequence[str] = ()
    ) -> MoonshineRecognition:
        if not self.supports(language):
            raise LanguageNotSupported(f"Moonshine has no model for {language}")
        if self.problem:
            raise SpeechError(self.problem, permanent=True, hint=INSTALL)
        pool = self._pool()
        async with AsyncExitStack() as stack:
            stack.callback(self._slots.take().close)
            await pool.open()
            stack.push_async_callback(pool.close)
            return MoonshineRecognition(
                pool,
                self._gate(resume),
                [phrase for phrase in phrases if len(phrase) <= TERM_CHARS][:MAX_TERMS],
                recogniser=weights.NAME,
                max_behind_bytes=self._max_behind_bytes,
                stack=stack.pop_all(),
            )

    def _pool(self) -> Pool:
        """That of the event loop that asks, since its children are read on it."""
        loop = asyncio.get_running_loop()
        if loop not in self._pools:
            self._pools[loop] = Pool(weights.find(self._folder).model, self._cores)
        return self._pools[loop]

    def _gate(self, resume: Resume) -> PhraseGate:
        try:
            return PhraseGate(self._detector, self._endpointing, resume.offset_samples)
        except Exception as error:
            # onnxruntime's errors have no class in common.
            raise SpeechError(f"the detector can't be loaded: {error}", permanent=True) from error

    def _detector(self) -> SileroDetector:
        return SileroDetector(weights.find(self._folder).detector)

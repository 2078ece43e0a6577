"""A recognition as the rest of the product uses it.

async with open_stream(language="en-US") as stream:
    …  await stream.push(pcm)            # one task feeds
    …  await stream.end_input()
    …  async for event in stream: …      # another one reads
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Self

from speech.backends import get_backend
from speech.backends.base import Recognition
from speech.events import Event, Resume


def open_stream(
    *, language: str = "en-US", backend: str = "default", resume: Resume | None = None
) -> SpeechStream:
    """A stream that begins with `async with`: there it raises CapacityExceeded, LanguageNotSupported or
    another SpeechError, and ImproperlyConfigured for an alias that isn't declared.

    `resume` is that of the final after which the audio goes on.
    """
    return SpeechStream(language=language, backend=backend, resume=resume or Resume())


class SpeechStream:
    """One task pushes, one iterates; `aclose` may come from any, at any time and more than once.

    Who pushes more than a minute must iterate too: events wait, and then the audio does.
    """

    def __init__(self, *, language: str, backend: str, resume: Resume) -> None:
        self.language = language
        self.backend = backend
        self.resume = resume
        self._started: Recognition | None = None
        self._half_sample = b""

    async def __aenter__(self) -> Self:
        backend = get_backend(self.backend)
        self._started = await backend.start(language=self.language, resume=self.resume)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def recogniser(self) -> str:
        """Who recognises: backend, version and model."""
        return self._recognition.recogniser

    async def push(self, pcm: bytes) -> None:
        """Take 16 kHz mono 16-bit PCM, cut anywhere. Waits while the recogniser is far behind.

        SpeechError once the recognition has failed, was closed or has no more input.
        """
        pcm = self._half_sample + pcm
        whole = len(pcm) - len(pcm) % 2
        self._half_sample = pcm[whole:]
        await self._recognition.push(pcm[:whole])

    async def end_input(self) -> None:
        """No more audio. Half a sample that is left over is dropped."""
        await self._recognition.end_input()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Events in order, until `Ended` or `aclose`. SpeechError if the recogniser is lost."""
        return self._recognition.__aiter__()

    async def aclose(self) -> None:
        if self._started is not None:
            await self._started.aclose()

    @property
    def _recognition(self) -> Recognition:
        assert self._started is not None, "a stream begins with `async with`"
        return self._started

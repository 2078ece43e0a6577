"""Audio in any format in, PCM out, both while it arrives.

    async with open_decoder(audio_format) as decoder:
        …  await decoder.push(data)          # one task feeds
        …  await decoder.end_input()
        …  async for pcm in decoder: …       # another one reads

Errors: AudioFormatUnsupported and AudioDecodingFailed are the audio's fault, also where it broke its decoder
or made it use more memory or time than it may; SpeechError is not: the decoder was killed, couldn't be
started or was closed, and trying again may help.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Self

from speech.audio.engines import ChildEngine, Engine, PassingEngine, closed_error
from speech.audio.formats import HEAD_BYTES, AudioFormat, format_of
from speech.exceptions import AudioError, SpeechError

logger = logging.getLogger(__name__)


class Decoder:
    """One task pushes, one iterates; `aclose` may come from any, at any time and more than once.

    `bytes_in` counts what was pushed, `samples_out` what the iterator has given. `warnings`, complete when it
    has ended, says what was damaged or left out; the audio that could be had was given all the same. `audio`
    is the format that it was decoded as, None before the first bytes told.
    """

    def __init__(
        self, audio: AudioFormat | None, *, goes_on: bool = False, is_background: bool = False
    ) -> None:
        self.bytes_in = self.samples_out = 0
        self.warnings: tuple[str, ...] = ()
        self.audio: AudioFormat | None = None
        self._declared = audio
        self._goes_on = goes_on
        self._is_background = is_background
        self._head = b""
        self._engine: Engine | None = None
        self._is_decided = asyncio.Event()
        self._failure: Exception | None = None
        self._is_over = self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def push(self, data: bytes) -> None:
        """Take bytes, cut anywhere. Waits while far more came than was read."""
        self._check()
        self.bytes_in += len(data)
        if self._engine is None:
            self._head += data
            if len(self._head) < HEAD_BYTES:
                return
            data = b""
        await self._push(data)

    async def end_input(self) -> None:
        """No more bytes: the iterator ends after the last sample."""
        self._check()
        await self._push(b"")
        assert self._engine is not None
        await self._engine.end_input()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Whole samples, at most a second of them."""
        await self._is_decided.wait()
        self._check()
        pcm = None if self._is_over else await self._receive()
        if pcm is None:
            raise StopAsyncIteration
        self.samples_out += len(pcm) // 2
        return pcm

    async def aclose(self) -> None:
        """End now: the child is gone when this returns, and both sides raise SpeechError."""
        self._is_closed = True
        self._is_decided.set()
        if self._engine is not None:
            await self._engine.aclose()

    async def abort(self, error: Exception) -> None:
        """End now because the bytes can't be had: both sides raise `error`."""
        self._fail(error)
        await self.aclose()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._is_closed:
            raise closed_error()

    def _fail(self, error: Exception) -> Exception:
        """The first error is the reason; what comes after follows from it."""
        self._failure = self._failure or error
        self._is_decided.set()
        return self._failure

    async def _push(self, data: bytes) -> None:
        try:
            engine = self._engine or await self._choose_engine()
            await engine.push(data)
        except (AudioError, SpeechError) as error:
            raise self._fail(error) from error.__cause__

    async def _choose_engine(self) -> Engine:
        """Now that the first bytes are known, choose how to go on."""
        if self._goes_on:
            audio = self._declared
            assert audio is not None
        else:
            audio = format_of(self._declared, self._head)
        self.audio = audio
        engine = PassingEngine() if audio.is_native else await self._start_child(audio)
        if self._is_closed:
            await engine.aclose()
            raise closed_error()
        self._engine = engine
        self._is_decided.set()
        head, self._head = self._head, b""
        await engine.push(head)
        return engine

    async def _start_child(self, audio: AudioFormat) -> Engine:
        return await ChildEngine.start(audio, is_background=self._is_background)

    async def _receive(self) -> bytes | None:
        assert self._engine is not None
        try:
            pcm = await self._engine.receive()
        except (AudioError, SpeechError) as error:
            raise self._fail(error) from error.__cause__
        if pcm is None:
            self._is_over = True
            self.warnings = self._engine.warnings
            if self.warnings:
                logger.warning("damaged audio: %s", "; ".join(self.warnings))
        return pcm


def open_decoder(
    audio: AudioFormat | None = None, *, goes_on: bool = False, is_background: bool = False
) -> Decoder:
    """None stands for a container that its first bytes tell. Nothing is started before they are there.

    What `goes_on` begins in the middle of bare PCM, whose bytes tell nothing; what `is_background` lets
    everything else have the processor first.
    """
    return Decoder(audio, goes_on=goes_on, is_background=is_background)


async def decode(
    chunks: AsyncIterator[bytes], audio: AudioFormat | None = None
) -> AsyncGenerator[bytes, None]:
    """The PCM of `chunks`, read and decoded at the same time, in whole samples and a second at most at once.

    Close it (`aclosing`) to stop early. Raises AudioError, SpeechError, and whatever `chunks` does.
    """
    async with aclosing(decoded(open_decoder(audio), chunks)) as pieces:
        async for pcm in pieces:
            yield pcm


async def decoded(decoder: Decoder, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same by a decoder of the caller's, who may ask it afterwards what was damaged."""
    async with decoder:
        feeding = asyncio.create_task(_feed(decoder, chunks))
        try:
            async for pcm in decoder:
                yield pcm
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


async def _feed(decoder: Decoder, chunks: AsyncIterator[bytes]) -> None:
    try:
        async for chunk in chunks:
            await decoder.push(chunk)
        await decoder.end_input()
    except Exception as error:
        # Whatever it is, the one who iterates is told.
        await decoder.abort(error)
    except BaseException:
        await decoder.aclose()
        raise
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()

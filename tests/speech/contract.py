"""What every backend promises; the tests of each inherit it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest

from speech.backends.base import BaseBackend, Recognition
from speech.events import (
    BYTES_PER_SECOND,
    Ended,
    Event,
    Final,
    Interim,
    Progress,
    Resume,
    SpeechEnded,
    SpeechStarted,
    ms_from_samples,
)
from speech.exceptions import SpeechError
from tests.support.footprint import nothing_left_behind
from tests.support.voices import silence


async def recognise(
    backend: BaseBackend, pcm: bytes, *, resume: Resume | None = None, chunk_bytes: int = BYTES_PER_SECOND
) -> list[Event]:
    """All events of `pcm`, which begins where `resume` says."""
    async with running(backend, resume) as recognition:
        feeding = asyncio.create_task(feed(recognition, pcm, chunk_bytes))
        events = [event async for event in recognition]
        await feeding
        return events


async def feed(recognition: Recognition, pcm: bytes, chunk_bytes: int = BYTES_PER_SECOND) -> None:
    for start in range(0, len(pcm), chunk_bytes):
        await recognition.push(pcm[start : start + chunk_bytes])
    await recognition.end_input()


@asynccontextmanager
async def running(backend: BaseBackend, resume: Resume | None = None) -> AsyncIterator[Recognition]:
    recognition = await backend.start(language="en-US", resume=resume or Resume())
    async with aclosing(recognition):
        yield recognition


def finals(events: list[Event]) -> list[Final]:
    return [event for event in events if isinstance(event, Final)]


def without_interims(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, Interim)]


class BackendContract:
    """The module of a subclass has the fixtures `backend`, and `audio`: PCM of at least three segments."""

    # Whether the same audio gives the same interims, however much time the machine has.
    says_the_same_interims = True

    def same(self, events: list[Event]) -> list[Event]:
        """What the same audio gives each time."""
        return events if self.says_the_same_interims else without_interims(events)

    async def test_events_come_in_order(self, events: list[Event]) -> None:
        may_follow: dict[type, tuple[type, ...]] = {
            type(None): (SpeechStarted, Progress, Ended),
            SpeechStarted: (Interim, Final, SpeechEnded),
            Interim: (Interim, Final, SpeechEnded),
            Final: (SpeechEnded,),
            SpeechEnded: (SpeechStarted, Progress, Ended),
            Progress: (SpeechStarted, Progress, Ended),
        }

        for before, after in pairwise([None, *events]):
            assert type(after) in may_follow[type(before)]
        assert isinstance(events[-1], Ended)
        assert len(finals(events)) >= 3

    async def test_times_never_go_back(self, events: list[Event]) -> None:
        times: list[int] = []
        for event in events:
            match event:
                case SpeechStarted(start_ms):
                    times.append(start_ms)
                case Final():
                    times += [event.start_ms, event.end_ms]
                case SpeechEnded(end_ms):
                    times.append(end_ms)
                case Ended(duration_ms):
                    times.append(duration_ms)

        assert times == sorted(times)

    async def test_words_lie_in_their_segment_one_after_another(self, events: list[Event]) -> None:
        for final in finals(events):
            times = [time for word in final.words for time in (word.start_ms, word.end_ms)]
            assert [final.start_ms, *times, final.end_ms] == sorted([final.start_ms, *times, final.end_ms])
            assert final.text == " ".join(word.word for word in final.words) != ""

    async def test_confidences_are_between_0_and_1_or_none(
        self, backend: BaseBackend, events: list[Event]
    ) -> None:
        confidences = [word.confidence for final in finals(events) for word in final.words]
        confidences += [final.confidence for final in finals(events)]

        reported = [confidence for confidence in confidences if confidence is not None]
        assert all(0 <= confidence <= 1 for confidence in reported)
        assert bool(reported) == backend.reports_confidence

    async def test_an_interim_is_never_empty_and_never_said_twice(self, events: list[Event]) -> None:
        interims = [event.text if isinstance(event, Interim) else None for event in events]

        assert "" not in interims
        assert all(before != after for before, after in pairwise(interims) if after is not None)

    async def test_the_end_knows_how_long_the_audio_was(self, events: list[Event], audio: bytes) -> None:
        assert events[-1] == Ended(ms_from_samples(len(audio) // 2))

    async def test_a_final_names_the_recogniser(self, backend: BaseBackend, events: list[Event]) -> None:
        async with running(backend) as recognition:
            names = {final.recogniser for final in finals(events)}

            assert names == {recognition.recogniser}

    async def test_no_audio_gives_only_the_end(self, backend: BaseBackend) -> None:
        assert await recognise(backend, b"") == [Ended(0)]

    async def test_silence_gives_only_the_end(self, backend: BaseBackend) -> None:
        assert await recognise(backend, silence(3)) == [Ended(3000)]

    @pytest.mark.parametrize("chunk_bytes", [32, 3200, 1 << 30], ids=["1 ms", "100 ms", "at once"])
    async def test_how_audio_is_cut_changes_nothing(
        self, backend: BaseBackend, audio: bytes, events: list[Event], chunk_bytes: int
    ) -> None:
        assert self.same(await recognise(backend, audio, chunk_bytes=chunk_bytes)) == self.same(events)

    async def test_a_recognition_resumed_after_any_final_says_exactly_the_rest(
        self, backend: BaseBackend, audio: bytes, events: list[Event]
    ) -> None:
        for index, event in enumerate(events):
            if isinstance(event, Final):
                missing = audio[event.resume.offset_samples * 2 :]
                rest = await recognise(backend, missing, resume=event.resume)
                # The end of the speech belongs to the final.
                assert self.same(rest) == self.same(events[index + 2 :])

    async def test_a_closed_recognition_takes_no_audio(self, backend: BaseBackend, audio: bytes) -> None:
        async with running(backend) as recognition:
            await recognition.push(audio[:3200])
        with pytest.raises(SpeechError):
            await recognition.push(audio[3200:6400])

    async def test_after_its_end_input_takes_no_audio(self, backend: BaseBackend, audio: bytes) -> None:
        async with running(backend) as recognition:
            await recognition.end_input()
            await recognition.end_input()
            with pytest.raises(SpeechError):
                await recognition.push(audio[:3200])

            assert [event async for event in recognition] == [Ended(0)]

    async def test_closing_at_any_moment_leaves_nothing(self, backend: BaseBackend, audio: bytes) -> None:
        await recognise(backend, b"")
        async with nothing_left_behind():
            async with running(backend):
                pass
            async with running(backend) as recognition:
                await recognition.push(audio[: BYTES_PER_SECOND * 2])
            async with running(backend) as recognition:
                await recognition.push(audio[: BYTES_PER_SECOND * 2])
                await recognition.end_input()
            async with running(backend) as recognition:
                feeding = asyncio.create_task(feed(recognition, audio))
                async for event in recognition:
                    if isinstance(event, Interim):
                        break
                await recognition.aclose()
                await asyncio.gather(feeding, return_exceptions=True)

    async def test_closing_ends_who_iterates(self, backend: BaseBackend) -> None:
        async with running(backend) as recognition:
            iterating = asyncio.create_task(collect(recognition))
            await asyncio.sleep(0)

            await recognition.aclose()

            assert await iterating == []

    async def test_iterating_can_be_interrupted_and_taken_up_again(
        self, backend: BaseBackend, audio: bytes, events: list[Event]
    ) -> None:
        async with running(backend) as recognition:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await collect(recognition)
            feeding = asyncio.create_task(feed(recognition, audio))

            assert self.same(await collect(recognition)) == self.same(events)
            await feeding


async def collect(recognition: Recognition) -> list[Event]:
    return [event async for event in recognition]

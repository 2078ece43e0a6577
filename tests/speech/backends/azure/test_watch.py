from __future__ import annotations

import pytest

from speech.backends.azure.watch import MuteWatch


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> MuteWatch:
    return MuteWatch(mute_seconds=10, idle_seconds=45, clock=clock)


def test_without_audio_nothing_is_expected(watch: MuteWatch, clock: Clock) -> None:
    clock.now = 1000

    assert not watch.is_mute()


def test_a_connection_that_is_not_made_is_mute_soon(watch: MuteWatch, clock: Clock) -> None:
    watch.wrote(60)

    clock.now = 10
    assert not watch.is_mute()
    clock.now = 11
    assert watch.is_mute()


def test_an_open_utterance_has_to_go_on(watch: MuteWatch, clock: Clock) -> None:
    watch.connected(True)
    watch.heard(2, is_speaking=True)
    watch.wrote(13)

    clock.now = 11
    assert watch.is_mute()


def test_an_utterance_waits_for_audio_that_does_not_come(watch: MuteWatch, clock: Clock) -> None:
    watch.connected(True)
    watch.heard(2, is_speaking=True)
    watch.wrote(11)

    clock.now = 1000
    assert not watch.is_mute()


def test_silence_may_last_longer(watch: MuteWatch, clock: Clock) -> None:
    watch.connected(True)
    watch.wrote(60)

    clock.now = 44
    assert not watch.is_mute()
    clock.now = 46
    assert watch.is_mute()


def test_any_sign_begins_anew(watch: MuteWatch, clock: Clock) -> None:
    watch.connected(True)
    watch.wrote(60)
    clock.now = 40
    watch.heard(15, is_speaking=False)

    clock.now = 80
    assert not watch.is_mute()


def test_a_pause_of_the_audio_does_not_count(watch: MuteWatch, clock: Clock) -> None:
    watch.connected(True)
    watch.heard(5, is_speaking=True)
    watch.wrote(5)
    clock.now = 100
    watch.wrote(20)

    clock.now = 109
    assert not watch.is_mute()
    clock.now = 111
    assert watch.is_mute()


def test_after_the_end_the_rest_has_its_time_and_then_the_limit(watch: MuteWatch, clock: Clock) -> None:
    watch.connected(True)
    watch.heard(0, is_speaking=False)
    watch.wrote(20)
    watch.ended()

    clock.now = 30
    assert not watch.is_mute()
    clock.now = 31
    assert watch.is_mute()


def test_after_the_end_all_heard_only_the_limit_counts(watch: MuteWatch, clock: Clock) -> None:
    watch.connected(True)
    watch.wrote(5)
    watch.heard(5, is_speaking=False)
    clock.now = 100
    watch.ended()

    clock.now = 109
    assert not watch.is_mute()
    clock.now = 111
    assert watch.is_mute()

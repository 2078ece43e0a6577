"""When a service that says nothing counts as lost.

In silence the service speaks up only every 15 to 30 s, and it may be silent for good reasons where no
audio comes. What counts is therefore audio that it has had and has not answered, at most as much as time
has gone by since its last sign of life (audio goes out at real time or faster). The limit for it is

- `mute_seconds` while a lost connection is not made anew, and while an utterance is open, which in a
  service that works goes on or ends within a second or two;
- `idle_seconds` between utterances, where it may all be silence;
- and after the end of the audio `mute_seconds`, beyond the time that the rest may take at real time.
"""

from __future__ import annotations

from collections.abc import Callable


class MuteWatch:
    """Positions are seconds of audio."""

    def __init__(self, *, mute_seconds: float, idle_seconds: float, clock: Callable[[], float]) -> None:
        self.mute_seconds = mute_seconds
        self.idle_seconds = idle_seconds
        self._clock = clock
        self._written = self._heard = 0.0
        self._last_sign = clock()
        self._is_speaking = self._has_ended = False
        self.is_connected = False

    def wrote(self, position: float) -> None:
        if self._written == self._heard:
            # Until now there was nothing to say.
            self._last_sign = self._clock()
        self._written = position

    def connected(self, is_connected: bool) -> None:
        self.is_connected = is_connected
        self._last_sign = self._clock()

    def heard(self, position: float, *, is_speaking: bool) -> None:
        self._heard = position
        self._is_speaking = is_speaking
        self._last_sign = self._clock()

    def ended(self) -> None:
        self._has_ended = True
        if self._written == self._heard:
            self._last_sign = self._clock()

    def is_mute(self) -> bool:
        since = self._clock() - self._last_sign
        behind = self._written - self._heard
        is_impatient = self._is_speaking or not self.is_connected
        if self._has_ended:
            return since > self.mute_seconds + (0 if is_impatient else min(behind, self.idle_seconds))
        return min(behind, since) > (self.mute_seconds if is_impatient else self.idle_seconds)

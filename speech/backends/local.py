"""What recognisers have in common whose work is done on this machine: places, and cores to share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import ClassVar

from speech.backends.base import BaseBackend
from speech.backends.slots import Slots
from speech.events import BYTES_PER_SECOND
from speech.processes.cores import count_cores


class LocalBackend(BaseBackend):
    """OPTIONS:

    `capacity`: recognitions at once on this machine, over all processes that share `slots_directory`.
    `cores`: those that recognitions may take, where that isn't all that `speech.processes.cores` counts.
    `max_behind_seconds`: audio that may wait for the recogniser before `push` does.
    """

    recognitions_per_core: ClassVar[int]

    def __init__(
        self,
        *,
        capacity: int | None,
        cores: int | None,
        slots_directory: str | os.PathLike[str] | None,
        max_behind_seconds: float,
    ) -> None:
        if capacity is not None and capacity < 1:
            raise ValueError("capacity is 1 or more")
        if cores is not None and cores < 1:
            raise ValueError("cores is 1 or more")
        if max_behind_seconds <= 0:
            raise ValueError("max_behind_seconds is more than 0")
        self._cores = cores or count_cores().count
        self._slots = Slots(
            Path(slots_directory or Path(tempfile.gettempdir()) / f"speech-{os.getuid()}"),
            self.name,
            capacity or self.recognitions_per_core * self._cores,
        )
        self._max_behind_bytes = int(max_behind_seconds * BYTES_PER_SECOND)

    @property
    def places(self) -> int:
        return self._slots.count

    def is_crowded(self) -> bool:
        # An only place is left to answers.
        return self._slots.are_taken(self._slots.count // 2)

"""Whether an MP4 can be decoded while it arrives, from its outermost boxes (ISO/IEC 14496-12, 4.2)."""

from __future__ import annotations

from typing import Final

from speech.exceptions import AudioDecodingFailed

# A box before the index is small; a hostile size must not make us wait for the end of the file.
_MAX_EARLY_BOX: Final = 16 << 20


class Mp4Gate:
    """Refuses a file whose index (`moov`) follows the media: libav would read all of it in vain."""

    def __init__(self) -> None:
        self.is_open = False
        self._buffer = bytearray()
        self._skip = 0

    def feed(self, data: bytes) -> None:
        """Raises AudioDecodingFailed."""
        self._buffer += data
        while not self.is_open and self._pass_box():
            pass

    def _pass_box(self) -> bool:
        skipped = min(self._skip, len(self._buffer))
        del self._buffer[:skipped]
        self._skip -= skipped
        if self._skip or len(self._buffer) < 16:
            return False
        size, name = int.from_bytes(self._buffer[:4]), bytes(self._buffer[4:8])
        if size == 1:
            size = int.from_bytes(self._buffer[8:16])
        self._judge(name, size)
        return True

    def _judge(self, name: bytes, size: int) -> None:
        if name == b"moov":
            self.is_open = True
        elif name == b"mdat":
            raise AudioDecodingFailed(
                "This MP4 has its index at the end: only a fragmented one can be streamed."
            )
        elif not 8 <= size <= _MAX_EARLY_BOX:
            raise AudioDecodingFailed("The MP4 is broken.")
        else:
            self._skip = size

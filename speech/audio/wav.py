"""WAV while it arrives: a header in, then bare sample frames out.

libav waits for seconds of a WAV before it says what it is, although it is a header and PCM. This reads it at
once, whatever the chunk boundaries, and refuses what it can't be sure of: a header that is wrong about its
samples turns speech into noise. Sans-I/O: bytes in, bytes out.

The format: Microsoft, Multimedia Programming Interface and Data Specifications 1.0, and mmreg.h for
WAVE_FORMAT_EXTENSIBLE; RF64 and ds64: EBU Tech 3306.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from speech.audio.samples import SampleLayout
from speech.audio.wav_format import parse_format
from speech.exceptions import AudioDecodingFailed, AudioError

_RIFF_IDS: Final = (b"RIFF", b"RF64", b"BW64")
# What a writer that can't seek back puts for the size: about all that fits, with or without a sign.
_STREAM_SIZES: Final = (range(0x7FFF_0000, 0x8000_0000), range(0xFFFF_0000, 0x1_0000_0000))
_SIZE_IN_DS64: Final = 0xFFFF_FFFF
_AFTER_EMPTY_DATA: Final = (b"LIST", b"fact", b"bext", b"cue ", b"smpl", b"id3 ", b"JUNK", b"iXML", b"_PMX")
_MAX_SMALL_CHUNK: Final = 4096


class WavParser:
    """Feed it the file; it returns whole frames of `layout`, which is None until the header was read.

    Several files one after the other are taken as one, as long as they have the same layout: clients
    that send each chunk as a WAV of its own exist. `warnings` says what was left out.
    """

    def __init__(self) -> None:
        self.layout: SampleLayout | None = None
        self.warnings: list[str] = []
        self._buffer = bytearray()
        self._frames = bytearray()
        self._state: Callable[[], bool] = self._read_riff
        self._after: Callable[[bytes], None] = self._take_format
        self._left: int | None = 0
        self._pad = False
        self._has_format = self._has_data = self._is_second = False
        self._ds64_size = 0

    def feed(self, data: bytes) -> bytes:
        """Raises AudioDecodingFailed or AudioFormatUnsupported, after the frames before the fault."""
        self._buffer += data
        try:
            while self._state():
                pass
        except AudioError as error:
            if not self._frames:
                raise
            self._state = functools.partial(self._fail, error)
        frames = bytes(self._frames)
        self._frames.clear()
        return frames

    def close(self) -> None:
        """No more bytes. Raises what is wrong with the file, if only that its samples had not begun."""
        self.feed(b"")
        if not self._has_data and not self._is_second:
            raise AudioDecodingFailed("The WAV file ends within its header.")
        if not self._has_data or (self._state == self._read_data and self._left is not None):
            self.warnings.append("the WAV file is shorter than its header says")
        elif self._buffer and self._state in (self._read_data, self._read_empty_data):
            self.warnings.append("the last sample of the WAV file is cut off")

    def _fail(self, error: AudioError) -> bool:
        raise error

    def _take(self, count: int) -> bytes | None:
        if len(self._buffer) < count:
            return None
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _read_riff(self) -> bool:
        head = self._take(12)
        if head is None:
            return False
        if head[:4] not in _RIFF_IDS or head[8:] != b"WAVE":
            raise AudioDecodingFailed("This is not a WAV file.")
        self._has_format = self._has_data = False
        self._ds64_size = 0
        self._state = self._read_chunk_head
        return True

    def _read_chunk_head(self) -> bool:
        # Chunks begin at even offsets, but not every writer pads; an id never begins with a zero byte.
        while self._buffer[:1] == b"\0" and (self._pad or self._has_data):
            del self._buffer[:1]
            self._pad = False
        if bytes(self._buffer[:4]) in _RIFF_IDS and self._has_data:
            self._is_second = True
            self._state = self._read_riff
            return True
        head = self._take(8)
        if head is None:
            return False
        self._pad = False
        self._begin_chunk(head[:4], int.from_bytes(head[4:], "little"))
        return True

    def _begin_chunk(self, name: bytes, size: int) -> None:
        if not all(0x20 <= byte < 0x7F for byte in name):
            raise AudioDecodingFailed("The WAV file has something else where a chunk should begin.")
        if name == b"data" and not self._has_data:
            self._begin_data(size)
        elif name in (b"fmt ", b"ds64"):
            if size > _MAX_SMALL_CHUNK or self._has_data:
                raise AudioDecodingFailed("The header of the WAV file is broken.")
            self._after = self._take_format if name == b"fmt " else self._take_ds64
            self._left, self._pad, self._state = size, size % 2 == 1, self._read_small
        else:
            self._left, self._pad, self._state = size, size % 2 == 1, self._skip

    def _read_small(self) -> bool:
        assert self._left is not None
        body = self._take(self._left)
        if body is None:
            return False
        self._state = self._read_chunk_head
        self._after(body)
        return True

    def _skip(self) -> bool:
        assert self._left is not None
        skipped = min(self._left, len(self._buffer))
        del self._buffer[:skipped]
        self._left -= skipped
        if self._left:
            return False
        self._state = self._read_chunk_head
        return True

    def _take_ds64(self, body: bytes) -> None:
        if len(body) < 24:
            raise AudioDecodingFailed("The header of the WAV file is broken.")
        self._ds64_size = int.from_bytes(body[8:16], "little")

    def _take_format(self, body: bytes) -> None:
        layout = parse_format(body)
        if self.layout not in (None, layout):
            raise AudioDecodingFailed("The WAV file contradicts itself about its format.")
        self.layout = layout
        self._has_format = True

    def _begin_data(self, size: int) -> None:
        if not self._has_format:
            raise AudioDecodingFailed("The WAV file has samples before it says their format.")
        if size == _SIZE_IN_DS64 and self._ds64_size:
            size = self._ds64_size
        self._has_data = True
        streaming = size == 0 or any(size in sizes for sizes in _STREAM_SIZES)
        self._left = None if streaming else size
        self._pad = size % 2 == 1 and not streaming
        self._state = self._read_empty_data if size == 0 else self._read_data

    def _read_empty_data(self) -> bool:
        """A size of zero is a stream, unless a chunk follows at once."""
        if len(self._buffer) < 4:
            return False
        is_empty = bytes(self._buffer[:4]) in _AFTER_EMPTY_DATA
        self._state = self._read_chunk_head if is_empty else self._read_data
        return True

    def _read_data(self) -> bool:
        assert self.layout is not None
        available = len(self._buffer) if self._left is None else min(self._left, len(self._buffer))
        whole = available - available % self.layout.frame_bytes
        self._frames += self._buffer[:whole]
        del self._buffer[:whole]
        if self._left is None:
            return False
        self._left -= whole
        if self._left >= self.layout.frame_bytes or self._take(self._left) is None:
            return False
        if self._left:
            self.warnings.append("the last sample of the WAV file is cut off")
        self._state = self._read_chunk_head
        return True

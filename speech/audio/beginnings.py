"""Where audio of its own begins within what one client sends: at which chunks, and told by what.

A recorder starts anew after a call, with another device, on another page. What it sends then has a header of
its own, or no header at all but another sample rate. Read on as the same audio it would be noise, or silence,
or three times too fast.

A beginning is looked for at a chunk's first byte alone, and only as a whole: every page of an Ogg file begins
with "OggS", and four bytes of any kind come up by chance within an hour of compressed sound. In declared PCM
nothing is looked for, since in it any bytes may be sound.

The formats: RFC 8794 (EBML) and the Matroska specification, ISO/IEC 14496-12 section 4.3, RFC 3533, and the
RIFF specification.
"""

from __future__ import annotations

from typing import Final

from speech.audio.formats import AudioFormat

_EBML_ID: Final = b"\x1a\x45\xdf\xa3"
_DOC_TYPE_ID: Final = b"\x42\x82"
_DOC_TYPES: Final = (b"webm", b"matroska")
_BEGINNING_OF_STREAM: Final = 0x02
_OGG_HEADER_BYTES: Final = 27
_RIFF_IDS: Final = (b"RIFF", b"RF64", b"BW64")
_FIRST_WAV_CHUNKS: Final = (b"fmt ", b"JUNK", b"ds64", b"bext", b"LIST", b"fact")


def begins_container(data: bytes) -> bool:
    """Whether `data` starts with a whole, valid beginning of WebM, fragmented MP4, Ogg or WAV."""
    return _begins_webm(data) or _begins_mp4(data) or _begins_ogg(data) or _begins_wav(data)


def _begins_webm(data: bytes) -> bool:
    if data[:4] != _EBML_ID:
        return False
    header = _vint_body(data, 4)
    found = header.find(_DOC_TYPE_ID)
    return found >= 0 and _vint_body(header, found + 2).rstrip(b"\0") in _DOC_TYPES


def _vint_body(data: bytes, start: int) -> bytes:
    """The bytes that a variable-length size at `start` announces; empty where they aren't all there."""
    if start >= len(data) or not data[start]:
        return b""
    width = 9 - data[start].bit_length()
    size = int.from_bytes(data[start : start + width]) & ((1 << 7 * width) - 1)
    body = data[start + width : start + width + size]
    return body if len(body) == size else b""


def _begins_mp4(data: bytes) -> bool:
    size = int.from_bytes(data[:4])
    if data[4:8] != b"ftyp" or not 16 <= size <= len(data) or size % 4:
        return False
    brands = [data[8:12], *(data[start : start + 4] for start in range(16, size, 4))]
    return all(0x20 <= byte < 0x7F for brand in brands for byte in brand)


def _begins_ogg(data: bytes) -> bool:
    is_page = data[:5] == b"OggS\0" and len(data) > _OGG_HEADER_BYTES
    return is_page and bool(data[5] & _BEGINNING_OF_STREAM)


def _begins_wav(data: bytes) -> bool:
    return data[:4] in _RIFF_IDS and data[8:12] == b"WAVE" and data[12:16] in _FIRST_WAV_CHUNKS


class PartDivider:
    """Decides for the chunks of one connection, in their order, which of them begin a part.

    `earlier` is the format that the part under way was declared in; None where the first bytes tell.
    """

    def __init__(self, earlier: AudioFormat | None = None, *, has_begun: bool = False) -> None:
        self._format = earlier
        self._has_begun = has_begun
        # Of a WAV that was whole in the chunk before: what it said about its samples.
        self._whole_wav: bytes | None = None

    def begins(self, data: bytes, declared: AudioFormat | None) -> bool:
        """Whether `data`, for which `declared` is what the client says now, begins a part."""
        if not self._has_begun or _is_another(self._format, declared):
            return True
        is_pcm = (declared or self._format or AudioFormat("")).encoding == "pcm_s16le"
        if is_pcm or not begins_container(data):
            return False
        return self._whole_wav is None or _whole_wav(data) != self._whole_wav

    def taken(self, data: bytes, declared: AudioFormat | None, *, begins: bool) -> None:
        """The chunk is the next one of the answer."""
        if begins:
            self._format = declared
            self._has_begun = True
        self._whole_wav = _whole_wav(data)


def _is_another(earlier: AudioFormat | None, declared: AudioFormat | None) -> bool:
    """Whoever says nothing contradicts nothing; what was told by its first bytes is no bare PCM."""
    if declared is None:
        return False
    if earlier is None:
        return declared.encoding == "pcm_s16le"
    return declared != earlier


def _whole_wav(data: bytes) -> bytes | None:
    """What a WAV says about its samples, if the chunk is one whole file; some clients send nothing else.

    A decoder takes whole files of the same samples as one: it need not start anew for each.
    """
    if data[:4] != b"RIFF" or not _begins_wav(data) or data[12:16] != b"fmt ":
        return None
    is_whole = int.from_bytes(data[4:8], "little") + 8 == len(data)
    end = 20 + int.from_bytes(data[16:20], "little")
    return data[20:end] if is_whole else None

"""The `fmt ` chunk of a WAV file: how its samples lie."""

from __future__ import annotations

import struct
from typing import Final

from speech.audio.formats import CHANNELS, SAMPLE_RATES
from speech.audio.samples import SampleLayout
from speech.exceptions import AudioDecodingFailed, AudioFormatUnsupported

_KINDS: Final = {0x0001: "int", 0x0003: "float", 0x0006: "alaw", 0x0007: "mulaw"}
_EXTENSIBLE: Final = 0xFFFE
# What follows the format tag in the GUID of a WAVE_FORMAT_EXTENSIBLE that stands for such a tag (mmreg.h).
_TAG_GUID_TAIL: Final = bytes.fromhex("000000001000800000aa00389b71")


def parse_format(body: bytes) -> SampleLayout:
    """Raises AudioDecodingFailed for what can't be right, AudioFormatUnsupported for other codecs."""
    if len(body) < 16:
        raise AudioDecodingFailed("The header of the WAV file is broken.")
    tag, channels, rate, byte_rate, frame_bytes, bits = struct.unpack("<HHIIHH", body[:16])
    kind = _KINDS.get(_extensible_tag(body) if tag == _EXTENSIBLE else tag)
    if kind is None:
        raise AudioFormatUnsupported("The WAV file is compressed in a way that is not accepted.")
    layout = SampleLayout(kind, bits, channels, rate)
    _check(layout, byte_rate, frame_bytes)
    return layout


def _extensible_tag(body: bytes) -> int:
    if len(body) < 40:
        raise AudioDecodingFailed("The header of the WAV file is broken.")
    return int.from_bytes(body[24:26], "little") if body[26:40] == _TAG_GUID_TAIL else 0


def _check(layout: SampleLayout, byte_rate: int, frame_bytes: int) -> None:
    if layout.sample_rate not in SAMPLE_RATES or layout.channels not in CHANNELS:
        raise AudioDecodingFailed("The WAV file has an impossible sample rate or number of channels.")
    # Some writers leave the bytes per second at zero; any other wrong value means that one field lies.
    if frame_bytes * 8 != layout.channels * layout.bits or byte_rate not in (
        0,
        frame_bytes * layout.sample_rate,
    ):
        raise AudioDecodingFailed("The header of the WAV file contradicts itself.")
    if not layout.is_known:
        raise AudioFormatUnsupported("The WAV file has samples of a width that is not accepted.")

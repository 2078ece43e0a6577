"""Candidates' audio, whatever its format, becomes 16 kHz mono signed 16-bit PCM while it arrives.

Bytes from outside are parsed in a child process with limits, one a recording, never beside the sockets.
"""

from __future__ import annotations

from speech.audio.beginnings import PartDivider
from speech.audio.decoder import Decoder, decode, decoded, open_decoder
from speech.audio.files import read_pcm
from speech.audio.flac import write_flac
from speech.audio.formats import SAMPLE_CUT_OFF, AudioFormat
from speech.audio.peaks import Peaks

__all__ = [
    "SAMPLE_CUT_OFF",
    "AudioFormat",
    "Decoder",
    "PartDivider",
    "Peaks",
    "decode",
    "decoded",
    "open_decoder",
    "read_pcm",
    "write_flac",
]

"""Candidates' audio, whatever its format, becomes 16 kHz mono signed 16-bit PCM while it arrives.

Bytes from outside are parsed in a child process with limits, one a recording, never beside the sockets.
"""

from __future__ import annotations

from speech.audio.decoder import Decoder, decode, open_decoder
from speech.audio.files import read_pcm
from speech.audio.flac import write_flac
from speech.audio.formats import AudioFormat, sniff
from speech.audio.peaks import Peaks

__all__ = ["AudioFormat", "Decoder", "Peaks", "decode", "open_decoder", "read_pcm", "sniff", "write_flac"]

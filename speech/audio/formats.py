"""Which audio we take, and how its first bytes tell what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from speech.events import SAMPLE_RATE
from speech.exceptions import AudioDecodingFailed, AudioFormatUnsupported

ENCODINGS: Final = ("pcm_s16le", "wav", "webm", "ogg", "mp4")
SAMPLE_RATES: Final = range(8_000, 192_001)
CHANNELS: Final = range(1, 9)

SAMPLE_CUT_OFF: Final = "the last sample is cut off"
"""What decoders warn of where bare PCM does not end with a whole sample."""

HEAD_BYTES: Final = 16
"""How much of the beginning `format_of` looks at."""

# Other audio that somebody may send under a label of ours. As PCM each would be loud noise.
_FOREIGN: Final = (b"ID3", b"RIFX", b"FORM", b"caff", b"#!AMR", b".snd", b"MThd", b"\x30\x26\xb2\x75")
_TEXT: Final = frozenset(range(0x20, 0x7F)) | {0x09, 0x0A, 0x0D}


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """`sample_rate` and `channels` describe pcm_s16le; a container says its own.

    An `encoding` of flac is for files that we wrote ourselves; `parse` refuses it.
    """

    encoding: str
    sample_rate: int = SAMPLE_RATE
    channels: int = 1

    @classmethod
    def parse(cls, encoding: object, sample_rate: object = None, channels: object = None) -> AudioFormat:
        """From what a client said. Raises AudioFormatUnsupported."""
        if not isinstance(encoding, str) or encoding not in ENCODINGS:
            raise AudioFormatUnsupported(f"The encoding must be one of {', '.join(ENCODINGS)}.")
        if encoding != "pcm_s16le":
            return cls(encoding)
        return cls(
            encoding,
            _whole(sample_rate, SAMPLE_RATE, SAMPLE_RATES, "sample_rate"),
            _whole(channels, 1, CHANNELS, "channels"),
        )

    @property
    def is_native(self) -> bool:
        """Whether the bytes are already the PCM that the library works on."""
        return self == NATIVE


NATIVE: Final = AudioFormat("pcm_s16le")


def _whole(value: object, default: int, allowed: range, name: str) -> int:
    if value is None:
        return default
    if type(value) is not int or value not in allowed:
        raise AudioFormatUnsupported(
            f"{name} must be a whole number from {allowed[0]} to {allowed[-1]} for pcm_s16le."
        )
    return value


def sniff(head: bytes) -> str | None:
    """The container that begins with `head` (wav, webm, ogg, mp4 or flac); None for anything else."""
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm"
    if head[:4] == b"OggS":
        return "ogg"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return "wav"
    return None


def format_of(declared: AudioFormat | None, head: bytes) -> AudioFormat:
    """What to decode as: the first bytes win over the label, because noise would be worse than either.

    Raises AudioFormatUnsupported for audio that we don't take, AudioDecodingFailed for what is no audio.
    """
    if not head and declared != NATIVE:
        raise AudioDecodingFailed("There is no audio in it.")
    found = sniff(head)
    if found == "flac" and declared != AudioFormat("flac"):
        raise AudioFormatUnsupported("FLAC is not accepted.")
    if found is not None:
        return AudioFormat(found)
    if head.startswith(_FOREIGN):
        raise AudioFormatUnsupported("This is a kind of audio that is not accepted.")
    if declared is None:
        raise AudioFormatUnsupported("The first bytes are of no kind of audio that is accepted.")
    if declared.encoding != "pcm_s16le":
        raise AudioDecodingFailed(f"The first bytes are not the beginning of {declared.encoding} audio.")
    if len(head) >= HEAD_BYTES and _TEXT.issuperset(head):
        raise AudioDecodingFailed("The audio is text, not PCM samples.")
    return declared

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.audio import AudioFormat
from speech.audio.blocking import pcm_from
from speech.audio.formats import format_of, sniff
from speech.audio.mp4 import Mp4Gate
from speech.exceptions import AudioDecodingFailed, AudioFormatUnsupported
from tests.support.media import chunk, encode, tone, video_webm, wav

SECONDS = 3
PCM = tone(SECONDS)
NATIVE = AudioFormat("pcm_s16le")
CONTAINERS = ["webm", "webm-pcm", "ogg", "mp4", "mp4-opus", "flac"]
# What an encoder puts before the sound, where the file doesn't say it: AAC's first packet.
DELAY_SAMPLES = {"mp4": 1024 // 3}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: encode(PCM, name) for name in [*CONTAINERS, "mp4-plain"]}


class Source:
    """Bytes that come in short reads, as from a socket."""

    def __init__(self, data: bytes, step: int = 700) -> None:
        self.position, self._data, self._step = 0, data, step

    def read(self, size: int) -> bytes:
        taken = self._data[self.position : self.position + min(size, self._step)]
        self.position += len(taken)
        return taken


def decode(data: bytes, name: str, warnings: list[str] | None = None) -> bytes:
    audio = AudioFormat(name.split("-")[0])
    return b"".join(pcm_from(audio, Source(data).read, [] if warnings is None else warnings))


def likeness(pcm: bytes, delay: int) -> float:
    """Correlation with what was encoded."""
    got, meant = np.frombuffer(pcm, "<i2")[delay:], np.frombuffer(PCM, "<i2")
    length = min(len(got), len(meant))
    return float(np.corrcoef(got[:length], meant[:length])[0, 1])


# What a client says


@pytest.mark.parametrize("encoding", ["wav", "webm", "ogg", "mp4"])
def test_a_container_says_its_own_rate(encoding):
    assert AudioFormat.parse(encoding, 1, "x") == AudioFormat(encoding)


def test_pcm_is_16_khz_mono_unless_said_otherwise():
    assert AudioFormat.parse("pcm_s16le") == NATIVE
    assert AudioFormat.parse("pcm_s16le", 48_000, 2) == AudioFormat("pcm_s16le", 48_000, 2)


@pytest.mark.parametrize(
    "said",
    [
        (None,),
        ("flac",),
        ("mp3",),
        (["wav"],),
        ("pcm_s16le", 7_999),
        ("pcm_s16le", 192_001),
        ("pcm_s16le", 16_000.0),
        ("pcm_s16le", "16000"),
        ("pcm_s16le", True),
        ("pcm_s16le", 16_000, 0),
        ("pcm_s16le", 16_000, 9),
    ],
)
def test_other_formats_are_unsupported(said):
    with pytest.raises(AudioFormatUnsupported):
        AudioFormat.parse(*said)


# What the first bytes say


@pytest.mark.parametrize("name", ["webm", "ogg", "mp4", "flac", "mp4-plain"])
def test_first_bytes_tell_the_container(files, name):
    assert sniff(files[name][:12]) == name.split("-")[0]


def test_first_bytes_tell_wav():
    assert sniff(wav(PCM)[:12]) == "wav"
    assert sniff(b"RIFF\0\0\0\0AVI ") is None


@given(st.binary(max_size=16))
def test_other_bytes_tell_nothing(head):
    starts = (b"\x1a\x45\xdf\xa3", b"OggS", b"fLaC", b"RIFF", b"RF64", b"BW64")

    assert sniff(head) is None or head.startswith(starts) or head[4:8] == b"ftyp"


@pytest.mark.parametrize("declared", [None, NATIVE, AudioFormat("mp4"), AudioFormat("pcm_s16le", 48_000, 2)])
def test_a_container_is_read_as_what_it_is(files, declared):
    assert format_of(declared, files["webm"][:16]) == AudioFormat("webm")


def test_pcm_is_taken_as_declared():
    assert format_of(NATIVE, PCM[1000:1016]) == NATIVE
    assert format_of(NATIVE, b"") == NATIVE


@pytest.mark.parametrize("head", [b"fLaC", b"ID3\x04", b"FORM....AIFC", b"RIFX", b"#!AMR-WB"])
@pytest.mark.parametrize("declared", [None, NATIVE, AudioFormat("webm")])
def test_other_audio_is_unsupported_whatever_it_is_called(head, declared):
    with pytest.raises(AudioFormatUnsupported):
        format_of(declared, head.ljust(16, b"\0"))


def test_unknown_bytes_without_a_label_are_unsupported():
    with pytest.raises(AudioFormatUnsupported):
        format_of(None, PCM[1000:1016])


@pytest.mark.parametrize("text", [b'{"audio_data": "', b"UklGRiQAAABXQVZF", b"<!DOCTYPE html>\n"])
@pytest.mark.parametrize("declared", [NATIVE, AudioFormat("webm"), AudioFormat("wav")])
def test_text_is_never_taken_for_audio(text, declared):
    with pytest.raises(AudioDecodingFailed):
        format_of(declared, text)


@pytest.mark.parametrize("declared", [None, AudioFormat("webm")])
def test_nothing_at_all_is_no_container(declared):
    with pytest.raises(AudioDecodingFailed):
        format_of(declared, b"")


# Containers


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_comes_out_with_its_length_and_content(files, name):
    warnings: list[str] = []

    pcm = decode(files[name], name, warnings)

    delay = DELAY_SAMPLES.get(name, 0)
    assert abs(len(pcm) // 2 - delay - SECONDS * 16_000) <= 16_000 * 25 // 1000
    assert likeness(pcm, delay) > 0.99
    assert warnings == []


@pytest.mark.parametrize(("rate", "layout"), [(44_100, "mono"), (16_000, "mono"), (48_000, "5.1")])
def test_aac_of_any_rate_and_layout_is_mixed_down(rate, layout):
    pcm = decode(encode(PCM, "mp4", sample_rate=rate, layout=layout), "mp4")

    assert abs(len(pcm) // 2 - SECONDS * 16_000) < 16_000 * 130 // 1000


@pytest.mark.parametrize(("name", "budget_ms"), [("webm", 110), ("mp4", 310), ("ogg", 310)])
def test_the_first_pcm_needs_little_audio(files, name, budget_ms):
    """libav's Ogg pages here hold 100 ms and its MP4 fragments 200: the rest is ours."""
    source = Source(files[name], step=100)

    next(pcm_from(AudioFormat(name), source.read, []))

    assert source.position / len(files[name]) * SECONDS * 1000 < budget_ms


def test_the_sound_of_a_video_is_taken():
    pcm = decode(video_webm(PCM), "webm")

    assert len(pcm) // 2 == SECONDS * 16_000


def test_other_codecs_in_a_container_are_unsupported():
    with pytest.raises(AudioFormatUnsupported):
        decode(encode(PCM, "webm-ac3"), "webm")


def test_a_video_without_sound_fails():
    with pytest.raises(AudioDecodingFailed, match="no audio track"):
        decode(video_webm(b""), "webm")


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("kind", ["header only", "garbage", "html", "nothing"])
def test_what_is_no_audio_fails(files, name, kind):
    data = {
        "header only": files[name][:45],
        "garbage": np.random.default_rng(3).bytes(60_000),
        "html": b"<!DOCTYPE html><html><body>Bad gateway</body></html>" * 50,
        "nothing": b"",
    }[kind]

    with pytest.raises(AudioDecodingFailed):
        decode(data, name)


@pytest.mark.parametrize("name", ["webm", "ogg", "mp4"])
def test_a_recording_joined_late_fails(files, name):
    data = files[name]

    with pytest.raises(AudioDecodingFailed):
        decode(data[len(data) // 2 :], name)


@pytest.mark.parametrize("name", ["webm", "ogg", "mp4", "mp4-opus"])
def test_a_recording_that_breaks_off_gives_what_is_there(files, name):
    data = files[name]

    pcm = decode(data[: len(data) * 2 // 3], name)

    assert SECONDS * 0.5 < len(pcm) / 32_000 < SECONDS * 0.7
    assert likeness(pcm, DELAY_SAMPLES.get(name, 0)) > 0.99


def test_damaged_packets_are_left_out_and_counted(files):
    data = bytearray(files["mp4"])
    for position in np.random.default_rng(1).integers(2_000, len(data), 40):
        data[position] ^= 0x5A
    warnings: list[str] = []

    pcm = decode(bytes(data), "mp4", warnings)

    assert 0 < len(pcm) // 2 < SECONDS * 16_000
    assert [warning.split(" ", 1)[1] for warning in warnings] == ["damaged places were left out"]


def test_an_mp4_with_its_index_at_the_end_fails_before_it_has_all_come(files):
    source = Source(files["mp4-plain"])

    with pytest.raises(AudioDecodingFailed, match="fragmented"):
        list(pcm_from(AudioFormat("mp4"), source.read, []))
    assert source.position <= 700


def test_the_mp4_gate_sees_boxes_across_chunk_boundaries():
    def box(name: bytes, size: int) -> bytes:
        return (8 + size).to_bytes(4) + name + b"\0" * size

    def is_open(data: bytes) -> bool:
        gate = Mp4Gate()
        for byte in data:
            gate.feed(bytes([byte]))
        return gate.is_open

    assert is_open(box(b"ftyp", 12) + box(b"free", 0) + box(b"moov", 90) + box(b"mdat", 90))
    with pytest.raises(AudioDecodingFailed, match="index"):
        is_open(box(b"ftyp", 12) + box(b"wide", 0) + box(b"mdat", 90))
    with pytest.raises(AudioDecodingFailed, match="broken"):
        is_open(box(b"ftyp", 12) + b"\0\0\0\x04evil" + b"\0" * 20)


# Bare PCM of another shape


def test_stereo_pcm_at_48_khz_is_resampled_and_mixed_down():
    audio = AudioFormat("pcm_s16le", 48_000, 2)
    wide = np.repeat(np.frombuffer(PCM, "<i2"), 6).tobytes()
    warnings: list[str] = []

    pcm = b"".join(pcm_from(audio, Source(wide + b"\1\1\1", step=701).read, warnings))

    assert abs(len(pcm) // 2 - SECONDS * 16_000) <= 2
    assert likeness(pcm, 0) > 0.99
    assert warnings == ["the last sample is cut off"]


def test_what_follows_the_end_is_read_and_reported():
    skipped = wav(PCM) + chunk(b"LIST", b"INFO")
    source = Source(skipped)

    assert b"".join(chain(pcm_from(AudioFormat("wav"), source.read, []))) == PCM
    assert source.position == len(skipped)

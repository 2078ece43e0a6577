"""A whole, valid beginning is one; what merely looks like the first bytes of one is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.audio import AudioFormat, PartDivider
from speech.audio.beginnings import begins_container
from tests.support.media import chunk, encode, riff, tone, wav, wav_format

SOUND = tone(0.3)
FILES = {name: encode(SOUND, name) for name in ("webm", "ogg", "mp4", "mp4-opus", "wav")}
WAV = AudioFormat("wav")


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_the_beginning_of_each_container_is_known(data: bytes) -> None:
    assert begins_container(data)
    assert begins_container(data[:200])


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_a_beginning_that_is_cut_short_is_none(data: bytes) -> None:
    assert not begins_container(data[:11])


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_nowhere_else_does_a_container_begin_again(data: bytes) -> None:
    found = [start for start in range(1, len(data)) if begins_container(data[start:])]

    assert found == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x1a\x45\xdf\xa3" + bytes(200),
        # EBML of another document type.
        b"\x1a\x45\xdf\xa3\x87\x42\x82\x84mine" + bytes(100),
        # A page of an Ogg that goes on.
        b"OggS\0\0" + bytes(100),
        b"OggS\0\4" + bytes(100),
        b"\0\0\0\x18ftyp\0\1\2\3" + bytes(100),
        b"\xff\xff\xff\xf8ftypisom" + bytes(100),
        b"RIFF\0\0\0\0AVI LIST" + bytes(100),
        b"RIFF\0\0\0\0WAVE\1\2\3\4" + bytes(100),
        b"",
    ],
)
def test_what_only_looks_like_one_is_none(data: bytes) -> None:
    assert not begins_container(data)


@given(
    st.binary(max_size=60), st.sampled_from([b"\x1a\x45\xdf\xa3", b"OggS", b"\0\0\0\x14ftyp", b"RIFF", b""])
)
def test_no_bytes_are_too_odd_to_be_looked_at(data: bytes, first: bytes) -> None:
    assert begins_container(first + data) in {True, False}


def test_a_wav_of_the_same_samples_goes_on_only_if_the_one_before_was_whole() -> None:
    divider = PartDivider()
    whole, other = wav(SOUND), wav(SOUND, wav_format(1, 1, 8_000, 16))
    unended = riff(
        chunk(b"fmt ", wav_format(1, 1, 16_000, 16)), chunk(b"data", SOUND, size=2**32 - 1), size=2**32 - 1
    )

    begun = []
    for data in (whole, whole, whole[:500], whole, other, other, unended, whole):
        begun.append(divider.begins(data, WAV))
        divider.taken(data, WAV, begins=begun[-1])

    assert begun == [True, False, True, True, True, False, True, True]

from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.audio.blocking import pcm_from
from speech.audio.formats import AudioFormat
from speech.audio.wav import WavParser
from speech.exceptions import AudioDecodingFailed, AudioError, AudioFormatUnsupported
from tests.support.media import chunk, riff, tone, wav, wav_format

PCM = tone(0.5)
FORMAT = chunk(b"fmt ", wav_format(1, 1, 16_000, 16))
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def decode(data: bytes, warnings: list[str] | None = None) -> bytes:
    return b"".join(pcm_from(AudioFormat("wav"), io.BytesIO(data).read, [] if warnings is None else warnings))


def extensible(tag: int, channels: int, rate: int, bits: int) -> bytes:
    plain = wav_format(0xFFFE, channels, rate, bits)
    return plain + struct.pack("<HHIH", 22, bits, 0, tag) + GUID_TAIL


def by_libav(data: bytes) -> bytes:
    """The reference: FFmpeg's own WAV demuxer and decoders."""
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(io.BytesIO(data), "r") as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)


def noise_like_speech(tag: int, bits: int, frames: int, channels: int) -> bytes:
    """Samples of every width: a sweep in each channel, quieter in the later ones."""
    sweep = np.frombuffer(tone(frames / 16_000 + 1), "<i2")[:frames].astype(np.float64) / 32768
    values = np.stack([sweep / (number + 1) for number in range(channels)], axis=1).reshape(-1)
    if tag == 3:
        return values.astype(f"<f{bits // 8}").tobytes()
    if tag in (6, 7):
        return np.random.default_rng(5).bytes(values.size)
    if bits == 8:
        return (values * 127 + 128).astype(np.uint8).tobytes()
    whole = (values * (2 ** (bits - 1) - 1)).astype("<i4")
    if bits == 24:
        return whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return whole.astype(f"<i{bits // 8}").tobytes()


WIDTHS = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8)]


@pytest.mark.parametrize(("tag", "bits"), WIDTHS)
@pytest.mark.parametrize("header", [wav_format, extensible])
def test_every_width_at_our_rate_matches_the_reference_to_one_step(tag, bits, header):
    data = wav(noise_like_speech(tag, bits, 8_000, 1), header(tag, 1, 16_000, bits))

    ours = np.frombuffer(decode(data), "<i2").astype(int)
    reference = np.frombuffer(by_libav(data), "<i2").astype(int)

    assert len(ours) == 8_000
    assert np.abs(ours - reference).max() <= 1


@pytest.mark.parametrize(("tag", "bits"), WIDTHS)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 96_000])
def test_every_rate_and_channel_count_is_resampled_and_mixed_down(tag, bits, channels, rate):
    frames = rate // 4
    data = wav(noise_like_speech(tag, bits, frames, channels), wav_format(tag, channels, rate, bits))

    ours = np.frombuffer(decode(data), "<i2")

    assert abs(len(ours) - 4_000) <= 2
    if channels <= 2:
        # With more, FFmpeg weighs the channels by where the loudspeakers stand; we take the mean.
        reference = np.frombuffer(by_libav(data), "<i2")
        length = min(len(ours), len(reference))
        assert np.corrcoef(ours[:length], reference[:length])[0, 1] > 0.999


def test_six_channels_become_their_mean():
    values = np.array([[600, 0, 0, 0, 0, 0], [6, 12, 18, 24, 30, 36]], "<i2")

    pcm = decode(wav(values.tobytes(), wav_format(1, 6, 16_000, 16)))

    assert np.frombuffer(pcm, "<i2").tolist() == [100, 21]


def test_16_bit_samples_at_our_rate_come_out_as_they_went_in():
    every_value = np.arange(-32768, 32768).astype("<i2").tobytes()

    assert decode(wav(every_value)) == every_value


def test_floats_over_full_scale_are_clipped():
    data = wav(np.array([1.5, -1.5, 0.5], "<f4").tobytes(), wav_format(3, 1, 16_000, 32))

    assert np.frombuffer(decode(data), "<i2").tolist() == [32767, -32768, 16384]


@given(st.lists(st.integers(1, 5000), max_size=30), st.booleans())
def test_chunk_boundaries_make_no_difference(cuts, trailer):
    file = riff(
        chunk(b"JUNK", b"\0" * 28),
        FORMAT,
        chunk(b"LIST", b"INFOISFT\x05\0\0\0abcde"),
        chunk(b"data", PCM),
        *([chunk(b"id3 ", b"x" * 11)] if trailer else []),
    )
    parser = WavParser()
    frames, position = b"", 0
    for cut in [*cuts, len(file)]:
        frames += parser.feed(file[position : position + cut])
        position += cut
    frames += parser.feed(file[position:])
    parser.close()

    assert frames == PCM
    assert parser.warnings == []


@given(st.binary(max_size=200), st.integers(0, 60), st.binary(max_size=20))
def test_no_bytes_raise_anything_but_audio_errors(head, position, patch):
    file = bytearray(wav(PCM[:64]))
    file[position : position + len(patch)] = patch

    for data in (head, b"RIFF\0\0\0\0WAVE" + head, bytes(file)):
        parser = WavParser()
        try:
            parser.feed(data)
            parser.close()
        except AudioError:
            pass


def test_samples_come_before_the_file_is_complete():
    parser = WavParser()

    assert parser.feed(wav(PCM)[:1001]) == PCM[: 1001 - 45]


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF - 36])
def test_sizes_that_a_stream_writes_mean_until_the_end(size):
    warnings: list[str] = []

    pcm = decode(riff(FORMAT, chunk(b"data", PCM, size=size), size=size), warnings)

    assert (pcm, warnings) == (PCM, [])


def test_an_empty_data_chunk_before_other_chunks_is_not_a_stream():
    with pytest.raises(AudioDecodingFailed, match="no audio"):
        decode(riff(FORMAT, chunk(b"data", b""), chunk(b"LIST", b"INFO" + b"abcd" * 20)))


@pytest.mark.parametrize("name", [b"RF64", b"BW64"])
def test_rf64_takes_its_size_from_ds64(name):
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, len(PCM), len(PCM) // 2, 0))
    data = chunk(b"data", PCM, size=0xFFFFFFFF)

    pcm = decode(riff(ds64, FORMAT, data, chunk(b"bext", b"b" * 601), name=name, size=0xFFFFFFFF))

    assert pcm == PCM


def test_an_odd_chunk_without_its_padding_is_understood():
    unpadded = b"LIST" + struct.pack("<I", 5) + b"abcde"

    assert decode(riff(unpadded, FORMAT, chunk(b"data", PCM))) == PCM


def test_zeros_after_the_samples_are_padding():
    assert decode(wav(PCM) + b"\0" * 4096) == PCM


def test_files_one_after_the_other_are_one_recording():
    assert decode(wav(PCM) * 3) == PCM * 3


def test_a_next_file_of_another_format_is_refused():
    with pytest.raises(AudioDecodingFailed, match="contradicts itself"):
        decode(wav(PCM) + wav(PCM, wav_format(1, 2, 16_000, 16)))


def test_a_file_that_breaks_off_is_kept_and_reported():
    warnings: list[str] = []

    pcm = decode(wav(PCM)[:-101], warnings)

    assert pcm == PCM[:-102]
    assert warnings == ["the WAV file is shorter than its header says"]


def test_half_a_sample_at_the_end_of_a_stream_is_left_out_and_reported():
    warnings: list[str] = []

    pcm = decode(riff(FORMAT, chunk(b"data", PCM[:-1], size=0xFFFFFFFF))[:-1], warnings)

    assert pcm == PCM[:-2]
    assert warnings == ["the last sample of the WAV file is cut off"]


def test_half_a_sample_at_the_end_of_the_data_is_left_out_and_reported():
    warnings: list[str] = []

    pcm = decode(wav(PCM[:-1]), warnings)

    assert pcm == PCM[:-2]
    assert warnings == ["the last sample of the WAV file is cut off"]


def header(**changes: int) -> bytes:
    fields = {"tag": 1, "channels": 1, "rate": 16_000, "byte_rate": 32_000, "frame_bytes": 2, "bits": 16}
    return struct.pack("<HHIIHH", *(fields | changes).values())


NOT_A_CHUNK = bytes(range(200, 256)) * 40


@pytest.mark.parametrize(
    "data",
    [
        wav(PCM)[:8],
        wav(PCM)[:30],
        wav(PCM)[:40],
        wav(b""),
        riff(FORMAT),
        riff(chunk(b"data", PCM), FORMAT),
        riff(chunk(b"fmt ", b"\1\0\1\0"), chunk(b"data", PCM)),
        riff(chunk(b"fmt ", b"\1" * 5000), chunk(b"data", PCM)),
        riff(FORMAT, b"\x01\x02\x03\x04\x05\x00\x00\x00", chunk(b"data", PCM)),
        riff(FORMAT, chunk(b"fmt ", wav_format(1, 2, 16_000, 16)), chunk(b"data", PCM)),
        riff(FORMAT, chunk(b"data", PCM), FORMAT),
        wav(PCM) + NOT_A_CHUNK,
        riff(FORMAT, chunk(b"data", PCM, size=600)),
        riff(chunk(b"ds64", b"1234"), FORMAT, chunk(b"data", PCM), name=b"RF64"),
        wav(PCM, header(frame_bytes=4)),
        wav(PCM, header(byte_rate=88_200)),
        wav(PCM, header(channels=0, frame_bytes=0, byte_rate=0)),
        wav(PCM, header(channels=9, frame_bytes=18, byte_rate=16_000 * 18)),
        wav(PCM, header(rate=1, byte_rate=2)),
        wav(PCM, header(rate=768_000, byte_rate=2 * 768_000)),
        wav(PCM, header(tag=0xFFFE)),
        wav(np.full(100, np.nan, "<f4").tobytes(), wav_format(3, 1, 16_000, 32)),
        wav(np.full(100, np.inf, "<f8").tobytes(), wav_format(3, 1, 16_000, 64)),
        wav(np.arange(100, dtype="<f4").tobytes(), wav_format(3, 1, 16_000, 32)),
        b"RIFF\x24\0\0\0AVI LIST",
        b"",
    ],
)
def test_a_broken_or_contradictory_file_fails(data):
    with pytest.raises(AudioDecodingFailed):
        decode(data)


@pytest.mark.parametrize(
    "fmt",
    [
        wav_format(0x0002, 1, 16_000, 8),
        wav_format(0x0055, 1, 16_000, 16),
        wav_format(1, 1, 16_000, 64),
        wav_format(3, 1, 16_000, 16),
        extensible(1, 1, 16_000, 16)[:-1] + b"\0",
    ],
)
def test_a_codec_that_is_not_taken_is_unsupported(fmt):
    with pytest.raises(AudioFormatUnsupported):
        decode(wav(PCM, fmt))


def test_no_bytes_per_second_is_no_contradiction():
    assert decode(wav(PCM, header(byte_rate=0))) == PCM

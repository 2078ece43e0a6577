from __future__ import annotations

import numpy as np
import pytest

from speech.audio.peaks import MOST_PEAKS, Peaks
from tests.support.media import tone


def peaks_of(pcm: bytes, piece_bytes: int = 3200) -> list[int]:
    peaks = Peaks()
    for start in range(0, len(pcm), piece_bytes):
        peaks.add(pcm[start : start + piece_bytes])
    return list(peaks.result)


def test_a_peak_is_the_loudest_sample_of_its_part_and_full_scale_is_255() -> None:
    samples = np.zeros(800, "<i2")
    samples[[5, 165, 400, 799]] = 16384, -32768, 257, 32767

    assert peaks_of(samples.tobytes()) == [128, 255, 2, 0, 255]


def test_what_is_left_over_has_a_peak_too() -> None:
    assert peaks_of(np.full(161, 32767, "<i2").tobytes()) == [255, 255]


@pytest.mark.parametrize("piece_bytes", [2, 322, 100_000])
def test_it_does_not_matter_in_which_pieces_the_audio_comes(piece_bytes: int) -> None:
    pcm = tone(1)

    assert peaks_of(pcm, piece_bytes) == peaks_of(pcm)


def test_long_audio_has_as_many_as_can_be_drawn_each_about_its_own_part() -> None:
    pcm = bytearray(2 * 16_000 * 60)
    half = len(pcm) // 2
    pcm[half : half + 2] = (32767).to_bytes(2, "little")

    peaks = peaks_of(bytes(pcm))

    assert len(peaks) == MOST_PEAKS
    assert [index for index, peak in enumerate(peaks) if peak] == [MOST_PEAKS // 2]


def test_no_audio_has_none() -> None:
    assert peaks_of(b"") == []

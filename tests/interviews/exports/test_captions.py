"""Subtitles: what is shown at once, when, and that other programs read it."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import pytest
from av.subtitles.subtitle import AssSubtitle
from hypothesis import given
from hypothesis import strategies as st

from interviews.exports.captions import FORMATS, LONGEST_MS, Cue, cues, srt, vtt
from interviews.exports.record import Passage
from interviews.exports.timing import LINE_WIDTH, timed_words, width
from tests.support.rows import some_words

JOINER = "\N{WORD JOINER}"


def a_passage(
    text: str, start_ms: int = 0, end_ms: int | None = None, recognised: str | None = None
) -> Passage:
    words = some_words(text if recognised is None else recognised, start_ms)
    last = words[-1]["end_ms"] if words else start_ms
    return Passage(0, text, text, start_ms, last if end_ms is None else end_ms, words)


def times(passage: Passage) -> list[tuple[str, int, int]]:
    return [(word.text, word.start_ms, word.end_ms) for word in timed_words(passage)]


def read(text: str, kind: str, folder: Path) -> list[tuple[int, int, str]]:
    """As FFmpeg's demuxer reads it: start, end, text."""
    path = folder / f"captions.{kind}"
    path.write_text(text, encoding="utf-8")
    with av.open(str(path)) as file:
        stream = file.streams.subtitles[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        times = [(p.pts or 0, p.duration or 0) for p in packets]
        texts = [bytes(packet).decode() for packet in packets]
        return [(start, start + duration, text) for (start, duration), text in zip(times, texts, strict=True)]


def displayed(text: str, kind: str, folder: Path) -> list[str]:
    """As FFmpeg's decoder displays it, lines apart by a bar."""
    path = folder / f"captions.{kind}"
    path.write_text(text, encoding="utf-8")
    with av.open(str(path)) as file:
        shown = [one for packet in file.demux(file.streams.subtitles[0]) for one in packet.decode()]
    assert all(isinstance(one, AssSubtitle) for one in shown)
    return [
        one.ass.decode().split(",", 8)[8].replace(r"\N", "|") for one in shown if isinstance(one, AssSubtitle)
    ]


# Times


def test_recognised_words_have_their_own_times() -> None:
    assert times(a_passage("Why, not?", recognised="why not")) == [("Why,", 0, 400), ("not?", 500, 900)]


def test_corrected_words_share_the_time_between_their_neighbours() -> None:
    passage = a_passage("i met Ada Lovelace there", recognised="i met at a love there")

    assert times(passage) == [
        ("i", 0, 400),
        ("met", 500, 900),
        # From the end of `met` to the beginning of `there`, by their letters.
        ("Ada", 900, 1336),
        ("Lovelace", 1336, 2500),
        ("there", 2500, 2900),
    ]


def test_words_without_any_times_share_the_passage() -> None:
    assert times(Passage(0, "ab cd", "ab cd", 1000, 3000)) == [("ab", 1000, 2000), ("cd", 2000, 3000)]


# Cues


def test_a_cue_has_two_lines_of_42_characters_at_most_and_ends_between_words() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"

    made = cues([Passage(0, text, text, 0, 6000)])

    assert [cue.lines for cue in made] == [
        ("one two three four five six seven eight", "nine ten eleven twelve thirteen fourteen"),
        ("fifteen",),
    ]
    assert " ".join(line for cue in made for line in cue.lines) == text


def test_no_cue_stays_for_longer_than_seven_seconds() -> None:
    made = cues([a_passage("slow words " * 12)])

    assert [cue.end_ms - cue.start_ms for cue in made] == [6900, 4900]
    assert LONGEST_MS == 7000


def test_a_pause_and_a_full_cue_s_sentence_end_begin_another() -> None:
    paused = [a_passage("before", 0), a_passage("after", 9000)]
    said = a_passage("A sentence that fills more than one line, ends. And on", end_ms=6000)
    quick = Passage(0, said.text, "", 0, 5000)

    assert [cue.lines for cue in cues(paused)] == [("before",), ("after",)]
    assert [cue.lines for cue in cues([quick])] == [
        ("A sentence that fills more than one line,", "ends."),
        ("And on",),
    ]


def test_cues_follow_each_other_and_none_only_flashes_up() -> None:
    overlapping = [Passage(0, "ja", "", 0, 900), Passage(1, "nein", "", 700, 700)]

    assert cues(overlapping) == [Cue(0, 900, ("ja",)), Cue(900, 1900, ("nein",))]


def test_text_that_was_deleted_or_never_there_has_no_cue() -> None:
    assert cues([]) == []
    assert cues([Passage(0, "  \n ", "um", 0, 500, some_words("um", 0))]) == []


def test_languages_without_blanks_are_cut_into_lines_by_their_width() -> None:
    (cue,) = cues([Passage(0, "面" * 40, "", 0, 4000)])

    assert cue.lines == ("面" * 21, "面" * 19)


# Formats


def test_hours_are_told() -> None:
    cue = Cue(3_600_000 * 100 + 61_001, 3_600_000 * 100 + 62_000, ("late",))

    assert srt([cue]) == "1\n100:01:01,001 --> 100:01:02,000\nlate\n"
    assert vtt([cue]) == "WEBVTT\n\n100:01:01.001 --> 100:01:02.000\nlate\n"


def test_nothing_said_is_a_valid_file() -> None:
    assert (srt([]), vtt([])) == ("", "WEBVTT\n")


HOSTILE = "a < b and c > d & <b>x</b> --> {\\an8} &lt;"


def test_what_looks_like_markup_is_displayed_as_text(tmp_path: Path) -> None:
    made = cues([Passage(0, HOSTILE, "", 0, 4000)])
    bare = HOSTILE.replace(" ", "")

    assert (
        displayed(srt(made), "srt", tmp_path)[0].replace(JOINER, "").replace("|", "").replace(" ", "") == bare
    )
    assert "-->" not in vtt(made).split("\n", 3)[3]
    assert "a &lt; b and c &gt; d &amp; &lt;b&gt;x&lt;/b&gt;" in vtt(made)


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_another_program_reads_the_same_cues(kind: str, tmp_path: Path) -> None:
    rtl = "\N{RIGHT-TO-LEFT MARK}שלום, עולם\N{RIGHT-TO-LEFT MARK}."
    passages = [
        a_passage("first words 42\n\n43 --> 00:00:01,000", 250),
        a_passage(rtl, 3_600_000),
        a_passage("last\x00 \x1b[31mwords", 7_200_000),
    ]

    made = cues(passages)
    found = read(FORMATS[kind](made), kind, tmp_path)

    assert [(start, end) for start, end, _ in found] == [(cue.start_ms, cue.end_ms) for cue in made]
    assert rtl in [text for _, _, text in found]
    assert found[-1][2] == "last [31mwords"


@given(
    st.lists(
        st.tuples(
            st.text(max_size=150), st.integers(0, 20_000), st.integers(0, 20_000), st.text(max_size=60)
        ),
        max_size=4,
    )
)
def test_whatever_is_said_the_cues_are_in_order_and_fit(said: list[tuple[str, int, int, str]]) -> None:
    passages, at = [], 0
    for index, (text, gap, length, recognised) in enumerate(said):
        start, at = at + gap, at + gap + length
        passages.append(Passage(index, text, recognised, start, at, some_words(recognised, start)))

    made = cues(passages)

    assert all(cue.start_ms < cue.end_ms for cue in made)
    assert all(one.end_ms <= other.start_ms for one, other in itertools.pairwise(made))
    assert all(0 < len(cue.lines) <= 2 and all(cue.lines) for cue in made)
    assert all(width(line) <= LINE_WIDTH and line.strip() == line for cue in made for line in cue.lines)
    blocks = vtt(made).split("\n\n")
    assert len(blocks) - 1 == len(made)

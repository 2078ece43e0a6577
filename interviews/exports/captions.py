"""Subtitles of one answer, whose times are those of its audio.

SubRip has no specification: times as `00:00:00,000`, text as it is; players read `<b>` and `{\\an8}` as
markup. WebVTT is https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from interviews.exports.record import Passage
from interviews.exports.timing import LINE_WIDTH, TimedWord, timed_words, width

MOST_LINES = 2
LONGEST_MS = 7000
SHORTEST_MS = 1000
# Whoever has paused for so long begins a new thought.
PAUSE_MS = 1500
SENTENCE_END = re.compile(r"[.?!。？！…]['\"’”»)]*$")
# Invisible, and breaks no line: what stands before it is no markup.
JOINER = "\N{WORD JOINER}"


@dataclass(frozen=True, slots=True)
class Cue:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def cues(passages: Iterable[Passage]) -> list[Cue]:
    """Two lines at most; one after the other, none empty, and each long enough to be seen."""
    groups = [group for passage in passages for group in _groups(timed_words(passage))]
    starts = [group[0].start_ms for group in groups]
    made: list[Cue] = []
    for number, group in enumerate(groups):
        start = max(starts[number], made[-1].end_ms if made else 0)
        following = starts[number + 1] if number + 1 < len(starts) else start + SHORTEST_MS
        end = max(group[-1].end_ms, min(start + SHORTEST_MS, following), start + 1)
        made.append(Cue(start, end, tuple(_lines(group))))
    return made


def _groups(words: list[TimedWord]) -> Iterator[list[TimedWord]]:
    """What is shown at once."""
    group: list[TimedWord] = []
    for word in words:
        if group and not _belongs(group, word):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _belongs(group: list[TimedWord], word: TimedWord) -> bool:
    last = group[-1]
    if SENTENCE_END.search(last.text) and len(_lines(group)) == MOST_LINES:
        return False
    if word.start_ms - last.end_ms >= PAUSE_MS or word.end_ms - group[0].start_ms > LONGEST_MS:
        return False
    return len(_lines([*group, word])) <= MOST_LINES


def _lines(words: list[TimedWord]) -> list[str]:
    lines = [""]
    for word in words:
        longer = f"{lines[-1]}{'' if word.is_glued or not lines[-1] else ' '}{word.text}"
        if width(longer) <= LINE_WIDTH:
            lines[-1] = longer
        else:
            lines.append(word.text)
    return lines


def srt(cues: Iterable[Cue]) -> str:
    blocks = [
        f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n{_plain_lines(cue)}\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(blocks)


def _plain_lines(cue: Cue) -> str:
    text = "\n".join(cue.lines)
    return text.replace("-->", f"--{JOINER}>").replace("<", f"<{JOINER}").replace("{", f"{{{JOINER}")


def vtt(cues: Iterable[Cue]) -> str:
    blocks = [f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{_escaped(cue)}\n" for cue in cues]
    return "\n".join(["WEBVTT\n", *blocks])


def _escaped(cue: Cue) -> str:
    return "\n".join(cue.lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(ms: int, mark: str) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"


FORMATS: dict[str, Callable[[Iterable[Cue]], str]] = {"srt": srt, "vtt": vtt}

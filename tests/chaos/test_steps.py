"""Transcribers that are killed between any two of the things that they do for an answer."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from interviews.errors import Code
from interviews.models import Answer, from_now
from interviews.services.answers import complete_answer, owe_transcript
from tests.chaos.injuries import Stage
from tests.chaos.scene import IS_LONG
from tests.chaos.verdict import files_in, pcm_of, segments, settled
from tests.support.answers import babble, text_of
from tests.support.running import MEASURED, a_running_interview, recorded
from tests.support.servers import ROOT, Site
from tests.support.tallies import NO_HARM, Tally

# As workers left them that died: `made_by` below.
STATES = "recording", "finishing", "pending", "complete"
# How many statements of each write something, at most: who is never killed has shown that there are no more.
MOST_STEPS = 60
SAMPLE = 2
DEAD = -signal.SIGKILL
SECONDS = 2


def made_by(site: Site, states: Sequence[str]) -> list[tuple[str, str, str]]:
    """For each state an answer in it, due to nobody yet: its id, its question's and its interview's."""
    code = f"from tests.chaos.test_steps import make; make({list(states)!r})"
    return [tuple(ids) for ids in json.loads(site.run_code(code))]


def make(states: Sequence[str]) -> None:
    """Run in a process of the site."""
    made = []
    for number, state in enumerate(states):
        interview = a_running_interview("Why you?")
        answer = recorded(interview, babble(SECONDS, seed=number))
        if state == "recording":
            Answer.objects.filter(pk=answer.pk).update(status="recording", ended_at=None)
        elif state == "pending":
            owe_transcript(answer, Code.CAPACITY_EXCEEDED, None)
        elif state == "complete":
            complete_answer(answer, 2000 * SECONDS, *MEASURED)
        made.append((str(answer.pk), str(answer.question_id), str(interview.pk)))
    Answer.objects.filter(pk__in=[pk for pk, _, _ in made]).update(owed_at=from_now(3600))
    print(json.dumps(made))


def killed_at(site: Site, answer_id: str, step: int) -> bool:
    """False where it had nothing more to do."""
    code = f"from tests.chaos.mortal import main; main({answer_id!r}, {step})"
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    ended = subprocess.run(command, env=site.environment, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode in {0, DEAD}, ended.stderr
    return ended.returncode == DEAD


def judge(stage: Stage, tally: Tally, ids: tuple[str, str, str], pcm: bytes, *, is_said: bool) -> None:
    answer_id, question_id, interview_id = ids
    answer, media = settled(stage.site, question_id), stage.site.folder / "media"
    stored, said = pcm_of(media / answer.audio), segments(stage.site, answer_id)
    text = text_of(pcm) if is_said else ""
    tally.different += (stored, answer.text) != (pcm, text)
    tally.doubled += [segment.place for segment in said] != list(range(len(said)))
    assert " ".join(segment.text for segment in said) == answer.text
    assert files_in(media / "answers" / interview_id) == [media / answer.audio]
    assert answer_id in Path(stage.site.settings["NOTED_ANSWERS"]).read_text().split()


@pytest.mark.parametrize("stage", ["sqlite", "postgres"] if IS_LONG else ["sqlite"], indirect=True)
async def test_a_transcriber_killed_between_two_steps(
    stage: Stage, tally: Tally, chance: random.Random
) -> None:
    """Each is killed at a step of its own; afterwards a whole one does what is left."""
    steps = range(1, MOST_STEPS + 1) if IS_LONG else sorted(chance.sample(range(1, 18), SAMPLE))
    plan = [(state, step) for state in STATES for step in steps]
    stage.transcriber.kill()
    made = await asyncio.to_thread(made_by, stage.site, [state for state, _ in plan])
    left: set[str] = set()
    for (state, step), (answer_id, _, _) in zip(plan, made, strict=True):
        if state in left:
            continue
        if await asyncio.to_thread(killed_at, stage.site, answer_id, step):
            tally.injections += 1
        elif IS_LONG:
            left.add(state)
    await asyncio.to_thread(stage.site.run_code, EVERYTHING_IS_DUE)
    stage.transcriber.start()
    for number, ((state, _), ids) in enumerate(zip(plan, made, strict=True)):
        pcm = babble(SECONDS, seed=number)
        await asyncio.to_thread(judge, stage, tally, ids, pcm, is_said=state != "complete")

    assert tally.harm == NO_HARM
    assert tally.injections
    assert not IS_LONG or left == set(STATES), "there are more steps than were tried"


EVERYTHING_IS_DUE = "from tests.support.running import everything_is_due; everything_is_due()"

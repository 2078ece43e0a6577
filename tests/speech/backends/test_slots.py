from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from speech.backends.slots import Slots
from speech.exceptions import CapacityExceeded, SpeechError

TAKES = 8000

ASKING = """
import select, sys
from pathlib import Path
from speech.backends.slots import Slots

slots = Slots(Path(sys.argv[1]), "one", 1)
answers = {False: 0, True: 0}
print(flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    answers[slots.are_taken(1)] += 1
print(*answers.values())
"""

HOLDING = """
import sys
from pathlib import Path
from speech.backends.slots import Slots

slot = Slots(Path(sys.argv[1]), "one", 2).take()
print(flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(program: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "slots"


def test_it_counts_what_is_taken(directory: Path) -> None:
    slots = Slots(directory, "one", 2)

    counts = [[slots.are_taken(1), slots.are_taken(2)]]
    first = slots.take()
    counts.append([slots.are_taken(1), slots.are_taken(2)])
    second = slots.take()
    counts.append([slots.are_taken(1), slots.are_taken(2)])
    first.close()
    counts.append([slots.are_taken(1), slots.are_taken(2)])
    second.close()
    counts.append([slots.are_taken(1), slots.are_taken(2)])

    assert counts == [[False, False], [True, False], [True, True], [True, False], [False, False]]


def test_what_another_process_holds_is_seen_until_it_is_killed(directory: Path) -> None:
    slots = Slots(directory, "one", 2)

    with another_process(HOLDING, directory) as holder:
        held = [slots.are_taken(1), slots.are_taken(2)]
        holder.kill()
        holder.wait()
        after = slots.are_taken(1)

    assert (held, after) == ([True, False], False)


def test_names_have_slots_of_their_own(directory: Path) -> None:
    Slots(directory, "one", 1).take()

    assert not Slots(directory, "other", 1).are_taken(1)
    Slots(directory, "other", 1).take().close()


@pytest.mark.parametrize("below", [".", "below"])
def test_where_no_directory_can_be_made_no_slot_is_had_and_none_is_taken(directory: Path, below: str) -> None:
    directory.write_text("a file")
    slots = Slots(directory / below, "one", 1)

    with pytest.raises(SpeechError) as failure:
        slots.take()

    assert not isinstance(failure.value, CapacityExceeded)
    assert not slots.are_taken(1)


def test_a_directory_that_others_may_read_is_not_used(directory: Path) -> None:
    directory.mkdir(mode=0o755)

    with pytest.raises(SpeechError) as failure:
        Slots(directory, "one", 1).take()

    assert failure.value.permanent
    assert list(directory.iterdir()) == []


# While others ask


def count_refusals(slots: Slots) -> int:
    """Of many takes, each of which gives its slot back before the next."""
    refused = 0
    for _ in range(TAKES):
        try:
            slots.take().close()
        except CapacityExceeded:
            refused += 1
    return refused


def test_a_free_slot_is_not_refused_while_another_process_asks(directory: Path) -> None:
    with another_process(ASKING, directory) as asking:
        refused = count_refusals(Slots(directory, "one", 1))
        output, _ = asking.communicate()

    assert refused == 0
    assert min(map(int, output.split())) > TAKES / 100


def test_a_free_slot_is_not_refused_while_another_thread_asks(directory: Path) -> None:
    slots = Slots(directory, "one", 1)
    is_over = threading.Event()
    answers = {False: 0, True: 0}

    def ask() -> None:
        while not is_over.is_set():
            answers[slots.are_taken(1)] += 1

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        refused = count_refusals(slots)
    finally:
        is_over.set()
        asking.join()

    assert refused == 0
    assert min(answers.values()) > TAKES / 100

"""The keeper: a killed child is started again, a bounded number of times; signals and exit codes are passed on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# The keeper is a process of its own here: it takes over the signals of whoever calls it.
KEEP = """
import sys
from app import keeper
keeper.MOST, keeper.WINDOW = int(sys.argv[1]), float(sys.argv[2])
sys.exit(keeper.keep([sys.executable, "-c", sys.argv[3], sys.argv[4]]))
"""

BEGIN = "import os, signal, sys, time; open(sys.argv[1], 'a').write('x');"
KILL_ITSELF = BEGIN + "os.kill(os.getpid(), signal.SIGKILL)"
WAIT = "time.sleep(30)"


def start(life: str, notes: Path, *, most: int = 2, window: float = 60.0) -> subprocess.Popen[str]:
    """Keep a child that notes each of its lives as an x in a file."""
    command = [sys.executable, "-c", KEEP, str(most), str(window), life, str(notes)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def ended(keeper: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = keeper.communicate(timeout=30)
    return keeper.returncode, said


def await_lives(notes: Path, text: str) -> None:
    deadline = time.monotonic() + 30
    while not notes.exists() or notes.read_text() != text:
        assert time.monotonic() < deadline, "the child did not come up"
        time.sleep(0.02)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "lives"


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_child_that_ends_by_itself_is_not_started_again(notes: Path, code: int) -> None:
    returned, said = ended(start(f"{BEGIN} sys.exit({code})", notes))

    assert (returned, notes.read_text(), said) == (code, "x", "")


def test_a_child_that_is_killed_is_started_again_a_bounded_number_of_times(notes: Path) -> None:
    returned, said = ended(start(KILL_ITSELF, notes, most=2))

    assert (returned, notes.read_text()) == (1, "xxx")
    assert said.count("killed by signal 9; starting again") == 2
    assert "killed 3 times" in said


def test_a_child_that_comes_to_itself_ends_as_it_likes(notes: Path) -> None:
    life = BEGIN + "len(open(sys.argv[1]).read()) < 3 and os.kill(os.getpid(), signal.SIGSEGV); sys.exit(7)"

    assert ended(start(life, notes, most=2))[0] == 7


def test_kills_outside_the_window_are_forgiven(notes: Path) -> None:
    life = BEGIN + "len(open(sys.argv[1]).read()) < 4 and os.kill(os.getpid(), signal.SIGKILL)"

    returned, _ = ended(start(life, notes, most=1, window=0.0))

    assert (returned, notes.read_text()) == (0, "xxxx")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_is_passed_on_and_the_child_not_started_again(notes: Path, number: signal.Signals) -> None:
    keeper = start(BEGIN + WAIT, notes)
    await_lives(notes, "x")

    keeper.send_signal(number)

    assert ended(keeper) == (0, "")
    assert notes.read_text() == "x"


def test_a_child_that_tidies_up_when_asked_is_waited_for(notes: Path) -> None:
    tidy = "signal.signal(signal.SIGTERM, lambda *_: (open(sys.argv[1], 'a').write('t'), sys.exit(0)));"
    keeper = start(f"import os, signal, sys, time; {tidy} open(sys.argv[1], 'a').write('x'); {WAIT}", notes)
    await_lives(notes, "x")

    keeper.terminate()

    assert (ended(keeper)[0], notes.read_text()) == (0, "xt")


def test_a_child_that_fails_while_stopping_says_so(notes: Path) -> None:
    fail = "signal.signal(signal.SIGTERM, lambda *_: os._exit(5));"
    keeper = start(f"import os, signal, sys, time; {fail} open(sys.argv[1], 'a').write('x'); {WAIT}", notes)
    await_lives(notes, "x")

    keeper.terminate()

    assert ended(keeper)[0] == 5


def test_a_child_killed_while_stopping_is_named_by_its_signal(notes: Path) -> None:
    die = "signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGKILL));"
    keeper = start(f"import os, signal, sys, time; {die} open(sys.argv[1], 'a').write('x'); {WAIT}", notes)
    await_lives(notes, "x")

    keeper.terminate()

    assert ended(keeper)[0] == 128 + signal.SIGKILL


def test_a_request_to_stop_reaches_a_child_that_was_started_again(notes: Path) -> None:
    life = BEGIN + f"len(open(sys.argv[1]).read()) < 2 and os.kill(os.getpid(), signal.SIGKILL); {WAIT}"
    keeper = start(life, notes)
    await_lives(notes, "xx")

    keeper.terminate()

    assert ended(keeper)[0] == 0
    assert notes.read_text() == "xx"

"""Keeps one child process alive: restarted when it is killed, a bounded number of times. Standard library only."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

MOST = 5  #: restarts within the window
WINDOW = 600.0  #: seconds


def keep(command: Sequence[str]) -> int:
    """Run the command until it ends by itself; returns its exit code.

    A child that a signal killed is started again, unless the signal was ours to pass on or it happens too often.
    """
    restarts: list[float] = []
    while True:
        child = subprocess.Popen(list(command))
        asked = _pass_on_signals(child)
        code = child.wait()
        if code >= 0 or asked:
            return 0 if asked and code in (0, -signal.SIGTERM, -signal.SIGINT) else code
        restarts = [moment for moment in restarts if time.monotonic() - moment < WINDOW]
        if len(restarts) >= MOST:
            sys.stderr.write(f"Kintsugi was killed {MOST + 1} times within {WINDOW / 60:g} minutes; giving up.\n")
            return 1
        restarts.append(time.monotonic())
        sys.stderr.write(f"Kintsugi was killed by signal {-code}; starting again.\n")


def _pass_on_signals(child: subprocess.Popen[bytes]) -> list[int]:
    """SIGTERM and SIGINT go to the child, which stops by itself; the list tells whether one came."""
    asked: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        child.send_signal(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    return asked

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
STOPPED = (0, -signal.SIGTERM, -signal.SIGINT)  #: how a child ends that was asked to


def keep(command: Sequence[str]) -> int:
    """Run the command until it ends by itself; returns its exit code, 0 where it was asked to stop and did.

    A child that a signal killed is started again, unless we were asked to stop or it happens too often (then 1).
    """
    watch = _Watch()
    restarts: list[float] = []
    while True:
        code = watch.run(command)
        if watch.asked:
            return 0 if code in STOPPED else _exit_code(code)
        if code >= 0:
            return code
        restarts = [moment for moment in restarts if time.monotonic() - moment < WINDOW]
        if len(restarts) >= MOST:
            sys.stderr.write(f"Kintsugi was killed {MOST + 1} times within {WINDOW / 60:g} minutes; giving up.\n")
            return 1
        restarts.append(time.monotonic())
        sys.stderr.write(f"Kintsugi was killed by signal {-code}; starting again.\n")


def _exit_code(code: int) -> int:
    """A shell's way of saying which signal it was; an exit code cannot be negative."""
    return code if code >= 0 else 128 - code


class _Watch:
    """SIGTERM and SIGINT go to the child of the moment, which stops by itself."""

    def __init__(self) -> None:
        self.asked = False
        self._child: subprocess.Popen[bytes] | None = None
        # Before any child there is: a signal that finds no handler would leave a child behind without us.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._pass_on)

    def run(self, command: Sequence[str]) -> int:
        """One life of the child; returns its exit code, negative where a signal killed it."""
        self._child = subprocess.Popen(list(command))
        if self.asked:
            self._child.send_signal(signal.SIGTERM)
        return self._child.wait()

    def _pass_on(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)

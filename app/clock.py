"""The time. Only this module asks the machine for it.

Two clocks: mechanism time (leases, retries, debounce, signatures, sessions) is always real; business time (waits, due
dates, scores) can be stepped through a clock file, which replay and tests use on sandbox desks only.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


def real_now() -> datetime:
    """Mechanism time, aware, UTC."""
    return datetime.now(UTC)


class Clock:
    """Business time: the machine's, or what the clock file says."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._stepped: datetime | None = None

    @property
    def stepped(self) -> bool:
        """True when a clock file stands in for the machine's time."""
        return self._file is not None

    def now(self) -> datetime:
        """Business time, aware, UTC. Raises ValueError when the clock file does not hold an aware ISO time."""
        if self._file is None:
            return real_now()
        stat = os.stat(self._file)
        mark = (stat.st_mtime_ns, stat.st_ino)
        if mark != self._seen or self._stepped is None:
            self._stepped = parse_aware(self._file.read_text(encoding="utf-8").strip())
            self._seen = mark
        return self._stepped

    def step(self, to: datetime) -> None:
        """Move stepped time; replaces the file in one rename, so that a reader never sees half a line."""
        if self._file is None:
            raise ValueError("only a clock with a file can be stepped")
        draft = self._file.with_suffix(".next")
        draft.write_text(to.astimezone(UTC).isoformat(), encoding="utf-8")
        draft.replace(self._file)


def parse_aware(text: str) -> datetime:
    """An ISO 8601 time with its offset, in UTC. Raises ValueError for a naive one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without its offset: {text!r}")
    return moment.astimezone(UTC)

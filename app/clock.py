"""The time. Only this module asks the machine for it.

Two clocks: mechanism time (leases, retries, debounce, signatures, sessions) is always real; business time (waits, due
dates, scores) can be stepped through a clock file, which replay and tests use on sandbox desks only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path


def real_now() -> datetime:
    """Mechanism time, aware, UTC."""
    return datetime.now(UTC)


class Clock:
    """Business time: the machine's, or what the clock file says."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    @property
    def stepped(self) -> bool:
        """True when a clock file stands in for the machine's time."""
        return self._file is not None

    def now(self) -> datetime:
        """Business time, aware, UTC. Raises ValueError when the clock file does not hold an aware ISO time."""
        if self._file is None:
            return real_now()
        # Read each time: a change may leave a file's length, and within one tick also its time, as they were.
        return parse_aware(self._file.read_text(encoding="utf-8").strip())

    def step(self, to: datetime) -> None:
        """Move stepped time; replaces the file in one rename, so that a reader never sees half a line.

        Raises ValueError for a naive time, and where there is no clock file.
        """
        if self._file is None:
            raise ValueError("only a clock with a file can be stepped")
        if to.tzinfo is None:
            raise ValueError(f"a time without its offset: {to.isoformat()!r}")
        draft = self._file.with_suffix(".next")
        draft.write_text(to.astimezone(UTC).isoformat(), encoding="utf-8")
        draft.replace(self._file)


def parse_aware(text: str) -> datetime:
    """An ISO 8601 time with its offset, in UTC. Raises ValueError for a naive one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without its offset: {text!r}")
    return moment.astimezone(UTC)

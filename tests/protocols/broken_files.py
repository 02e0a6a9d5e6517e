"""The corpus of broken documents: a file each, whose first lines say what an admin has to read about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / "broken"
FILES = sorted(FOLDER.glob("*.yaml"))
_EXPECT = re.compile(r"^# expect: (.*)$", re.MULTILINE)


def expected(file: Path) -> list[str]:
    """The error lines that the file's own comments announce; "..." stands for any words."""
    return sorted(_EXPECT.findall(file.read_text(encoding="utf-8")))


def agree(announced: Sequence[str], said: Sequence[str]) -> bool:
    """Whether the lines are the announced ones, in any order."""
    patterns = [".*".join(re.escape(part) for part in line.split("...")) for line in announced]
    lines = sorted(said)
    return len(lines) == len(patterns) and all(map(re.fullmatch, patterns, lines))

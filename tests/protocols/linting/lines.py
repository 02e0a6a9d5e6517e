"""What the linter says, as short lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from app.protocols.lint import DeskNames, Finding, lint_one
from tests.protocols.make import protocol


def short(findings: Iterable[Finding]) -> list[str]:
    """The findings as lines, without the values that they quote."""
    return [str(replace(finding, value=None)) for finding in findings]


def lines(desk: DeskNames | None = None, **changes: Any) -> list[str]:
    """What is said of one protocol by itself: "severity: path: message"."""
    return [line.replace("Example: ", "", 1) for line in short(lint_one(protocol(**changes), desk))]

"""What differs between two documents, line by line, for people. Merging two of them is in `merging.py`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.protocols.document import read_document, write_document
from app.protocols.errors import DocumentError

#: Unchanged lines that are shown around a change.
AROUND = 3


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    SAME = "same"
    GAP = "gap"  # unchanged lines were left out here


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a comparison."""

    change: Change
    text: str


def compare(old: str | None, new: str) -> tuple[Line, ...]:
    """The lines of `new` beside those of `old`, both as we would write them; empty when they mean the same.

    None for `old` is a document that was not there: everything is added.
    """
    before = _lines(old) if old is not None else []
    return tuple(_told(difflib.unified_diff(before, _lines(new), n=AROUND, lineterm="")))


def _lines(document: str) -> list[str]:
    """Equal protocols give equal lines, however they were laid out; what cannot be read stays as it is."""
    try:
        return write_document(read_document(document)).splitlines()
    except DocumentError:
        return document.splitlines()


def _told(difference: Iterator[str]) -> Iterator[Line]:
    next(difference, None)  # the names of the two files, which have none
    next(difference, None)
    kinds = {"+": Change.ADDED, "-": Change.REMOVED, " ": Change.SAME}
    for number, line in enumerate(difference):
        if not line.startswith("@@"):
            yield Line(change=kinds[line[0]], text=line[1:])
        elif number:
            yield Line(change=Change.GAP, text="")

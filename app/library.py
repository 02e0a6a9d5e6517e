"""The installation's library: protocol documents that belong to no desk yet, as files in the data directory.

Texts are kept as they came, a folder per protocol and a file per version. What is wrong with them is not judged here.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = "name"  #: the file with the protocol's name, beside its versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One version of a protocol in the library."""

    name: str
    number: int
    text: str


class Library:
    """Drafts on disk. Two writers at once get two versions; a version, once there, never changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, text: str) -> tuple[Kept, bool]:
        """Store a document as the protocol's newest version; False when it equals the newest one already."""
        newest = self.find(name)
        if newest is not None and newest.text == text:
            return newest, False
        folder = self._folder / _folder_of(name)
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder / NAME, name)
        number = (newest.number if newest else 0) + 1
        while not _put(folder / f"{number}.yaml", text):
            number += 1
        return Kept(name=name, number=number, text=text), True

    def find(self, name: str, number: int | None = None) -> Kept | None:
        """That version, else the newest one."""
        folder = self._folder / _folder_of(name)
        numbers = _numbers(folder)
        wanted = number if number is not None else max(numbers, default=None)
        if wanted not in numbers:
            return None
        return Kept(name=name, number=wanted, text=(folder / f"{wanted}.yaml").read_bytes().decode("utf-8"))

    def all(self) -> Sequence[Kept]:
        """The newest version of every protocol, by name."""
        names = (file.read_text(encoding="utf-8") for file in self._folder.glob(f"*/{NAME}"))
        return [kept for name in sorted(names) if (kept := self.find(name)) is not None]


def _folder_of(name: str) -> str:
    """A folder name that people recognise and that no other protocol has."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _numbers(folder: Path) -> list[int]:
    return [int(file.stem) for file in folder.glob("*.yaml") if file.stem.isdecimal()]


def _put(file: Path, text: str) -> bool:
    """Write a file whole or not at all; False where it is there already."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", newline="") as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, file)
        except FileExistsError:
            return False
    return True

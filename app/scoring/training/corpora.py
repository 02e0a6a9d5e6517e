"""Conversations with ratings or labels, as JSON lines read from files: one value each, errors by file and line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Role = Literal["customer", "agent"]


class CorpusError(ValueError):
    """A file that is not a set of conversations; the message names file, line and field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    role: Role
    text: str
    rating: float | None = None  #: mean of the annotators, 1 to 5; of customer turns only
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    id: str
    source: str  #: the set it is from
    turns: tuple[Turn, ...]
    overall: float | None = None  #: mean rating of the whole, 1 to 5

    @property
    def rated(self) -> bool:
        """Rated as a whole and at every customer turn."""
        return self.overall is not None and all(
            turn.rating is not None for turn in self.turns if turn.role == "customer"
        )


def read(paths: Iterable[Path]) -> dict[str, list[Conversation]]:
    """All conversations of the files, by set, in the order given. Files may be gzipped.

    A line: `{"id", "source", "turns": [{"role", "text", "satisfaction": [1-5, ...] or null, "label": str or [str]}],
    "overall": [1-5, ...] or null}`. Raises CorpusError as `file:line: field: message`.
    """
    found: dict[str, list[Conversation]] = {}
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            if line.strip():
                one = _conversation(f"{path.name}:{number}", line)
                found.setdefault(one.source, []).append(one)
    if not found:
        raise CorpusError("no conversations in the files given")
    return found


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                yield line.decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path.name}: cannot be read: {error}") from error


def _conversation(place: str, line: str) -> Conversation:
    try:
        document = json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{place}: not JSON (column {error.colno})") from error
    if not isinstance(document, Mapping):
        raise CorpusError(f"{place}: not an object")
    turns = document.get("turns")
    if not isinstance(turns, Sequence) or isinstance(turns, str) or not turns:
        raise CorpusError(f"{place}: turns: not a list with anything in it")
    return Conversation(
        id=str(document.get("id", place)),
        source=str(document.get("source") or "unnamed"),
        turns=tuple(_turn(f"{place}: turns[{index}]", turn) for index, turn in enumerate(turns)),
        overall=_mean(f"{place}: overall", document.get("overall")),
    )


def _turn(place: str, turn: Any) -> Turn:
    if not isinstance(turn, Mapping) or turn.get("role") not in {"customer", "agent"}:
        raise CorpusError(f"{place}.role: not customer or agent")
    if not isinstance(turn.get("text"), str):
        raise CorpusError(f"{place}.text: not a string: {turn.get('text')!r}")
    label = turn.get("label")
    labels = (label,) if isinstance(label, str) else tuple(map(str, label or ()))
    return Turn(
        role=turn["role"],
        text=turn["text"],
        rating=_mean(f"{place}.satisfaction", turn.get("satisfaction")),
        labels=labels,
    )


def _mean(place: str, ratings: Any) -> float | None:
    if ratings is None or ratings == []:
        return None
    if not isinstance(ratings, Sequence) or isinstance(ratings, str):
        raise CorpusError(f"{place}: not a list of ratings: {ratings!r}")
    for rating in ratings:
        if isinstance(rating, bool) or not isinstance(rating, int | float) or not 1 <= rating <= 5:
            raise CorpusError(f"{place}: not a rating from 1 to 5: {rating!r}")
    return sum(ratings) / len(ratings)

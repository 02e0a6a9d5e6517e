"""Two people's changes to one document, brought together. Whether a save is out of date is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.protocols.yaml_text import join

THEIRS, MINE = "theirs", "mine"

Plain = Mapping[str, Any]  #: a document as plain values


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One place that somebody changed; None where the document says nothing there."""

    path: str  #: "guardrails.max_cases"; a list is one place as a whole
    base: Any
    theirs: Any
    mine: Any

    @property
    def clash(self) -> bool:
        """Whether both changed it, and not to the same."""
        return self.base not in (self.theirs, self.mine) and self.theirs != self.mine

    @property
    def default(self) -> str:
        """Whose value stands unless somebody chooses: of the one who changed it, and where both did, mine."""
        return THEIRS if self.mine == self.base else MINE


def parts(base: Plain, theirs: Plain, mine: Plain) -> tuple[Part, ...]:
    """Every place that either changed, in the order of the documents."""
    return tuple(_parts("", base, theirs, mine))


def merge(base: Plain, theirs: Plain, mine: Plain, choices: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One document of both. `choices` says "theirs" or "mine" for a path; what it leaves out goes by `Part.default`."""
    merged: dict[str, Any] = _copy(mine)
    for part in parts(base, theirs, mine):
        if (choices or {}).get(part.path, part.default) == THEIRS:
            _put(merged, part.path.split("."), part.theirs)
    return merged


def _parts(path: str, base: Any, theirs: Any, mine: Any) -> Iterator[Part]:
    if not any(isinstance(one, Mapping) for one in (base, theirs, mine)) and path:
        if base != theirs or base != mine:
            yield Part(path=path, base=base, theirs=theirs, mine=mine)
        return
    sides = [one if isinstance(one, Mapping) else {} for one in (base, theirs, mine)]
    for name in dict.fromkeys(name for side in (sides[2], sides[1], sides[0]) for name in side):
        yield from _parts(join(path, name), *(side.get(name) for side in sides))


def _copy(value: Any) -> Any:
    return {name: _copy(one) for name, one in value.items()} if isinstance(value, Mapping) else value


def _put(document: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        document = document.setdefault(name, {})
    if value is None:
        document.pop(names[-1], None)
    else:
        document[names[-1]] = value

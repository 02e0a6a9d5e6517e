"""What a measurement comes to: figures, and the aims they are held against. The form of `--json` is a contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass


class BenchError(Exception):
    """The measurement could not be made, or measured something else than it should; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a figure should be."""

    aim: float
    at_least: bool = True  #: False: at most

    def met(self, value: float) -> bool:
        return value >= self.aim if self.at_least else value <= self.aim


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    bench: str
    figures: Mapping[str, float]
    aims: Mapping[str, Aim]  #: by the name of their figure

    def as_json(self) -> str:
        aims = {
            name: {"value": self.figures[name], "aim": aim.aim, "met": aim.met(self.figures[name])}
            for name, aim in self.aims.items()
        }
        return json.dumps({"bench": self.bench, "figures": dict(self.figures), "aims": aims})

    def as_text(self) -> str:
        width = max([24, *map(len, self.figures)])
        lines = [f"{name:<{width}} {value:>12,.3f}{self._aim(name)}" for name, value in self.figures.items()]
        return "\n".join([self.bench, *lines])

    def _aim(self, name: str) -> str:
        aim = self.aims.get(name)
        if aim is None:
            return ""
        word = "at least" if aim.at_least else "at most"
        return f"   aim: {word} {aim.aim:g}, {'met' if aim.met(self.figures[name]) else 'MISSED'}"

"""Positions of small charts for inline SVG: lines over a number of ratings, and promised against observed shares.

Only arithmetic; what is drawn, and the table that says the same in numbers, stands in the templates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 22, 12, 34
TICKS = 4  #: lines across


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A place on an axis with what is written there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines as points of polylines, dots as centres, and ticks; in units of the drawing."""

    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]  #: along the x axis
    up: tuple[Tick, ...]  #: along the y axis
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def curves(counts: Sequence[int], lines: Sequence[Sequence[float]]) -> Chart | None:
    """Figures over a growing number of ratings, on a logarithmic axis; None with fewer than two counts."""
    if len(counts) < 2:
        return None
    low, high = _room([value for line in lines for value in line])
    first, last = math.log(counts[0]), math.log(counts[-1])
    xs = [_x((math.log(count) - first) / (last - first)) for count in counts]
    drawn = [[(x, _y((value - low) / (high - low))) for x, value in zip(xs, line, strict=True)] for line in lines]
    marks = [low + (high - low) * step / TICKS for step in range(TICKS + 1)]
    return Chart(
        lines=tuple(_points(line) for line in drawn),
        dots=tuple(drawn[0]),
        across=tuple(Tick(at=x, label=f"{count:,}") for x, count in zip(xs, counts, strict=True)),
        up=tuple(Tick(at=_y(step / TICKS), label=f"{mark:.3f}") for step, mark in enumerate(marks)),
    )


def promises(pairs: Sequence[tuple[float, float]]) -> Chart | None:
    """Predicted and observed shares as dots beside the diagonal; None without any."""
    if not pairs:
        return None
    drawn = tuple((_x(predicted), _y(observed)) for predicted, observed in pairs)
    marks = [step / TICKS for step in range(TICKS + 1)]
    return Chart(
        lines=(_points(drawn), _points([(_x(0.0), _y(0.0)), (_x(1.0), _y(1.0))])),
        dots=drawn,
        across=tuple(Tick(at=_x(mark), label=f"{mark:.0%}") for mark in marks),
        up=tuple(Tick(at=_y(mark), label=f"{mark:.0%}") for mark in marks),
    )


def _room(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and highest value with some air, and never so close that noise looks like a mountain."""
    low, high = min(values), max(values)
    air = max(0.1 * (high - low), 0.005)
    return max(0.0, low - air), high + air


def _x(share: float) -> float:
    return round(1.0 * LEFT + share * (WIDTH - RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(1.0 * HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)


def _points(line: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in line)

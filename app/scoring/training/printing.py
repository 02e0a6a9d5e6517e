"""The figures of an evaluation as lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.scoring.training.figures import MEASURES


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Tables of every part that the result holds."""
    yield f"model: {result['model']}"
    for name, found in result["tone"].items():
        yield from _tone(name, found)
    for name, found in result["sets"].items():
        said = (
            f"{found['conversations']} conversations, {found['turns']} turns, {found['dissatisfied']:.0%} dissatisfied"
        )
        yield from _set(f"{name}: {said}", found)
    if "mean" in result:
        yield from _set("mean over sets", result["mean"])
        yield ""
        for name, aim in result["aims"].items():
            yield f"aim {name}: {aim['value']:.3f}, wanted {aim['aim']} ({'met' if aim['met'] else 'missed'})"
    if "learning_curve" in result:
        yield from _curves(result["learning_curve"])


def _tone(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    if not found["messages"]:
        yield f"{name}: {found['reason']}"
        return
    yield f"{name}: {found['messages']} messages, {found['negative']:.0%} negative; AUROC of negative"
    yield from (f"  {one:10s} {value:.3f}" for one, value in found["auroc"].items())


def _set(title: str, found: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield title
    yield f"  {'':10s} {'turn':>6s} {'end':>6s} {'direction':>10s} {'at 25/50/75 %':>19s} {'Brier':>6s} {'ECE':>6s}"
    for one, figures in found["models"].items():
        early = "/".join(f"{figures[f'at_{percent}']:.3f}" for percent in (25, 50, 75))
        sure = "".join(f" {figures[name]:6.3f}" if name in figures else "      -" for name in ("brier", "ece"))
        told = f"{figures['direction']:.3f}/{figures['direction_auroc']:.3f}"
        yield f"  {one:10s} {figures['turn']:6.3f} {figures['end']:6.3f} {told:>11s} {early:>18s}{sure}"
    for measure in MEASURES:
        low, high = found["intervals"][measure]
        better = ", ".join(f"{one} {a:+.3f} to {b:+.3f}" for one, (a, b) in found["better_by"][measure].items())
        yield f"  {measure}: 95 % {low:.3f} to {high:.3f}; better than {better}"
    for without, figures in found.get("ablation", {}).items():
        yield f"  without {without}: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def _curves(found: Mapping[str, Any]) -> Iterator[str]:
    for name, points in found["sets"].items():
        yield from _curve(name, points)
    yield ""
    yield "all sets together: Brier, ECE"
    for point in found["all"]:
        if point["sets"]:
            yield f"  {point['ratings']:4d}  {point['brier']:.4f} {point['ece']:.3f}"


def _curve(name: str, points: list[dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield f"{name} as a new desk: Brier (the shrunken intercept's), AUROC, ECE (of one draw; chance; beyond it)"
    for point in points:
        low, high = point["brier_worse_by_interval"]
        figures = f"{point['brier']:.4f} ({point['brier_intercept']:.4f}) {point['auroc']:.3f} {point['ece']:.3f}"
        noise = f"({point['ece_of_a_draw']:.3f}; {point['ece_by_chance']:.3f}; {point['beyond_chance']:.3f})"
        worse = f"worse by {low:+.4f} to {high:+.4f}"
        yield f"  {point['ratings']:4d}  {figures} {noise}  {worse}  {_rungs(point['rungs'])}"


def _rungs(names: Sequence[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(Counter(names).items()))

"""Each rated set as a new desk: what the ladder makes of its first ratings, by a prior that never saw it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from app.scoring.learning import metrics
from app.scoring.learning.examples import Columns, Example, gather
from app.scoring.learning.ladder import as_model, choose, predicted, refit
from app.scoring.learning.rungs import fit_intercept
from app.scoring.model import Model
from app.scoring.training.evaluating import Fold
from app.scoring.training.prior import SATISFIED
from app.scoring.training.tables import NAMES, START, Array, aggregates

COUNTS = (0, 10, 25, 50, 100, 200, 400)
HELD_BACK = 0.45  #: of a set, on which all counts are measured
DRAWS, SEED = 4, 7
BOOTSTRAP = 500
Say = Callable[[str], None]


def curve(folds: Iterable[Fold], say: Say) -> dict[str, Any]:
    """Per set and count of ratings: Brier, AUROC and ECE of the ladder, and Brier against the shrunken intercept.

    `all` takes the sets' predictions together, since a few hundred conversations show an ECE by chance alone.
    """
    found, told = {}, []
    for fold in folds:
        found[fold.name], predictions = _of_set(fold, say)
        told.append(predictions)
    return {"sets": found, "all": [_together(count, told) for count in COUNTS]}


def _together(count: int, told: Sequence[dict[int, list[tuple[Array, Array]]]]) -> dict[str, Any]:
    """ECE over all sets that have so many ratings, each with a model of its own; the mean over draws."""
    sets = [predictions[count] for predictions in told if count in predictions]
    draws = [tuple(map(np.concatenate, zip(*draw, strict=True))) for draw in zip(*sets, strict=True)]
    return {
        "ratings": count,
        "sets": len(sets),
        "brier": float(np.mean([metrics.brier(happened, p) for happened, p in draws])) if draws else None,
        "ece": float(np.mean([metrics.ece(happened, p) for happened, p in draws])) if draws else None,
        "ece_by_chance": float(np.mean([metrics.ece_by_chance(p) for _, p in draws])) if draws else None,
    }


def _of_set(fold: Fold, say: Say) -> tuple[list[dict[str, Any]], dict[int, list[tuple[Array, Array]]]]:
    prior = fold.prior
    examples = _examples(fold, prior)
    random = np.random.default_rng(SEED)
    order = random.permutation(len(examples))
    tested = [examples[one] for one in np.sort(order[: int(HELD_BACK * len(order))])]
    pool = [examples[one] for one in np.sort(order[len(tested) :])]
    later = gather(tested, prior, len(tested))
    happened = np.array([float(one.satisfied) for one in tested])
    points, told = [], {}
    for count in COUNTS:
        if count > len(pool):
            break
        say(f"learning {fold.name} from {count} ratings")
        draws = [np.sort(random.choice(len(pool), count, replace=False)) for _ in range(DRAWS if count else 1)]
        learned = [_learn([pool[one] for one in chosen], prior, later) for chosen in draws]
        points.append(_point(count, happened, learned))
        told[count] = [(happened, one) for one, _, _ in learned]
    return points, told


def _learn(known: Sequence[Example], prior: Model, later: Columns) -> tuple[Array, Array, str]:
    """Chances on the later ratings by the ladder, by the prior with its shrunken intercept, and the rung."""
    if not known:
        chances = predicted(prior, later)
        return chances, chances, "prior"
    columns = gather(known, prior, len(known))
    choice = choose(columns, SEED)
    model = as_model(refit(columns, choice, SEED), columns, prior, "learned")
    plain = as_model(fit_intercept(columns), columns, prior, "intercept")
    return predicted(model, later), predicted(plain, later), str(choice.rung)


def _point(count: int, happened: Array, learned: Sequence[tuple[Array, Array, str]]) -> dict[str, Any]:
    """Means over draws; the interval is of the mean difference in Brier over drawn conversations."""
    worse = np.mean([(one - happened) ** 2 - (plain - happened) ** 2 for one, plain, _ in learned], axis=0)
    random = np.random.default_rng(SEED)
    drawn = [float(worse[random.integers(0, len(worse), len(worse))].mean()) for _ in range(BOOTSTRAP)]
    return {
        "ratings": count,
        "brier": float(np.mean([metrics.brier(happened, one) for one, _, _ in learned])),
        "auroc": float(np.mean([metrics.auroc(happened, one) for one, _, _ in learned])),
        "ece": float(np.mean([metrics.ece(happened, one) for one, _, _ in learned])),
        "ece_by_chance": float(np.mean([metrics.ece_by_chance(one) for one, _, _ in learned])),
        "brier_intercept": float(np.mean([metrics.brier(happened, plain) for _, plain, _ in learned])),
        "brier_worse_by": float(worse.mean()),
        "brier_worse_by_interval": [float(bound) for bound in np.quantile(drawn, [0.025, 0.975])],
        "rungs": sorted(rung for _, _, rung in learned),
    }


def _examples(fold: Fold, prior: Model) -> list[Example]:
    """One per conversation, as it stood at the customer's last message."""
    one = fold.unknown
    found = aggregates(one)
    column = {name: place for place, name in enumerate(NAMES)}
    weighed = [
        (f"{name}/{part}", column[name], part)
        for name, parts in prior.overall.items()
        if name in column
        for part in parts
    ]
    examples = []
    for row in np.flatnonzero(one.last):
        first = row - one.index[row]
        examples.append(
            Example(
                at=START + int(one.conversation[row]) * timedelta(hours=1),
                satisfied=bool(one.overall[row] >= SATISFIED),
                inputs={key: float(found[part][row, place]) for key, place, part in weighed if found[part][row, place]},
                words=tuple(one.words[first : row + 1]),
            )
        )
    return examples

"""Each rated set as a new desk: what the ladder makes of its first ratings, by a prior that never saw it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.scoring.learning import metrics
from app.scoring.learning.examples import Columns, Example, gather
from app.scoring.learning.ladder import as_model, choose, predicted, refit
from app.scoring.learning.rungs import fit_intercept
from app.scoring.model import Model
from app.scoring.training.evaluating import Fold
from app.scoring.training.prior import SATISFIED
from app.scoring.training.tables import NAMES, START, Array, aggregates

COUNTS = (0, 10, 25, 50, 100, 200, 400)
MOST_LEARNED = 0.55  #: of a set; the rest is what a draw is measured on
DRAWS, SEED = 12, 7
BOOTSTRAP = 500
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What one draw of ratings taught, measured on every conversation of the set that is not among them."""

    tested: NDArray[np.intp]  #: which of the set's conversations
    happened: Array
    chances: Array
    plain: Array  #: of the prior with its shrunken intercept
    rung: str


def curve(folds: Iterable[Fold], say: Say) -> dict[str, Any]:
    """Per set and count of ratings: Brier, AUROC and ECE of the ladder, and Brier against the shrunken intercept.

    `ece` is over the predictions of all draws, in which every conversation of the set was tested: on one part held
    back it would tell mostly how that part happened to be rated. `ece_of_a_draw` is the mean of single draws, beside
    what chance alone shows on so many; `beyond_chance` is the root mean square error with that taken out. `all` takes
    the sets together.
    """
    drawn = {fold.name: _of_set(fold, say) for fold in folds}
    sets = {name: [_point(count, draws) for count, draws in found.items()] for name, found in drawn.items()}
    return {"sets": sets, "all": [_together(count, list(drawn.values())) for count in COUNTS]}


def _together(count: int, sets: Sequence[dict[int, list[Drawn]]]) -> dict[str, Any]:
    """Brier and ECE over all sets that have so many ratings, each with models of its own."""
    draws = [one for found in sets for one in found.get(count, ())]
    if not draws:
        return {"ratings": count, "sets": 0, "brier": None, "ece": None}
    happened, chances = (np.concatenate([getattr(one, name) for one in draws]) for name in ("happened", "chances"))
    return {
        "ratings": count,
        "sets": sum(count in found for found in sets),
        "brier": metrics.brier(happened, chances),
        "ece": metrics.ece(happened, chances),
    }


def _of_set(fold: Fold, say: Say) -> dict[int, list[Drawn]]:
    prior = fold.prior
    examples = _examples(fold, prior)
    found = {}
    for count in COUNTS:
        if count > MOST_LEARNED * len(examples):
            break
        say(f"learning {fold.name} from {count} ratings")
        # Seeded by the count, so that one more of them leaves the other points as they are.
        random = np.random.default_rng([SEED, count])
        orders = [random.permutation(len(examples)) for _ in range(DRAWS if count else 1)]
        found[count] = [_draw(examples, np.sort(order[:count]), np.sort(order[count:]), prior) for order in orders]
    return found


def _draw(examples: Sequence[Example], known: NDArray[np.intp], tested: NDArray[np.intp], prior: Model) -> Drawn:
    later = gather([examples[one] for one in tested], prior, len(tested))
    chances, plain, rung = _learn([examples[one] for one in known], prior, later)
    happened = np.array([float(examples[one].satisfied) for one in tested])
    return Drawn(tested=tested, happened=happened, chances=chances, plain=plain, rung=rung)


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


def _point(count: int, draws: Sequence[Drawn]) -> dict[str, Any]:
    """Means over draws; the interval is of the mean difference in Brier over drawn conversations."""
    worse = _per_conversation(draws, lambda one: (one.chances - one.happened) ** 2 - (one.plain - one.happened) ** 2)
    random = np.random.default_rng(SEED)
    drawn = [float(worse[random.integers(0, len(worse), len(worse))].mean()) for _ in range(BOOTSTRAP)]
    happened, chances = (np.concatenate([getattr(one, name) for one in draws]) for name in ("happened", "chances"))
    return {
        "ratings": count,
        "brier": _mean(draws, lambda one: metrics.brier(one.happened, one.chances)),
        "auroc": _mean(draws, lambda one: metrics.auroc(one.happened, one.chances)),
        "ece": metrics.ece(happened, chances),
        "ece_of_a_draw": _mean(draws, lambda one: metrics.ece(one.happened, one.chances)),
        "ece_by_chance": _mean(draws, lambda one: metrics.ece_by_chance(one.chances)),
        "beyond_chance": math.sqrt(max(0.0, _mean(draws, _beyond))),
        "brier_intercept": _mean(draws, lambda one: metrics.brier(one.happened, one.plain)),
        "brier_worse_by": float(worse.mean()),
        "brier_worse_by_interval": [float(bound) for bound in np.quantile(drawn, [0.025, 0.975])],
        "rungs": sorted(one.rung for one in draws),
    }


def _beyond(one: Drawn) -> float:
    return metrics.squared_error_beyond_chance(one.happened, one.chances)


def _mean(draws: Sequence[Drawn], figure: Callable[[Drawn], float]) -> float:
    return float(np.mean([figure(one) for one in draws]))


def _per_conversation(draws: Sequence[Drawn], figure: Callable[[Drawn], Array]) -> Array:
    """The mean of a figure over the draws that tested a conversation, for all that any of them did."""
    tested = np.concatenate([one.tested for one in draws])
    sums = np.bincount(tested, weights=np.concatenate([figure(one) for one in draws]))
    times = np.bincount(tested)
    return np.asarray(sums[times > 0] / times[times > 0], dtype=np.float64)


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

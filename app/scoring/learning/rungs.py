"""The rungs of the ladder: each is fitted on some examples and predicts others. Which of them is used is `ladder`'s.

Constants were chosen on the train and dev parts of USS, every set as a new desk under a prior that never saw it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from app.scoring.learning.examples import Columns
from app.scoring.learning.fitting import Problem, Ridge, dense, fit, no_ridge, nothing
from app.scoring.learning.words import BUCKETS

Array = NDArray[np.float64]

SLOPE_RIDGE = 10.0  #: pulls the slope to 1
ADAPTER_RIDGE = 100.0  #: pulls each input's weight, times its spread, to the prior's own; 10 overfits below 400 ratings
LEAST_SPREAD = 0.05  #: inputs that hardly vary on a desk are held as if they varied so much
TEXT_RIDGE = 1.0  #: pulls each text feature's weight to 0, in units of its rarity
STACK_RIDGE = np.array([100.0, 100.0, 20.0])  #: pulls prior and adapter to the rung below, and words to nothing
FOLDS = 5
RAREST = 3  #: conversations a text feature must be in


class Rung(StrEnum):
    """How much of a desk's model is its own."""

    PRIOR = "prior"
    INTERCEPT = "intercept"
    SLOPE = "slope"
    ADAPTER = "adapter"
    STACK = "stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A model relative to the prior: `intercept + scale * prior + inputs @ moved + text`."""

    rung: Rung
    intercept: float = 0.0
    scale: float = 1.0
    moved: Array | None = None  #: what is added to the prior's scaled weights
    text: Array | None = None  #: a weight per bucket
    text_bias: float = 0.0

    def logits(self, columns: Columns) -> Array:
        """The logit of satisfaction per example."""
        found = self.intercept + self.scale * columns.prior
        if self.moved is not None:
            found = found + dense(columns.inputs)[0](self.moved)
        if self.text is not None:
            worded = columns.worded()
            found[worded] += text_matrix(columns, worded) @ self.text + self.text_bias
        return np.asarray(found, dtype=np.float64)


def _problem(columns: Columns) -> Problem:
    return Problem(given=columns.satisfied, offset=columns.prior, weights=columns.weights)


def fit_intercept(columns: Columns) -> Fitted:
    """The prior moved as a whole."""
    (intercept,) = fit(_problem(columns), *nothing(len(columns)), no_ridge())
    return Fitted(rung=Rung.INTERCEPT, intercept=float(intercept))


def fit_slope(columns: Columns) -> Fitted:
    """The prior moved as a whole and stretched; the order of conversations stays as it is."""
    ridge = Ridge(strength=np.array([SLOPE_RIDGE]), centre=np.zeros(1), low=np.array([-0.9]), high=np.array([9.0]))
    logits = columns.prior[:, None]
    stretch, intercept = fit(_problem(columns), *dense(logits), ridge)
    return Fitted(rung=Rung.SLOPE, intercept=float(intercept), scale=float(1 + stretch))


def fit_adapter(columns: Columns) -> Fitted:
    """The prior's weights moved a little, each of them within the sign that its signal may have."""
    names = columns.names
    spread = np.maximum(_spread(columns.inputs), LEAST_SPREAD)
    raises = names.sides > 0
    ridge = Ridge(
        strength=ADAPTER_RIDGE * spread**2,
        centre=np.zeros(len(names.names)),
        low=np.where(raises, -names.weights, -np.inf),
        high=np.where(raises, np.inf, -names.weights),
    )
    found = fit(_problem(columns), *dense(columns.inputs), ridge)
    return Fitted(rung=Rung.ADAPTER, intercept=float(found[-1]), moved=found[:-1])


def _spread(inputs: NDArray[np.float32]) -> Array:
    """Standard deviations, by sums of columns, so that no copy of the whole is made."""
    rows = max(1, len(inputs))
    mean = np.add.reduce(inputs, axis=0, dtype=np.float64) / rows
    square = np.einsum("ij,ij->j", inputs, inputs, dtype=np.float64) / rows
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0)))


def fit_text(columns: Columns) -> Fitted:
    """The desk's own words on top of the prior; of use only within the stack. Needs examples with words."""
    worded = columns.worded()
    matrix = text_matrix(columns, worded)
    seen = np.bincount(matrix.indices, minlength=BUCKETS)
    known = np.flatnonzero(seen >= RAREST)
    matrix = matrix[:, known]
    rarity = np.log((1 + len(worded)) / (1 + seen[known])) + 1
    free = np.full(len(known), np.inf)
    ridge = Ridge(strength=TEXT_RIDGE / rarity**2, centre=np.zeros(len(known)), low=-free, high=free)
    problem = Problem(given=columns.satisfied[worded], offset=columns.prior[worded], weights=columns.weights[worded])
    transposed = matrix.T.tocsr()
    found = fit(problem, lambda at: matrix @ at, lambda wrong: transposed @ wrong, ridge)
    mean = float(np.mean(matrix @ found[:-1])) if worded else 0.0
    text = np.zeros(BUCKETS)
    text[known] = found[:-1]
    return Fitted(rung=Rung.STACK, intercept=float(found[-1]) + mean, text=text, text_bias=-mean)


def fit_stack(columns: Columns, below: Rung, seed: int) -> Fitted:
    """The prior, the adapter and the desk's own words, each with a weight of 0 or more, shrunk to the rung below alone.

    The weights are found on predictions for conversations that adapter and words have not seen, on those with words.
    """
    worded = columns.take(columns.worded())
    parts = np.column_stack([worded.prior, *_out_of_fold(worded, seed)])
    # Coefficients are counted from the offset, which is the prior with weight 1.
    centre = np.array([-1.0, 1.0, 0.0]) if below is Rung.ADAPTER else np.zeros(3)
    ridge = Ridge(
        strength=STACK_RIDGE * np.maximum(_spread(parts), LEAST_SPREAD) ** 2,
        centre=centre,
        low=np.array([-1.0, 0.0, 0.0]),
        high=np.full(3, np.inf),
    )
    stretch, own, words, intercept = fit(_problem(worded), *dense(parts), ridge)
    adapter, text = fit_adapter(columns), fit_text(worded)
    assert adapter.moved is not None
    assert text.text is not None
    return Fitted(
        rung=Rung.STACK,
        intercept=float(intercept),
        scale=float(1 + stretch + own),
        moved=own * adapter.moved,
        # 16-bit floats are what is stored, so what is measured is made of them too.
        text=(words * text.text).astype(np.float16).astype(np.float64),
        text_bias=float(words * text.text_bias),
    )


def _out_of_fold(columns: Columns, seed: int) -> tuple[Array, Array]:
    """The adapter's logit without its intercept, and the words' part, per example by a fit that has not seen it."""
    fold = np.random.default_rng(seed).permutation(len(columns)) % FOLDS
    own, words = np.zeros(len(columns)), np.zeros(len(columns))
    for held in range(FOLDS):
        out = fold == held
        rest = columns.without(out)
        adapter, text = fit_adapter(rest), fit_text(rest)
        own[out] = (adapter.logits(columns) - adapter.intercept)[out]
        words[out] = (text.logits(columns) - text.intercept - columns.prior)[out]
    return own, words


def text_matrix(columns: Columns, worded: Sequence[int]) -> csr_matrix:
    """A row of bucket values per position."""
    rows = [columns.words[columns.first + at] for at in worded]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in rows)])
    empty = ([np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.float32)])
    buckets = np.concatenate([row[0] for row in rows] or empty[0])
    values = np.concatenate([row[1] for row in rows] or empty[1])
    return csr_matrix((values, buckets, ends), shape=(len(rows), BUCKETS))

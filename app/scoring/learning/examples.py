"""Rated conversations as arrays: streamed in one by one, oldest first, kept in 32-bit floats.

A rating below the middle of its scale is dissatisfied, all others are satisfied: the middle itself is no complaint.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from app.scoring.learning.words import features
from app.scoring.model import Model
from app.scoring.signals import REGISTRY, Effect

CHUNK = 8_192  #: rows that are turned into 64-bit floats at a time
WORDED = 20_000  #: of the newest examples with words, at most so many are used for text features
PAIRS = 40_000_000  #: and at most so many features of theirs, which is 320 MB
LABEL_WEIGHT = 0.1  #: ten agents who agree or disagree with a score count as much as one customer's rating
#: A ticket's own rating is what is to be predicted; no model may learn from it.
FORBIDDEN = frozenset({"ending.rated_low", "ending.rated_high"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One rated conversation, as it stood when it was rated."""

    at: datetime  #: of the rating, aware
    satisfied: bool
    inputs: Mapping[str, float]  #: `signal/aggregate` to its value, as `engine.inputs` gives them; no rating in it
    words: tuple[
        str, ...
    ] = ()  #: of the customer's messages, as `observing.own_words` gives them; () once they are erased
    weight: float = 1.0
    label: bool = False  #: an agent's opinion of a score: used for fitting, never for measuring


def is_satisfied(value: float) -> bool:
    """Whether a rating in [0, 1], normalised by `ratings.normalise`, is at the middle of its scale or above."""
    return value >= 0.5 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The inputs that a prior weighs, in a fixed order, with its weights and the side each of them is bound to."""

    names: tuple[str, ...]
    weights: NDArray[np.float64]
    sides: NDArray[np.float64]  #: 1 where the signal can only raise satisfaction, -1 where it can only lower it
    base: float

    @classmethod
    def of(cls, prior: Model) -> Names:
        """The names of a prior's own inputs, those of the rating itself left out."""
        found = {
            f"{signal}/{aggregate}": weight
            for signal, weights in prior.overall.items()
            for aggregate, weight in weights.items()
            if signal not in FORBIDDEN
        }
        raises = [REGISTRY[name.partition("/")[0]].effect is Effect.RAISES for name in found]
        return cls(
            names=tuple(found),
            weights=np.array(list(found.values()), dtype=np.float64),
            sides=np.where(raises, 1.0, -1.0) if found else np.zeros(0),
            base=prior.base_logit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Examples as arrays of one length, oldest first. Slices are views."""

    names: Names
    inputs: NDArray[np.float32]  #: a row per example, a column per name
    prior: NDArray[np.float64]  #: the prior's logit
    satisfied: NDArray[np.float64]  #: 1 or 0
    weights: NDArray[np.float64]
    label: NDArray[np.bool_]
    words: Mapping[int, tuple[NDArray[np.int32], NDArray[np.float32]]]  #: position to buckets and their values
    first: int = 0  #: position of the first row in `words`

    def __len__(self) -> int:
        return len(self.prior)

    def part(self, start: int, end: int) -> Columns:
        """The examples from `start` to `end`."""
        cut = slice(start, end)
        return replace(
            self,
            inputs=self.inputs[cut],
            prior=self.prior[cut],
            satisfied=self.satisfied[cut],
            weights=self.weights[cut],
            label=self.label[cut],
            first=self.first + start,
        )

    def take(self, positions: Sequence[int]) -> Columns:
        """These examples alone, copied."""
        at = np.asarray(positions, dtype=np.intp)
        return replace(
            self,
            inputs=self.inputs[at],
            prior=self.prior[at],
            satisfied=self.satisfied[at],
            weights=self.weights[at],
            label=self.label[at],
            words={
                new: self.words[self.first + old] for new, old in enumerate(positions) if self.first + old in self.words
            },
            first=0,
        )

    def worded(self) -> list[int]:
        """Positions, counted from this part's start, of the examples with words."""
        return [at - self.first for at in sorted(self.words) if 0 <= at - self.first < len(self)]

    def without(self, rows: NDArray[np.bool_]) -> Columns:
        """The same examples, of which these count nothing."""
        return replace(self, weights=np.where(rows, 0.0, self.weights))


def gather(examples: Iterable[Example], prior: Model, count: int) -> Columns:
    """At most `count` examples, in the order of time, as arrays; only the newest words become text features.

    Raises ValueError when an example is older than the one before it.
    """
    names = Names.of(prior)
    position = {name: at for at, name in enumerate(names.names)}
    inputs = np.zeros((count, len(names.names)), dtype=np.float32)
    satisfied, weights = np.zeros(count), np.ones(count)
    label, texts = np.zeros(count, dtype=np.bool_), _NewestTexts()
    before: datetime | None = None
    filled = 0
    for example in islice(examples, count):
        if before is not None and example.at < before:
            raise ValueError(f"examples are not in the order of time: {example.at} after {before}")
        before = example.at
        for name, value in example.inputs.items():
            if name in position:
                inputs[filled, position[name]] = value
        satisfied[filled], label[filled] = example.satisfied, example.label
        weights[filled] = example.weight * (LABEL_WEIGHT if example.label else 1.0)
        texts.add(filled, example.words)
        filled += 1
    return Columns(
        names=names,
        inputs=inputs[:filled],
        prior=prior_logits(inputs[:filled], names),
        satisfied=satisfied[:filled],
        weights=weights[:filled],
        label=label[:filled],
        words=dict(texts.kept),
    )


def prior_logits(inputs: NDArray[np.float32], names: Names) -> NDArray[np.float64]:
    """The prior's logit per row, summed in 64 bits a piece at a time."""
    found = np.empty(len(inputs))
    for start in range(0, len(inputs), CHUNK):
        found[start : start + CHUNK] = inputs[start : start + CHUNK].astype(np.float64) @ names.weights + names.base
    return found


class _NewestTexts:
    """Text features of the newest examples that have words, within bounds of memory."""

    def __init__(self) -> None:
        self.kept: deque[tuple[int, tuple[NDArray[np.int32], NDArray[np.float32]]]] = deque()
        self._pairs = 0

    def add(self, position: int, words: Sequence[str]) -> None:
        if not any(words):
            return
        row = mean_features(words)
        self.kept.append((position, row))
        self._pairs += len(row[0])
        while len(self.kept) > WORDED or self._pairs > PAIRS:
            self._pairs -= len(self.kept.popleft()[1][0])


def mean_features(messages: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Buckets and their values, over a conversation: the mean of its messages' features, each message of length 1.

    So the text logit of a conversation is the mean of `TextWeights.read` over its messages.
    """
    total: dict[int, float] = defaultdict(float)
    worded = [found for message in messages if (found := features(message))]
    for found in worded:
        for bucket in found:
            total[bucket] += 1 / math.sqrt(len(found)) / len(worded)
    buckets = np.fromiter(total.keys(), dtype=np.int32, count=len(total))
    return buckets, np.fromiter(total.values(), dtype=np.float32, count=len(total))

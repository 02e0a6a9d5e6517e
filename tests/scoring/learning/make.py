"""Made-up desks for the tests of learning: conversations in numbers and words, and ratings drawn from a known truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from app.scoring.learning.examples import Columns, Example, gather
from app.scoring.model import Model, load_prior

START = datetime(2026, 1, 1, tzinfo=UTC)
#: A small prior: two things that lower satisfaction and one that raises it.
PRIOR: Model = replace(
    load_prior(),
    name="small",
    base_logit=1.0,
    overall={
        "acts.anger": {"worst": -1.0},
        "effort.repeats": {"last": -0.8},
        "acts.thanks": {"fast": 0.8},
        "ending.rated_low": {"last": -5.0},
    },
)
NEUTRAL = ("please", "order", "number", "today", "address", "account", "invoice", "colour", "size", "again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What really makes this desk's customers content, beside what the prior thinks."""

    level: float = 0.0
    stretch: float = 1.0
    repeats: float = 0.0  #: what repetition does beyond the prior's weight
    word: float = 0.0  #: what the word "gasket" does; the prior knows nothing of it
    sure: float = 1.0  #: how far ratings follow the logit; large means without noise


def examples(count: int, truth: Truth | None = None, *, seed: int = 1, words: bool = True) -> list[Example]:
    """Rated conversations, an hour apart."""
    truth = truth or Truth()
    random = np.random.default_rng(seed)
    return [_example(number, truth, random, words) for number in range(count)]


def _example(number: int, truth: Truth, random: np.random.Generator, words: bool) -> Example:
    inputs = {
        "acts.anger/worst": float(random.random() < 0.3),
        "effort.repeats/last": round(float(random.random()), 3),
        "acts.thanks/fast": round(float(random.random()), 3),
    }
    gasket = bool(random.random() < 0.4)
    said = [str(random.choice(NEUTRAL)) for _ in range(5)] + ["gasket"] * gasket
    logit = truth.level + truth.stretch * prior_logit(inputs) + truth.repeats * inputs["effort.repeats/last"]
    logit += truth.word * gasket
    happy = bool(random.random() < 1 / (1 + math.exp(-truth.sure * logit)))
    at = START + timedelta(hours=number)
    return Example(at=at, satisfied=happy, inputs=inputs, words=(" ".join(said),) if words else ())


def prior_logit(inputs: dict[str, float]) -> float:
    """The small prior's logit, by hand."""
    return 1.0 - inputs["acts.anger/worst"] - 0.8 * inputs["effort.repeats/last"] + 0.8 * inputs["acts.thanks/fast"]


def columns(found: Sequence[Example], prior: Model = PRIOR) -> Columns:
    """Examples as arrays."""
    return gather(found, prior, len(found))


def desk(count: int, truth: Truth | None = None, *, seed: int = 1, words: bool = True) -> Columns:
    """A desk with so many ratings."""
    return columns(examples(count, truth, seed=seed, words=words))

"""Who answers surveys: weights that make rated conversations stand for all that could have been rated. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence

SMOOTHING = 20.0  #: conversations at the desk's mean rate that every bucket is taken to have had besides
LEAST, MOST = 0.25, 4.0  #: weights are kept between these, so that a few odd ratings never rule


def response_weights(rated: Sequence[int], asked: Sequence[int]) -> tuple[float, ...]:
    """A weight per bucket of scores: the desk's mean rate of answers over the bucket's own, smoothed and clipped.

    `rated` counts the rated conversations of each bucket, `asked` all that could have been rated, the rated among them.
    Weighting by the inverse probability of an answer, after Horvitz and Thompson 1952. Even weights without ratings.
    """
    if not sum(rated) or not sum(asked):
        return (1.0,) * len(rated)
    mean = sum(rated) / sum(asked)
    rates = [(mine + SMOOTHING * mean) / (all_ + SMOOTHING) for mine, all_ in zip(rated, asked, strict=True)]
    return tuple(min(MOST, max(LEAST, mean / rate)) for rate in rates)

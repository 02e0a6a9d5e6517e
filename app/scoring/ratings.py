"""Ratings of every helpdesk on one scale from 0 (worst) to 1 (best)."""

from __future__ import annotations

WORDS = {"good": 1.0, "bad": 0.0}
RANGES = {"1-3": (1, 3), "1-5": (1, 5), "1-7": (1, 7), "1-10": (1, 10), "0-10": (0, 10), "nps": (0, 10)}
# Freshdesk numbers its seven answers like this: https://developers.freshdesk.com/api/#satisfaction-ratings
FRESHDESK = {-103: 0, -102: 1, -101: 2, 100: 3, 101: 4, 102: 5, 103: 6}
SCALES = ("good_bad", *RANGES, "freshdesk")


def normalise(original: str | int | float, scale: str) -> float:
    """A rating in [0, 1]. Scales: good_bad, 1-3, 1-5, 1-7, 1-10, 0-10, nps, freshdesk.

    Raises ValueError naming the value for one that is not on the scale, and for a scale that is not known.
    """
    if scale == "good_bad":
        word = str(original).strip().lower()
        if word not in WORDS:
            raise ValueError(f"not a good or bad rating: {original!r}")
        return WORDS[word]
    if scale not in SCALES:
        raise ValueError(f"not a rating scale: {scale!r}; known are {', '.join(SCALES)}")
    number = _number(original)
    if scale == "freshdesk":
        if number not in FRESHDESK:
            raise ValueError(f"not a Freshdesk rating: {original!r}; known are {', '.join(map(str, FRESHDESK))}")
        return FRESHDESK[int(number)] / 6
    low, high = RANGES[scale]
    if not low <= number <= high:
        raise ValueError(f"not a rating from {low} to {high}: {original!r}")
    return (number - low) / (high - low)


def below(value: float, limit: str | int | float, scale: str, *, inclusive: bool = False) -> bool:
    """True when a normalised rating is below `limit`, which is written on `scale`: `below(value, 5, "1-5")`.

    `inclusive` takes the limit in ("1 or 2 stars" is `below(value, 2, "1-5", inclusive=True)`).
    """
    edge = normalise(limit, scale)
    # Thirds and sixths do not come out even in floats, so equal means equal to nine digits.
    return value < edge - 1e-9 or (inclusive and value <= edge + 1e-9)


def _number(original: str | int | float) -> float:
    try:
        return float(original)
    except ValueError as error:
        raise ValueError(f"not a number: {original!r}") from error

"""Where a conversation turned: the message after which the score stayed lower, or an earlier ticket. Describes, never
forecasts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate

from app.scoring.model import Model

FALL = 0.10  #: the least difference of the means before and after, in points of probability; expert judgement
LONGEST = 200  #: newest scores that are looked at
PAST = ("history.", "ending.earlier_")  #: signals that tell of other tickets


def turned_at(series: Sequence[float]) -> int | None:
    """The index in the series of per-message scores at which it turned for the worse, or None.

    The single change point in the mean that parts the series best (the likelihood ratio of Sen and Srivastava 1975:
    difference of the means times sqrt(before * after / all)), provided that the means lie `FALL` apart, that this very
    message lowered the score, and that it lasted: the newest score is still nearer to the mean after than to the mean
    before. The opening message is the baseline and never a turn, since nearly everyone writes because something is
    wrong.
    """
    offset = max(0, len(series) - LONGEST)
    recent = series[offset:]
    sums = [0.0, *accumulate(recent)]
    best, strength = None, 0.0
    for index in range(1, len(recent)):
        fall = _fall(sums, index)
        found = fall * math.sqrt(index * (len(recent) - index) / len(recent))
        if fall >= FALL and found > strength and recent[index] < recent[index - 1]:
            best, strength = index, found
    if best is None:
        return None
    middle = (sums[best] / best + (sums[-1] - sums[best]) / (len(recent) - best)) / 2
    return offset + best if recent[-1] < middle else None


def began_poor(base_logit: float, factors: Mapping[str, float], model: Model) -> bool:
    """True when the opening score was poor because of earlier tickets: without what they add it would have been good.

    `factors` is signal to logit of the opening message's score.
    """
    whole = base_logit + math.fsum(factors.values())
    without = base_logit + math.fsum(logit for name, logit in factors.items() if not name.startswith(PAST))
    return model.calibrated(whole) < model.threshold <= model.calibrated(without)


def _fall(sums: Sequence[float], index: int) -> float:
    after = len(sums) - 1 - index
    return sums[index] / index - (sums[-1] - sums[index]) / after

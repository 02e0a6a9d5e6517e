"""Why a score is what it is: one sentence for an agent, and numbers that an analyst can add up.

A sentence tells what has been read and what changed. It forecasts nothing, names no signal by its internal name, and
says so where the score is not calibrated or a reading was not possible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.scoring.model import sigmoid
from app.scoring.reasons import Factor, factor_of, noun_of, said
from app.words import Contribution, Score

NAMED = 2  #: reasons in one sentence
WORTH_NAMING = 0.25  #: share of the strongest reason from which another one is named
A_LITTLE = 0.5  #: share of the strongest reason below which a counterweight helps only a little
NEGLIGIBLE = 0.02  #: logit below which nothing is said
UNCALIBRATED = "not calibrated on this desk's own ratings yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one factor comes to, in both of its measures."""

    factor: Factor
    logit: float
    points: float  #: of the score, 0 to 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One score explained. `base_points + sum(points) + correction_points` is 100 * p_satisfied."""

    sentence: str
    change: int | None  #: points since the score that it is compared with; None where there is none
    parts: tuple[Part, ...]  #: all factors, in their own order; their logits add up to the contributions' sum
    base_points: float  #: the score of a conversation of which nothing is known
    correction_points: float  #: what the desk's own calibration adds
    changes: tuple[Contribution, ...]  #: what every signal adds now beyond what it added then, strongest first


def explain(score: Score, before: Score | None = None) -> Explanation:
    """The score, and what changed since the one `before`, that of the customer's previous message."""
    changes = changes_between(before.contributions, score.contributions) if before else ()
    base, uncalibrated = sigmoid(score.base_logit), score.p_uncalibrated
    return Explanation(
        sentence=_sentence(score, before, changes),
        change=score.score - before.score if before else None,
        parts=factors(score),
        base_points=100 * base,
        correction_points=100 * (score.p_satisfied - uncalibrated),
        changes=changes,
    )


def factors(score: Score) -> tuple[Part, ...]:
    """What each factor adds, in logits and in points of the score.

    A point share is the logit times the mean slope of the curve between the base and the score (Aumann and Shapley
    1974): it adds up exactly, and has the logit's own sign.
    """
    logits = {
        factor: math.fsum(part.logit for part in score.contributions if factor_of(part.signal) is factor)
        for factor in Factor
    }
    slope = _mean_slope(score)
    return tuple(Part(factor=factor, logit=logit, points=100 * slope * logit) for factor, logit in logits.items())


def resolution(score: Score) -> float:
    """The sub-score of resolution quality in [0, 1]: what the score would be if nothing else were known."""
    (part,) = (part for part in factors(score) if part.factor is Factor.RESOLUTION)
    return sigmoid(score.base_logit + part.logit)


def changes_between(before: Iterable[Contribution], after: Sequence[Contribution]) -> tuple[Contribution, ...]:
    """What every signal adds now beyond what it added then, the strongest change first; with the evidence of now."""
    then, now = _logits(before), _logits(after)
    evidence = {part.signal: part.evidence for part in after}
    moved = [
        Contribution(signal=name, logit=change, evidence=evidence.get(name, ""))
        for name in now.keys() | then.keys()
        if (change := now.get(name, 0.0) - then.get(name, 0.0))
    ]
    return tuple(sorted(moved, key=lambda part: (-abs(part.logit), part.signal)))


def fresh_trouble(
    before: Iterable[Contribution], after: Sequence[Contribution], most: int = 3
) -> tuple[Contribution, ...]:
    """What newly lowered a score at the message where it turned, the strongest first."""
    worse = [part for part in changes_between(before, after) if part.logit < -NEGLIGIBLE]
    return tuple(worse[:most])


def _mean_slope(score: Score) -> float:
    total = math.fsum(part.logit for part in score.contributions)
    base = sigmoid(score.base_logit)
    if abs(total) < 1e-9:
        return base * (1 - base)
    return (sigmoid(score.base_logit + total) - base) / total


def _sentence(score: Score, before: Score | None, changes: Sequence[Contribution]) -> str:
    notes = ([] if score.calibrated else [UNCALIBRATED]) + [_left_out(reason) for reason in score.abstained]
    ending = f" ({'; '.join(notes)})." if notes else "."
    if before is None:
        return f"{score.score} after the first message: {_standing(score)}{ending}"
    change = score.score - before.score
    if change == 0:
        return f"{score.score}, unchanged since the last message: {_standing(score)}{ending}"
    head = f"{score.score}, {'up' if change > 0 else 'down'} {abs(change)} since the last message"
    return f"{head}: {_moved(changes, _logits(score.contributions), change)}{ending}"


def _left_out(reason: str) -> str:
    what, separator, why = reason.partition(": ")
    return f"left out: {what}, {why}" if separator else f"left out: {reason}"


def _standing(score: Score) -> str:
    """What weighs on the score and what helps it, as it stands."""
    lowering = [part for part in score.contributions if part.logit < -NEGLIGIBLE]
    raising = [part for part in score.contributions if part.logit > NEGLIGIBLE]
    clauses = []
    if lowering:
        weigh = "weighs" if len(worth := _worth(lowering)) == 1 else "weigh"
        clauses.append(f"{_named(worth)} {weigh} on it")
    if raising:
        help_ = "helps" if len(worth := _worth(raising)) == 1 else "help"
        clauses.append(f"{_named(worth)} {help_}")
    return "; ".join(clauses) or "nothing stands out yet"


def _moved(changes: Sequence[Contribution], now: Mapping[str, float], change: int) -> str:
    """What moved the score, and the strongest thing that moved it the other way."""
    with_it = [part for part in changes if part.logit * change > 0 and abs(part.logit) > NEGLIGIBLE]
    against = [part for part in changes if part.logit * change < 0 and abs(part.logit) > NEGLIGIBLE]
    if not with_it:
        return "many small things together"
    first, *more = _worth(with_it)
    main = _listed([_turn(first, now, quoted=True), *(_turn(part, now) for part in more)])
    if not against or abs(against[0].logit) < WORTH_NAMING * abs(with_it[0].logit):
        return main
    little = " a little" if abs(against[0].logit) < A_LITTLE * abs(with_it[0].logit) else ""
    verb = "helps" if change < 0 else "holds it back"
    return f"{main}; {_turn(against[0], now)} {verb}{little}"


def _turn(part: Contribution, now: Mapping[str, float], *, quoted: bool = False) -> str:
    """One change as a noun: something that is there now, or that counts for less than it did."""
    if now.get(part.signal, 0.0) * part.logit <= 0:
        return f"{noun_of(part.signal)} counting for less"
    return said(part.signal, part.evidence) if quoted else noun_of(part.signal, part.evidence)


def _named(parts: Sequence[Contribution]) -> str:
    """The reasons by name, the strongest with the words that show it."""
    first, *more = parts
    return _listed([said(first.signal, first.evidence), *(noun_of(part.signal, part.evidence) for part in more)])


def _worth(parts: Sequence[Contribution]) -> Sequence[Contribution]:
    """The strongest, and a second one where it is not far behind."""
    return [part for part in parts[:NAMED] if abs(part.logit) >= WORTH_NAMING * abs(parts[0].logit)]


def _listed(nouns: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(nouns))


def _logits(parts: Iterable[Contribution]) -> dict[str, float]:
    return {part.signal: part.logit for part in parts}

"""The ladder: how much of its own model a desk's ratings carry. Every rung is gated on ratings later than those it was
learned from; what does not prove better there is refused, with the reason in words."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from app.scoring.learning import gate
from app.scoring.learning.examples import FORBIDDEN, Columns, prior_logits
from app.scoring.learning.gate import NAMES, Later
from app.scoring.learning.metrics import Array
from app.scoring.learning.report import Figures, Point, Report, Verdict, figures
from app.scoring.learning.rungs import Fitted, Rung, fit_adapter, fit_intercept, fit_slope, fit_stack, text_matrix
from app.scoring.learning.words import TextWeights
from app.scoring.model import Calibration, Model

CURVE = (10, 25, 50, 100, 200, 400, 1_000, 3_000)
NEWER = 30  #: ratings after the champion, for it to be defended by them
DIGITS = 6  #: of stored weights

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rung that the ratings carry, fitted on the earlier ones, and the verdicts on all rungs."""

    fitted: Fitted
    below: Rung  #: the rung that a stack is shrunk to
    verdicts: tuple[Verdict, ...]

    @property
    def rung(self) -> Rung:
        return self.fitted.rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The model in force."""

    model: Model
    rung: Rung
    ratings: int  #: that it was learned from; later ones it has not seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A desk's model, and how it came about."""

    model: Model
    rung: Rung
    ratings: int
    reason: str  #: for people
    report: Report
    accepted: bool  #: False where the model in force proved better on ratings that neither has seen


def learn(
    columns: Columns,
    prior: Model,
    *,
    name: str,
    seed: int,
    champion: Champion | None = None,
    progress: Progress = lambda share, step: None,
) -> Learned:
    """The desk's model from its ratings: the rung chosen on the newest, then fitted on all. Equal input, equal output.

    The `champion` is measured beside the others, and its rung is kept unless the rungs below prove better. Raises
    ValueError without any rating.
    """
    ratings = int(np.count_nonzero(~columns.label))
    if not ratings:
        raise ValueError("there is no rating to learn from")
    progress(0.2, "choosing how much to learn")
    earlier, later = gate.split(columns)
    choice = choose(columns, seed, standing=champion.rung if champion else Rung.INTERCEPT)
    progress(0.6, "learning from all ratings")
    fitted = refit(columns, choice, seed)
    progress(0.8, "measuring")
    report = Report(
        ratings=ratings,
        labels=len(columns) - ratings,
        measured_on=len(later),
        figures=_measured(earlier, later, choice, champion.model if champion else None),
        verdicts=choice.verdicts,
        curve=curve(earlier, later, seed),
    )
    model = as_model(fitted, columns, prior, name)
    refused = _against(choice, champion, later, ratings) if champion else None
    return Learned(
        model=model,
        rung=fitted.rung,
        ratings=ratings,
        reason=refused or reason(ratings, choice),
        report=report,
        accepted=refused is None,
    )


def _against(choice: Choice, champion: Champion, later: Later, ratings: int) -> str | None:
    """Why the champion stays: it proves better on the ratings that came after it. None where nothing speaks for that.

    The challenger is measured as fitted on the earlier ratings, so that neither has seen these.
    """
    newer = later.newest(ratings - champion.ratings)
    if len(newer) < NEWER or gate.too_few(newer):
        return None
    champions = predicted(champion.model, newer.columns)[newer.rated]
    back = gate.judge(Rung.INTERCEPT, champions, newer.p(choice.fitted), newer)
    if not back.climbed:
        return None
    return f"{ratings} ratings: refused, because the model in force is better on the {len(newer)} ratings after it."


def choose(columns: Columns, seed: int, standing: Rung = Rung.INTERCEPT) -> Choice:
    """The highest rung that proves better than the one below on the newest ratings, having seen only earlier ones.

    The `standing` rung is in force already: it is kept as long as nothing below it proves better.
    """
    earlier, later = gate.split(columns)
    if not len(earlier):
        return Choice(fitted=fit_intercept(columns), below=Rung.INTERCEPT, verdicts=())
    current, verdicts = fit_intercept(earlier), []
    below = Rung.INTERCEPT
    for rung in (Rung.SLOPE, Rung.ADAPTER, Rung.STACK):
        verdict = gate.not_yet(rung, columns, later)
        if verdict is None:
            below = current.rung
            fitted = _fit(rung, earlier, below, seed)
            verdict = gate.judge(rung, later.p(fitted), later.p(current), later)
            if rung is standing and not verdict.climbed:
                verdict = _kept(rung, fitted, current, later)
            current = fitted if verdict.climbed else current
        verdicts.append(verdict)
    return Choice(fitted=current, below=below, verdicts=tuple(verdicts))


def _kept(rung: Rung, standing: Fitted, simpler: Fitted, later: Later) -> Verdict:
    """The rung in force against what is below it: now the simpler one has to prove better."""
    back = gate.judge(Rung.INTERCEPT, later.p(simpler), later.p(standing), later)
    said = "proved better" if back.climbed else "did not prove better, so it stays"
    return replace(
        back,
        rung=rung,
        climbed=not back.climbed,
        reason=f"{NAMES[rung]}, in force: on the newest {len(later)} ratings {NAMES[simpler.rung]} {said}",
    )


def _fit(rung: Rung, columns: Columns, below: Rung, seed: int) -> Fitted:
    if rung is Rung.STACK:
        return fit_stack(columns, below, seed)
    return {Rung.INTERCEPT: fit_intercept, Rung.SLOPE: fit_slope, Rung.ADAPTER: fit_adapter}[rung](columns)


def refit(columns: Columns, choice: Choice, seed: int) -> Fitted:
    """The chosen rung, learned from all ratings."""
    return _fit(choice.rung, columns, choice.below, seed)


def curve(earlier: Columns, later: Later, seed: int) -> tuple[Point, ...]:
    """The ladder as it would have stood after so many ratings, measured on the newest."""
    if not len(later):
        return ()
    points = []
    for count in CURVE:
        if count > len(earlier):
            break
        known = earlier.part(0, count)
        fitted, plain = refit(known, choose(known, seed), seed), fit_intercept(known)
        found, simple = _figures(later, fitted), _figures(later, plain)
        points.append(
            Point(
                ratings=count,
                rung=fitted.rung,
                brier=found.brier,
                auroc=found.auroc,
                ece=found.ece,
                brier_intercept=simple.brier,
            )
        )
    return tuple(points)


def _measured(earlier: Columns, later: Later, choice: Choice, champion: Model | None) -> dict[str, Figures]:
    if not len(later) or not len(earlier):
        return {}
    found = {
        "prior": _figures(later, Fitted(rung=Rung.PRIOR)),
        "intercept": _figures(later, fit_intercept(earlier)),
        "challenger": _figures(later, choice.fitted),
    }
    if champion is not None:
        found["champion"] = figures(later.happened, predicted(champion, later.columns)[later.rated], later.weights)
    return found


def _figures(later: Later, fitted: Fitted) -> Figures:
    return figures(later.happened, later.p(fitted), later.weights)


def predicted(model: Model, columns: Columns) -> Array:
    """P(satisfied) by a finished model, from the inputs that the columns hold."""
    weights = [model.overall.get(name.split("/")[0], {}).get(name.split("/")[1], 0.0) for name in columns.names.names]
    logits = prior_logits(columns.inputs, replace(columns.names, weights=np.array(weights), base=model.base_logit))
    if model.text is not None:
        worded = columns.worded()
        logits[worded] += text_matrix(columns, worded) @ np.asarray(model.text.weights) + model.text.bias
    calibration = model.calibration or Calibration()
    return np.asarray(expit(calibration.intercept + calibration.slope * logits), dtype=np.float64)


def reason(ratings: int, choice: Choice) -> str:
    """Which rung and why, in a few sentences."""
    high = choice.rung in {Rung.ADAPTER, Rung.STACK}
    stands = f"uses {NAMES[choice.rung]}" if high else f"stays on the prior's weights, {NAMES[choice.rung]}"
    told = "".join(f" {verdict.reason[0].upper()}{verdict.reason[1:]}." for verdict in choice.verdicts)
    because = ", because nothing more has proved better" if not high and told else ""
    return f"{ratings} rating{'s' * (ratings != 1)}: {stands}{because}.{told}"


def as_model(fitted: Fitted, columns: Columns, prior: Model, name: str) -> Model:
    """The prior with a fit merged into it; additive on the logit, every weight with the sign its signal may have.

    Level and spread alone are a calibration and leave the contributions as they are. Weights of the rating itself,
    which nothing is learned about, stay the prior's.
    """
    if fitted.rung in {Rung.INTERCEPT, Rung.SLOPE}:
        calibration = Calibration(intercept=round(fitted.intercept, DIGITS), slope=round(fitted.scale, DIGITS))
        return replace(prior, name=name, calibration=calibration)
    moved = np.zeros(len(columns.names.names)) if fitted.moved is None else fitted.moved
    overall = {signal: dict(weights) for signal, weights in prior.overall.items() if signal in FORBIDDEN}
    for path, weight, change, side in zip(
        columns.names.names, columns.names.weights, moved, columns.names.sides, strict=True
    ):
        signal, _, aggregate = path.partition("/")
        merged = side * max(0.0, side * float(fitted.scale * weight + change))
        overall.setdefault(signal, {})[aggregate] = round(merged, DIGITS)
    return replace(
        prior,
        name=name,
        base_logit=round(fitted.scale * prior.base_logit + fitted.intercept, DIGITS),
        overall=overall,
        calibration=Calibration(),
        text=_text(fitted, name),
    )


def _text(fitted: Fitted, name: str) -> TextWeights | None:
    if fitted.text is None:
        return None
    return TextWeights(name=name, bias=fitted.text_bias, weights=array("f", fitted.text.tolist()))

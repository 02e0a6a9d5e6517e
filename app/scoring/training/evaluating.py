"""Checking a prior: on conversations with ratings by set, each scored by a model that never saw it where that is asked.

Sets without ratings have labels on single messages; on those the tone alone is measured.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from app.scoring.conversation import Running, TicketFacts, Utterance
from app.scoring.engine import observe, score
from app.scoring.learning.metrics import auroc
from app.scoring.model import PRIOR, Model, parse_model
from app.scoring.training import baselines
from app.scoring.training.corpora import Conversation
from app.scoring.training.figures import AIMS, MEASURES, Predicted, bootstrapped, interval, report
from app.scoring.training.lists import UNPLEASANT, Lists, rated_lists, read_unseen, read_with
from app.scoring.training.prior import Fitted, document, fit_prior, from_document
from app.scoring.training.tables import APART, COLUMN, START, Array, Table, joined, table
from app.scoring.wordlists import packaged

DRAWS, SEED = 300, 1
#: Sentence encoder (MiniLM) figures to compare with: mean over the four USS sets, quoted from the measurements behind
#: docs/scoring.md, not measured here. Turn and direction on held-out conversations of sets it was trained on; the end
#: with one set left out.
QUOTED = {"minilm": {"turn": 0.753, "end": 0.675, "direction": 0.704}}
OURS, OPEN = "kintsugi", "open-1"
Say = Callable[[str], None]


class TooFewSets(ValueError):
    """Leaving a set out needs another one to learn from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A set, what others taught a model about it, and its conversations as that model reads them."""

    name: str
    known: Table  #: all other sets, their words read by lists that had not seen them
    unknown: Table  #: the set, read by lists of the others
    fitted: Fitted

    @property
    def prior(self) -> Model:
        """The fold's model as the live engine would use it."""
        return parse_model(document(self.fitted, f"without-{self.name}", ""))


def evaluate(
    sets: Mapping[str, Sequence[Conversation]],
    prior: Model,
    *,
    say: Say,
    leave_out: bool = False,
    curve: Callable[[Sequence[Fold], Say], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Figures of all sets as plain JSON; `curve` measures each left-out set as a new desk. Raises TooFewSets."""
    rated = {name: [one for one in found if one.rated] for name, found in sets.items()}
    rated = {name: found for name, found in rated.items() if found}
    tone = {name: _tone(found, prior) for name, found in sets.items() if name not in rated}
    result: dict[str, Any] = {"model": "leave-one-out" if leave_out else prior.name, "tone": tone}
    if not rated:
        return result | {"sets": {}}
    if leave_out or curve:
        left_out = folds(rated, say)
        found = _compared_folds(left_out, say)
        result |= {"learning_curve": curve(left_out, say)} if curve else {}
    else:
        found = {name: _compared(table(part), {OURS: live(part, prior)}, say, name) for name, part in rated.items()}
    return result | {"sets": found, "mean": _means(found), "aims": _aims(found), "quoted": QUOTED}


def folds(rated: Mapping[str, Sequence[Conversation]], say: Say) -> list[Fold]:
    """One fold per set. Raises TooFewSets."""
    if len(rated) < 2:
        raise TooFewSets(f"leaving one set out needs at least two rated sets, got {', '.join(rated) or 'none'}")
    tables = {}
    for name, found in rated.items():
        say(f"reading {name}: {len(found)} conversations")
        tables[name] = table(found)
    return [_fold(name, tables, say) for name in tables]


def _fold(name: str, tables: Mapping[str, Table], say: Say) -> Fold:
    say(f"fitting without {name}")
    pleased, displeased = packaged("pleased"), packaged("displeased")
    others = joined([found for other, found in tables.items() if other != name])
    customer, reply = rated_lists(others)
    lists = Lists(pleased=pleased, displeased=displeased, customer=customer, reply=reply)
    known = read_unseen(others, pleased, displeased)
    return Fold(name=name, known=known, unknown=read_with(tables[name], lists), fitted=fit_prior(known, _open()))


def _open() -> Fitted:
    """The open prior that ships: it has seen no rated conversation at all, so none is left out of it."""
    return from_document(json.loads((PRIOR / f"{OPEN}.json").read_text(encoding="utf-8")))


def _compared_folds(found: Sequence[Fold], say: Say) -> dict[str, Any]:
    return {
        fold.name: _compared(
            fold.unknown,
            {OURS: predicted(fold.fitted, fold.unknown), "tfidf": baselines.tfidf(fold.known, fold.unknown)},
            say,
            fold.name,
        )
        | {"ablation": _ablation(fold)}
        for fold in found
    }


def predicted(fitted: Fitted, unknown: Table) -> Predicted:
    """What a fitted prior says of every customer turn."""
    return Predicted(
        now=fitted.now_logit(unknown),
        overall=np.asarray(expit(fitted.overall_logit(unknown))),
        trend=fitted.trend(unknown),
    )


def live(conversations: Sequence[Conversation], model: Model) -> Predicted:
    """What the live engine says of every customer turn."""
    found: list[tuple[float, float, float]] = []
    for conversation in conversations:
        running = Running.start()
        for number, turn in enumerate(conversation.turns):
            at = START + number * APART
            said = Utterance(id=str(number), role=turn.role, public=True, text=turn.text, at=at)
            running, _ = observe(running, said)
            if turn.role == "customer":
                one, running = score(running, TicketFacts(), model, at)
                found.append((one.p_satisfied_now, one.p_satisfied, one.trend))
    now, overall, trend = np.array(found).T
    return Predicted(now=now, overall=overall, trend=trend)


def _ablation(fold: Fold) -> dict[str, dict[str, float]]:
    """The same fit without the readings of one word list of tone, and of both."""
    without = {
        "textblob": [name for name in COLUMN if "textblob" in name],
        "vader": [name for name in COLUMN if "vader" in name],
    }
    without["both"] = [*without["textblob"], *without["vader"]]
    found = {}
    for name, columns in without.items():
        known, unknown = _blanked(fold.known, columns), _blanked(fold.unknown, columns)
        figures = report(unknown, predicted(fit_prior(known, _open()), unknown))
        found[name] = {measure: figures[measure] for measure in MEASURES}
    return found


def _blanked(one: Table, columns: Sequence[str]) -> Table:
    values = one.values.copy()
    values[:, [COLUMN[name] for name in columns]] = 0.0
    return one.with_values(values)


def _compared(unknown: Table, ours: Mapping[str, Predicted], say: Say, name: str) -> dict[str, Any]:
    """Our figures beside the baselines', with intervals of ours and of the differences."""
    say(f"measuring {name}")
    tones = {"textblob": baselines.textblob(unknown.words), "vader": baselines.vader(unknown.words)}
    all_of = dict(ours) | {one: baselines.polarity(unknown, tone) for one, tone in tones.items()}
    draws = bootstrapped(unknown, all_of, DRAWS, SEED)
    place = {one: column for column, one in enumerate(all_of)}
    found: dict[str, Any] = {
        "conversations": int(np.count_nonzero(unknown.last)),
        "turns": len(unknown.index),
        "dissatisfied": float(np.mean(unknown.overall[unknown.last] < 3)),
        "models": {one: report(unknown, prediction) for one, prediction in all_of.items()},
    }
    for measure in MEASURES:
        drawn = draws[measure]
        found.setdefault("intervals", {})[measure] = interval(drawn[:, 0])
        found.setdefault("better_by", {})[measure] = {
            one: interval(drawn[:, 0] - drawn[:, place[one]]) for one in all_of if one != OURS
        }
    found["draws"] = {measure: draws[measure].tolist() for measure in MEASURES}
    return found


def _means(found: dict[str, Any]) -> dict[str, Any]:
    """Means over sets; their intervals from the sets' own draws, which are independent. Takes the draws out."""
    sets = list(found.values())
    models = list(sets[0]["models"])
    means = {
        one: {
            figure: float(np.mean([part["models"][one][figure] for part in sets])) for figure in sets[0]["models"][one]
        }
        for one in models
    }
    drawn = {measure: np.mean([np.array(part["draws"][measure]) for part in sets], axis=0) for measure in MEASURES}
    for part in sets:
        del part["draws"]
    result: dict[str, Any] = {"models": means}
    result["intervals"] = {measure: interval(drawn[measure][:, 0]) for measure in MEASURES}
    result["better_by"] = {
        measure: {
            one: interval(drawn[measure][:, 0] - drawn[measure][:, column])
            for column, one in enumerate(models)
            if column
        }
        for measure in MEASURES
    }
    if "ablation" in sets[0]:
        result["ablation"] = {
            without: {
                measure: float(np.mean([part["ablation"][without][measure] for part in sets])) for measure in MEASURES
            }
            for without in sets[0]["ablation"]
        }
    return result


def _aims(found: Mapping[str, Any]) -> dict[str, Any]:
    aims = {}
    for measure, aim in AIMS.items():
        value = float(np.mean([part["models"][OURS][measure] for part in found.values()]))
        aims[measure] = {"value": value, "aim": aim, "met": value >= aim}
    return aims


def _tone(conversations: Sequence[Conversation], prior: Model) -> dict[str, Any]:
    """AUROC of "this message is labelled negative" by the customer's state now, beside the two word lists."""
    worded = [one for one in conversations if one.turns[0].labels]
    if not worded:
        return {"messages": 0, "reason": "no ratings and no labels"}
    negative = np.array([_is_negative(one.turns[0].labels) for one in worded], dtype=float)
    texts = [one.turns[0].text for one in worded]
    found: dict[str, Array] = {
        OURS: logit(np.clip(live(_firsts(worded), prior).now, 1e-12, 1 - 1e-12)),
        "textblob": baselines.textblob(texts),
        "vader": baselines.vader(texts),
    }
    return {
        "messages": len(worded),
        "negative": float(negative.mean()),
        "auroc": {name: auroc(negative, -tone) for name, tone in found.items()},
    }


def _firsts(conversations: Sequence[Conversation]) -> list[Conversation]:
    return [Conversation(id=one.id, source=one.source, turns=one.turns[:1]) for one in conversations]


def _is_negative(labels: Sequence[str]) -> bool:
    return any(label == "negative" or label in UNPLEASANT for label in labels)

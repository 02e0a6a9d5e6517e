"""One line of `kintsugi score`: a conversation as a plain document in, its scores per customer message out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.scoring.conversation import Running, Utterance
from app.scoring.engine import observe, score
from app.scoring.model import Model
from app.scoring.stated import read_moment, read_stated
from app.scoring.telling import Telling
from app.words import Score

START = datetime(2026, 1, 1, tzinfo=UTC)  #: of conversations without times; only differences of time matter
APART = timedelta(minutes=10)  #: between turns without times
ROLES = ("customer", "agent")


def score_line(document: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """The scores of one conversation, one entry per customer turn, each from the turns up to and including it.

    Facts that were there from the start (`channel`, `earlier_ratings` ...) count at every turn; how it ended
    (`solved`, `reopens`, `reassignments`, `rating` ...) counts at the last customer turn only.
    Raises ValueError as `path: message`, quoting the value, for a document of another shape.
    """
    if not isinstance(document, Mapping):
        raise ValueError(f"line: not an object: {document!r}")
    utterances = _utterances(document.get("turns"))
    stated = read_stated(document.get("ticket"))
    context = stated.context
    last = max((index for index, said in enumerate(utterances) if said.role == "customer"), default=-1)
    running, turns, telling = Running.start(), [], Telling()
    for index, utterance in enumerate(utterances):
        running, _ = observe(running, utterance, context)
        if utterance.role == "customer":
            facts = stated.ending if index == last else stated.opening
            found, running = score(running, facts, model, utterance.at, context)
            told = telling.tell(index, utterance, found, running, facts)
            turns.append({"index": index, **as_document(found), **told})
    return {"id": _identity(document), "model": model.name, "turns": turns}


def as_document(found: Score) -> dict[str, Any]:
    """A score as plain JSON, under the names that `kintsugi score` and the API use."""
    return {
        "p_satisfied": found.p_satisfied,
        "p_satisfied_now": found.p_satisfied_now,
        "trend": found.trend,
        "score": found.score,
        "level": found.level.value,
        "direction": found.direction.value,
        "state": found.state.value,
        "provisional": found.provisional,
        "calibrated": found.calibrated,
        "base_logit": found.base_logit,
        "p_uncalibrated": found.p_uncalibrated,
        "contributions": [
            {"signal": part.signal, "logit": part.logit, "evidence": part.evidence} for part in found.contributions
        ],
        "abstained": list(found.abstained),
    }


def _identity(document: Mapping[str, Any]) -> str:
    if not isinstance(document.get("id"), str):
        raise ValueError(f"id: not a string: {document.get('id')!r}")
    return str(document["id"])


def _utterances(turns: object) -> list[Utterance]:
    if not isinstance(turns, Sequence) or isinstance(turns, str):
        raise ValueError(f"turns: not a list: {turns!r}")
    said: list[Utterance] = []
    for index, turn in enumerate(turns):
        path = f"turns[{index}]"
        if not isinstance(turn, Mapping):
            raise ValueError(f"{path}: not an object: {turn!r}")
        role, text = turn.get("role"), turn.get("text")
        if role not in ROLES:
            raise ValueError(f"{path}.role: not one of {', '.join(ROLES)}: {role!r}")
        if not isinstance(text, str):
            raise ValueError(f"{path}.text: not a string: {text!r}")
        default = said[-1].at + APART if said else START
        at = default if turn.get("at") is None else read_moment(f"{path}.at", turn["at"])
        said.append(Utterance(id=str(index), role=role, public=True, text=text, at=at))
    return said

"""Versions of a desk's own model: the champion that is in force, challengers, what was refused, what is retired."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.store import trainings
from app.store.database import vault_of
from app.store.desks import NotFound
from app.store.models import LearnedModel, ModelState

SHOWN = 50  #: versions in a list


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model that is not stored yet; `document` holds its learned words under `text`."""

    rung: str
    prior: str
    document: Mapping[str, Any]
    ratings: int
    report: Mapping[str, Any]
    reason: str


def next_version(session: Session) -> int:
    """The number that the desk's next model gets."""
    return (session.scalar(select(func.max(LearnedModel.version))) or 0) + 1


def add(session: Session, desk_id: int, new: NewModel, state: ModelState, now: datetime) -> LearnedModel:
    """Store the desk's next version; an older challenger is overtaken by it. A champion is made by `promote`."""
    overtaken = update(LearnedModel).where(LearnedModel.state == ModelState.CHALLENGER)
    session.execute(overtaken.values(state=ModelState.REFUSED))
    words = new.document.get("text")
    row = LearnedModel(
        desk_id=desk_id,
        version=next_version(session),
        rung=new.rung,
        prior=new.prior,
        document={**new.document, "text": None},
        sealed_text=vault_of(session).seal(json.dumps(words)) if words else None,
        ratings=new.ratings,
        report=dict(new.report),
        state=state,
        reason=new.reason,
        trained_at=now,
    )
    session.add(row)
    session.flush()
    return row


def document_of(session: Session, row: LearnedModel) -> dict[str, Any]:
    """The whole model document, its learned words opened."""
    words = json.loads(vault_of(session).open(row.sealed_text)) if row.sealed_text else None
    return {**row.document, "text": words}


def champion(session: Session) -> LearnedModel | None:
    """The version in force; None while that is the prior."""
    return session.scalar(select(LearnedModel).where(LearnedModel.state == ModelState.CHAMPION))


def champion_version(session: Session) -> int | None:
    """Its number alone, which is all that most scorings have to know."""
    return session.scalar(select(LearnedModel.version).where(LearnedModel.state == ModelState.CHAMPION))


def get(session: Session, version: int) -> LearnedModel:
    """Raises NotFound."""
    row = session.scalar(select(LearnedModel).where(LearnedModel.version == version))
    if row is None:
        raise NotFound(f"model version {version}")
    return row


def newest_first(session: Session, limit: int = SHOWN) -> Sequence[LearnedModel]:
    return session.scalars(select(LearnedModel).order_by(LearnedModel.version.desc()).limit(limit)).all()


def promote(session: Session, row: LearnedModel, now: datetime, by: str | None) -> None:
    """Put a version in force; the one before it retires. `by` is the person, None for the training itself."""
    retire(session)
    row.state = ModelState.CHAMPION
    row.promoted_at, row.promoted_by = now, by
    session.flush()


def choose(session: Session, desk_id: int, version: int | None, now: datetime, by: str) -> None:
    """A person puts a version in force, or with None the prior. Raises NotFound.

    Later models wait for a person from then on, unless it is the newest version that was chosen.
    """
    if version is None:
        retire(session)
    else:
        promote(session, get(session, version), now, by)
    trainings.hold(session, desk_id, held=version != next_version(session) - 1)


def told(version: int | None) -> tuple[str, str]:
    """What the audit log says of such a choice: what was done, and to what."""
    return ("model.prior", "model") if version is None else ("model.promoted", f"model:{version}")


def retire(session: Session) -> bool:
    """Go back to the prior; True where another model was in force."""
    old = champion(session)
    if old is not None:
        old.state = ModelState.RETIRED
        session.flush()
    return old is not None

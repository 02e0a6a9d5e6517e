"""Whether an agent agrees with a score, said in the sidebar: a small hint for learning beside customers' ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import audit, desks, labels, scores, tracked_tickets
from app.store.models import ScoreRow, TrackedTicket
from app.web.context import parts
from tasks import examples
from tasks.context import context_of

ANSWERS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The score an opinion is asked for, and what this person said of it before."""

    score_id: int
    agrees: bool | None


def asked(session: Session, tracked: TrackedTicket, by: str) -> Asked | None:
    """What to ask of a ticket's newest score; None while there is none."""
    newest = scores.of_ticket(session, tracked.id, limit=1)
    if not newest:
        return None
    label = labels.find(session, newest[0].id, by)
    return Asked(score_id=newest[0].id, agrees=label.agrees if label else None)


def give(desk_id: int, ticket_id: str, form: Mapping[str, str], *, by: str) -> bool:
    """Store an opinion on the ticket's newest score. False where that is another one by now, or nothing is known.

    Raises ValueError for an answer that is neither yes nor no.
    """
    answer, score_id = form.get("agrees", ""), form.get("score", "")
    if answer not in ANSWERS:
        raise ValueError(f"agrees: must be yes or no: {answer[:20]!r}")
    with parts().database.desk(desk_id) as session:
        tracked = tracked_tickets.find_by_ticket(session, ticket_id)
        score = _score(session, tracked, score_id) if tracked else None
        numbers = _numbers(session, tracked, desk_id) if tracked and score else None
        if score is None or numbers is None:
            return False
        opinion = labels.Opinion(agrees=ANSWERS[answer], by=by, inputs=numbers)
        labels.record(session, score, opinion, parts().clock.now())
        tracked_id = score.tracked_id
        told = {"score": score.id, "agrees": opinion.agrees}
        audit.record(session, by=by, did="opinion.given", what=f"ticket:{ticket_id}", detail=told, at=real_now())
    log.get("web").info("opinion_given", desk_id=desk_id, tracked_id=tracked_id, by=by, agrees=answer)
    return True


def _score(session: Session, tracked: TrackedTicket, score_id: str) -> ScoreRow | None:
    """The score the person saw, as long as it is still the newest: the conversation has moved on from older ones."""
    newest = scores.of_ticket(session, tracked.id, limit=1)
    return newest[0] if newest and str(newest[0].id) == score_id else None


def _numbers(session: Session, tracked: TrackedTicket, desk_id: int) -> dict[str, float] | None:
    model = parts().models.of(session, desk_id)
    context = replace(context_of(desks.get(session, desk_id)), text=model.text)
    return examples.numbers(session, tracked, examples.Eye(model=model, context=context), parts().clock.now())

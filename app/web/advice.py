"""What a sidebar says beyond how the ticket stands: what to do next, how to say it, the protocols to follow with words
that are ready, and the customer's dossier. From stored values alone; no routes, and no call to a helpdesk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from app.protocols import template
from app.protocols.decide import Published
from app.protocols.errors import CannotPlan
from app.protocols.facts import stars
from app.protocols.fitting import Guide, fitting, guides
from app.protocols.names import polite_name
from app.protocols.rollout import on_ticket
from app.protocols.suggestions import Charge, Situation, Step, Suggestion, suggest
from app.scoring.hints import Hint, hints
from app.scoring.since import since_reply
from app.store import dossiers, people
from app.store.dossiers import Dossier
from app.store.models import StepState, TrackedTicket
from app.store.stories import Standing
from app.web.wording import step_line, words
from app.words import Cause, Score
from tasks import deciding

#: Actions whose words are meant for the customer.
FOR_CUSTOMERS = frozenset({"draft", "reply"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Everything but the score."""

    dossier: Dossier
    suggestions: Sequence[Suggestion] = ()  #: none while there is no score
    hints: Sequence[Hint] = ()
    guides: Sequence[Guide] = ()
    ready: Mapping[str, str] = field(default_factory=dict)  #: a draft's template -> its words for this customer
    since_reply: int | None = None  #: points of the score since our last reply


def of(session: Session, standing: Standing, now: datetime) -> Advice:
    """The advice for a ticket as it stands; `now` is business time."""
    ticket, score = standing.ticket, standing.view.score
    dossier = dossiers.of_ticket(session, ticket)
    if score is None:
        return Advice(dossier=dossier)
    in_force = on_ticket(deciding.candidates(session), ticket.ticket_id).acting
    # A held-out customer is treated as if there were no protocols; else the comparison is worth nothing.
    shown = () if standing.held_out else guides(in_force, ticket.cause or Cause.UNKNOWN)
    charge = None if standing.held_out else _charge(session, standing, in_force)
    return Advice(
        dossier=dossier,
        suggestions=suggest(_situation(standing, score, dossier, charge), now),
        hints=hints(score.state, {part.signal for part in score.contributions if part.logit}),
        guides=shown,
        ready=_ready(session, ticket, dossier, shown),
        since_reply=since_reply(
            [(one.at, one.score) for one in standing.scores], dossiers.replied_at(session, ticket.id)
        ),
    )


def _situation(standing: Standing, score: Score, dossier: Dossier, charge: Charge | None) -> Situation:
    waiting = [step for step in standing.steps if step.state is StepState.WAITING]
    return Situation(
        score=score,
        steps=tuple(Step(line=step_line(step), due_at=step.due_at) for step in waiting),
        charge=charge,
        in_case=standing.case is not None,
        promised=tuple(one.due_at for one in dossier.waiting),
        churn_risk=standing.ticket.churn_risk,
    )


def _charge(session: Session, standing: Standing, in_force: Sequence[Published]) -> Charge | None:
    """The open case's protocol, else the one in charge of the cause."""
    ticket, case = standing.ticket, standing.case
    cause = words(ticket.cause).lower() if ticket.cause and ticket.cause is not Cause.UNKNOWN else ""
    if case is not None:
        return Charge(name=standing.protocol, cause=cause, record=dossiers.record_of(session, case.version_id))
    first = next(iter(fitting(in_force, ticket.cause or Cause.UNKNOWN)), None)
    if first is None or first.cause not in {ticket.cause or Cause.UNKNOWN, Cause.UNKNOWN}:
        return None
    version_id = next(one.version_id for one in in_force if one.protocol is first)
    own = cause if first.cause != Cause.UNKNOWN else ""
    return Charge(name=first.name, cause=own, record=dossiers.record_of(session, version_id))


def _ready(session: Session, ticket: TrackedTicket, dossier: Dossier, shown: Sequence[Guide]) -> Mapping[str, str]:
    """The drafts with their placeholders filled in; one that needs what is not known stays out."""
    known = _known(session, ticket, dossier)
    filled = {}
    for text in {step.words for guide in shown for step in guide.steps if step.do in FOR_CUSTOMERS}:
        try:
            filled[text] = template.render(text, known)
        except CannotPlan:
            continue
    return filled


def _known(session: Session, ticket: TrackedTicket, dossier: Dossier) -> Mapping[str, str]:
    person = people.get(session, ticket.person_id) if ticket.person_id else None
    rated = [one for one in dossier.ratings if one.ticket_id == ticket.ticket_id]
    return {
        "ticket_id": ticket.ticket_id,
        "customer": polite_name(people.contact(session, person).name) if person else "",
        "cause": (ticket.cause or Cause.UNKNOWN).replace("_", " "),
        "stars": str(stars(rated[0].value)) if rated else "",
        "vendor": ticket.vendor or "",
    }

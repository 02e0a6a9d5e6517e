"""Letting cases in: where there is no room, or where cases follow one another by themselves, a case is put off or not
opened at all, and the decision says so. The rules are `app.protocols.admission`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.protocols import progress
from app.protocols.admission import Room, day_begins, deferred, expected_benefit
from app.protocols.facts import Facts
from app.protocols.protocol import Guardrails, RecoveryProtocol
from app.store import cases, deferrals, desks, protocols
from app.store.models import ProtocolRow, RecoveryCase, TeamRow, TrackedTicket
from app.words import Decision, Outcome
from tasks import documents, leads


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A case that a protocol would open."""

    decision: Decision
    protocol: RecoveryProtocol
    facts: Facts
    now: datetime  #: business time


def let_in(session: Session, row: TrackedTicket, wanted: Wanted) -> Decision:
    """The decision to open a case as it is, or the same put off or turned down, with the reason."""
    circle = _circle(session, row, wanted.protocol.guardrails)
    if circle is not None:
        deferrals.end(session, row.id)
        return wanted.decision._replace(outcome=Outcome.COOLDOWN, reason=circle)
    own = deferrals.lock(session, wanted.decision.version_id)
    rooms = _rooms(session, own, wanted.protocol, wanted.now)
    benefit = expected_benefit(wanted.facts)
    reason = deferred(rooms, deferrals.ahead(session, own.id, benefit, row.id)) if rooms else None
    if reason is None:
        deferrals.end(session, row.id)
        return wanted.decision
    deferrals.put_off(session, row, own.id, benefit, wanted.now)
    return wanted.decision._replace(outcome=Outcome.NO_CAPACITY, reason=reason)


def next_round(session: Session, row: TrackedTicket) -> int:
    """The number of the round that a new case would begin with: it counts on where the customer has said nothing since
    the case before it opened."""
    before = _fed_by(session, row)
    return before.round + 1 if before is not None else 1


def free_places(session: Session, protocol_id: int, protocol: RecoveryProtocol, now: datetime) -> int | None:
    """How many cases the protocol may open now; None without limit."""
    rooms = _rooms(session, session.get_one(ProtocolRow, protocol_id), protocol, now)
    return min((max(0, room.limit - room.taken) for room in rooms), default=None)


def _circle(session: Session, row: TrackedTicket, rails: Guardrails) -> str | None:
    """Why a case is one of a chain that feeds itself, or None."""
    if not progress.out_of_rounds(rails, next_round(session, row)):
        return None
    return (
        f"The criteria hold; {rails.max_rounds} rounds of cases have followed one another on this ticket "
        "without a word of the customer. A person has to look."
    )


def _fed_by(session: Session, row: TrackedTicket) -> RecoveryCase | None:
    """The ticket's last case, where nothing has come from the customer since it opened."""
    history = cases.of_ticket(session, row.id)
    if not history or cases.heard_since(session, row.id, history[-1].opened_at):
        return None
    return history[-1]


def _rooms(session: Session, own: ProtocolRow, protocol: RecoveryProtocol, now: datetime) -> tuple[Room, ...]:
    rooms = []
    most = protocol.guardrails.max_cases_per_day
    if most is not None:
        begun = day_begins(now, _zone(session, own.desk_id))
        taken = deferrals.opened_since(session, own.id, begun)
        rooms.append(Room(limit=most, taken=taken, of="cases a day of this protocol"))
    team = leads.team_called(session, protocol.team)
    if team is not None and team.capacity is not None:
        rooms.append(
            Room(limit=team.capacity, taken=_work_of(session, team), of=f'open cases of the team "{team.name}"')
        )
    return tuple(rooms)


def _work_of(session: Session, team: TeamRow) -> int:
    """Open cases that are the team's, also those whose ticket has not been given to it yet."""
    total = 0
    for version_id, group_id, number in cases.open_by_version(session):
        protocol = documents.read_cached(protocols.version(session, version_id).document)
        theirs = (protocol.team or "").strip().casefold() in (team.group_id, team.name.strip().casefold())
        total += number if theirs or group_id == team.group_id else 0
    return total


def _zone(session: Session, desk_id: int) -> str | None:
    calendar = desks.get(session, desk_id).settings.get("calendar") or {}
    zone = calendar.get("zone")
    return str(zone) if zone else None

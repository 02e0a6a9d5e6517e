"""Letting cases in: where there is no room, or where cases follow one another by themselves, a case is put off or not
opened at all, and the decision says so. The rules are `app.protocols.admission`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.clock import real_now
from app.protocols import progress
from app.protocols.admission import Room, day_begins, deferred, expected_benefit
from app.protocols.facts import Facts
from app.protocols.protocol import Guardrails, RecoveryProtocol
from app.store import cases, deferrals, desks, protocols, tracked_tickets
from app.store.models import ProtocolRow, RecoveryCase, TeamRow, TrackedTicket, VersionState
from app.words import Decision, Outcome
from tasks import documents, leads

WITHDRAWN = "The criteria hold, but this version was taken out of force just then."


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
    deferrals.hold(session, row.desk_id)
    state, protocol_id = protocols.standing(session, wanted.decision.version_id)
    if state is VersionState.RETIRED:
        # It was taken out of force while we waited: what is in force now decides, at another look.
        row.facts_digest = None
        session.flush()
        tracked_tickets.wake(session, row.id, real_now())
        return wanted.decision._replace(outcome=Outcome.NOT_ELIGIBLE, reason=WITHDRAWN)
    own = session.get_one(ProtocolRow, protocol_id)
    benefit = expected_benefit(wanted.facts)
    reason = _no_place(session, row, own, wanted, benefit)
    if reason is None:
        deferrals.end(session, row.id)
        return wanted.decision
    deferrals.put_off(session, row, own.id, benefit, wanted.now)
    return wanted.decision._replace(outcome=Outcome.NO_CAPACITY, reason=reason)


def _no_place(session: Session, row: TrackedTicket, own: ProtocolRow, wanted: Wanted, benefit: float) -> str | None:
    """Why there is no room, or None: for a place of the team also those come first who wait for its other protocols."""
    for room in _day(session, own, wanted.protocol, wanted.now):
        if reason := deferred((room,), deferrals.ahead(session, own.id, benefit, row.id)):
            return reason
    for room in _team(session, wanted.protocol):
        waiting = sum(
            _before(session, protocol_id, protocol, wanted.now, deferrals.ahead(session, protocol_id, benefit, row.id))
            for protocol_id, protocol in _sharing(session, own, wanted.protocol).items()
        )
        if reason := deferred((room,), waiting):
            return reason
    return None


def _sharing(session: Session, own: ProtocolRow, protocol: RecoveryProtocol) -> dict[int, RecoveryProtocol]:
    """The protocols in force whose cases are the same team's, by id, with this one."""
    team = leads.team_called(session, protocol.team)
    others = {row.protocol_id: documents.read_cached(row.document) for row in protocols.in_force(session)}
    same = {number: one for number, one in others.items() if _is_of(team, one.team)}
    return {**same, own.id: protocol}


def _before(session: Session, protocol_id: int, protocol: RecoveryProtocol, now: datetime, waiting: int) -> int:
    """How many of those who wait for a protocol could take a place: no more than it may open today."""
    own = session.get_one(ProtocolRow, protocol_id)
    return min([waiting, *(max(0, room.limit - room.taken) for room in _day(session, own, protocol, now))])


def next_round(session: Session, row: TrackedTicket) -> int:
    """The number of the round that a new case would begin with: it counts on where the customer has said nothing since
    the case before it opened."""
    before = _fed_by(session, row)
    return before.round + 1 if before is not None else 1


def free_places(session: Session, protocol_id: int, protocol: RecoveryProtocol, now: datetime) -> int | None:
    """How many cases the protocol may open now; None without limit."""
    own = session.get_one(ProtocolRow, protocol_id)
    rooms = (*_day(session, own, protocol, now), *_team(session, protocol))
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


def _day(session: Session, own: ProtocolRow, protocol: RecoveryProtocol, now: datetime) -> tuple[Room, ...]:
    """The room that a protocol has today; empty without a limit."""
    most = protocol.guardrails.max_cases_per_day
    if most is None:
        return ()
    begun = day_begins(now, _zone(session, own.desk_id))
    taken = deferrals.opened_since(session, own.id, begun)
    return (Room(limit=most, taken=taken, of="cases a day of this protocol"),)


def _team(session: Session, protocol: RecoveryProtocol) -> tuple[Room, ...]:
    """The room that the protocol's team has, whatever protocols its cases are under; empty without a limit."""
    team = leads.team_called(session, protocol.team)
    if team is None or team.capacity is None:
        return ()
    return (Room(limit=team.capacity, taken=_work_of(session, team), of=f'open cases of the team "{team.name}"'),)


def _work_of(session: Session, team: TeamRow) -> int:
    """Open cases that are the team's, also those whose ticket has not been given to it yet."""
    total = 0
    for version_id, group_id, number in cases.open_by_version(session):
        protocol = documents.read_cached(protocols.version(session, version_id).document)
        total += number if _is_of(team, protocol.team) or group_id == team.group_id else 0
    return total


def _is_of(team: TeamRow | None, name: str | None) -> bool:
    """Whether a protocol's word for its team means this one."""
    return team is not None and (name or "").strip().casefold() in (team.group_id, team.name.strip().casefold())


def _zone(session: Session, desk_id: int) -> str | None:
    calendar = desks.get(session, desk_id).settings.get("calendar") or {}
    zone = calendar.get("zone")
    return str(zone) if zone else None

"""A protocol tried on what is stored, without writing anything: what it says of one ticket, and what the linter says of
it among the protocols in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.protocols.actions.registry import kind_of
from app.protocols.decide import Published, decide
from app.protocols.document import read_document
from app.protocols.lint import DeskNames, Finding, lint
from app.protocols.protocol import RecoveryProtocol
from app.protocols.rollout import on_ticket
from app.protocols.tags import TagDictionary
from app.store import desks, evaluations, protocols, tracked_tickets
from app.words import Decision, Outcome
from tasks.deciding import candidates, standing_of
from tasks.parts import Parts

#: The number of a version that is not stored; no row has it.
UNSTORED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a protocol says of one ticket as it was known last."""

    ticket_id: str
    at: datetime  #: business time of what is known
    decision: Decision
    steps: Sequence[str]  #: what would be done, in words; empty where nothing would
    first: str | None = None  #: the protocol that comes first on this ticket

    @property
    def opens(self) -> bool:
        return self.decision.outcome is Outcome.OPEN


class NothingKnown(Exception):
    """The ticket cannot be tried on; the message says why."""


def try_on(parts: Parts, desk_id: int, protocol: RecoveryProtocol, ticket_id: str) -> Trial:
    """What the protocol would decide on the ticket, were it in force beside the others. Raises NothingKnown."""
    with parts.database.desk(desk_id, read=True) as session:
        tracked = tracked_tickets.find_by_ticket(session, ticket_id)
        if tracked is None:
            raise NothingKnown(f'No ticket "{ticket_id[:40]}" is known here.')
        found = evaluations.newest(session, tracked.id)
        if found is None:
            raise NothingKnown("Nothing is known of this ticket yet: it has not been looked at since it was scored.")
        ours = Published(version_id=UNSTORED, protocol=protocol, order=_order(session, protocol.name))
        beside = on_ticket(candidates(session), ticket_id).beside(ours)
        standing = standing_of(session, tracked)
    decided = decide(beside, found.facts, standing, parts.clock.now())
    own = next(one for one in decided if one.version_id == UNSTORED)
    steps = [kind_of(action).describe(action.params) for _, action in protocol.steps]
    winner = next((one.protocol for one in decided if one.outcome is Outcome.OPEN), None)
    return Trial(
        ticket_id=ticket_id,
        at=found.at,
        decision=own,
        steps=steps if own.outcome is Outcome.OPEN else (),
        first=winner if winner != protocol.name else None,
    )


def lint_in_place(parts: Parts, desk_id: int, protocol: RecoveryProtocol, names: DeskNames | None) -> Sequence[Finding]:
    """Everything that is questionable about the protocol, by itself and beside those that are in force."""
    with parts.database.desk(desk_id, read=True) as session:
        dictionary = TagDictionary(**desks.get(session, desk_id).settings.get("tags", {}))
        others = [read_document(row.document) for row in protocols.in_force(session)]
    known = [one.name for one in others]
    # Which of two comes first matters, so it stands where the version in force stands, else last.
    place = known.index(protocol.name) if protocol.name in known else len(known)
    beside = [one for one in others if one.name != protocol.name]
    found = lint([*beside[:place], protocol, *beside[place:]], names, dictionary)
    return [one for one in found if one.protocol in ("", protocol.name)]


def _order(session: Session, name: str) -> int:
    """The protocol's own place; the last for one that is new."""
    rows = protocols.all_of(session)
    own = next((row.position for row, _ in rows if row.name == name), None)
    return own if own is not None else max((row.position for row, _ in rows), default=0) + 10

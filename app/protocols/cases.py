"""The life of a recovery case as pure rules: which step follows which, and what a survey's answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from app.protocols import tags
from app.protocols.actions.base import Alert, AlertKind
from app.protocols.errors import IllegalAdvance
from app.protocols.protocol import RecoveryProtocol, ReturnTo
from app.protocols.tags import TagDictionary
from app.words import CaseStage
from connectors.ticket import Ticket, TicketStatus, Write


class CaseEvent(StrEnum):
    """What can happen to a case. The words finish "a case that is ... cannot ..."."""

    HOLD_OUT = "be held out"
    FLAG = "be flagged"
    ASSIGN = "be assigned"
    CONTACT = "be contacted"  # a person answered the customer in public
    RESOLVE = "be resolved"
    REOPEN = "be reopened"
    RESURVEY = "be resurveyed"
    RECOVER = "be recovered"
    LOSE = "be lost"
    EXPIRE = "expire"


_S, _E = CaseStage, CaseEvent
_WORKING = (_S.FLAGGED, _S.ASSIGNED, _S.CONTACTED)
_ANSWERABLE = (_S.CONTACTED, _S.RESOLVED, _S.RESURVEYED)  # contacted: the ticket was reopened before the answer came

#: Event to (stage before -> stage after). A stage that maps to itself has heard the news before.
TRANSITIONS: Mapping[CaseEvent, Mapping[CaseStage, CaseStage]] = MappingProxyType(
    {
        _E.HOLD_OUT: {_S.ELIGIBLE: _S.HELD_OUT, _S.HELD_OUT: _S.HELD_OUT},
        _E.FLAG: {_S.ELIGIBLE: _S.FLAGGED} | {stage: stage for stage in _WORKING},
        _E.ASSIGN: {_S.FLAGGED: _S.ASSIGNED} | {stage: stage for stage in (_S.ASSIGNED, _S.CONTACTED)},
        _E.CONTACT: dict.fromkeys(_WORKING, _S.CONTACTED) | {stage: stage for stage in (_S.RESOLVED, _S.RESURVEYED)},
        _E.RESOLVE: dict.fromkeys((*_WORKING, _S.RESOLVED), _S.RESOLVED) | {_S.RESURVEYED: _S.RESURVEYED},
        _E.REOPEN: dict.fromkeys((_S.RESOLVED, _S.RESURVEYED), _S.CONTACTED) | {stage: stage for stage in _WORKING},
        _E.RESURVEY: dict.fromkeys((_S.RESOLVED, _S.RESURVEYED), _S.RESURVEYED),
        _E.RECOVER: dict.fromkeys((*_ANSWERABLE, _S.RECOVERED), _S.RECOVERED),
        _E.LOSE: dict.fromkeys((*_ANSWERABLE, _S.LOST), _S.LOST),
        _E.EXPIRE: dict.fromkeys(
            (_S.ELIGIBLE, _S.HELD_OUT, *_WORKING, _S.RESOLVED, _S.RESURVEYED, _S.EXPIRED), _S.EXPIRED
        ),
    }
)


def advance(stage: CaseStage, event: CaseEvent) -> CaseStage:
    """The stage after the event; the same stage when it changes nothing. Raises IllegalAdvance."""
    after = TRANSITIONS[event].get(stage)
    if after is None:
        raise IllegalAdvance(stage, event)
    return after


def can_advance(stage: CaseStage, event: CaseEvent) -> bool:
    """Whether the event is legal at that stage, so that late news can be dropped instead of failing."""
    return stage in TRANSITIONS[event]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Who had the ticket before the case, and whom the case gave it to; None where nothing was changed."""

    previous_group_id: str | None = None
    previous_assignee_id: str | None = None
    recovery_group_id: str | None = None
    return_group_id: str | None = None  #: of the rule's own group; None where the desk has no such group


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterAnswer:
    """What a survey's answer asks for."""

    event: CaseEvent  #: `RECOVER` or `LOSE`
    write: Write  #: empty when the ticket takes no more changes
    alert: Alert | None = None
    reason: str  #: one sentence for the case's story


def after_answer(
    value: float, protocol: RecoveryProtocol, ticket: Ticket, handover: Handover, dictionary: TagDictionary
) -> AfterAnswer:
    """What an answer means: `value` is normalised to [0, 1]; the bar is the protocol's own `good_from`.

    Recovered: tags, and the ticket returned by the protocol's rule unless somebody moved it meanwhile.
    Lost: tags, the ticket opened again, and the leads alerted.
    """
    resurvey = protocol.resurvey
    good_from = resurvey.good_from if resurvey else 0.6
    if value >= good_from:
        return _recovered(protocol, ticket, handover, dictionary)
    return _lost(protocol, ticket, dictionary)


def _recovered(
    protocol: RecoveryProtocol, ticket: Ticket, handover: Handover, dictionary: TagDictionary
) -> AfterAnswer:
    reason = "The customer's answer is good: recovered."
    if ticket.status is TicketStatus.CLOSED:
        return AfterAnswer(event=CaseEvent.RECOVER, write=Write(), reason=f"{reason} The ticket is closed for changes.")
    tagging = tags.recovered_write(ticket.tags, dictionary)
    back, said = _returned(protocol, ticket, handover)
    write = replace(back, add_tags=tagging.add_tags, remove_tags=tagging.remove_tags)
    return AfterAnswer(event=CaseEvent.RECOVER, write=write, reason=f"{reason} {said}")


def _returned(protocol: RecoveryProtocol, ticket: Ticket, handover: Handover) -> tuple[Write, str]:
    """Where a recovered ticket goes by the protocol's rule, and a sentence that says so. Whoever moved it since the
    case did has the last word."""
    rule = protocol.follow_up
    if rule.return_to is ReturnTo.STAY:
        return Write(), "The ticket stays where it is."
    if handover.recovery_group_id != ticket.group_id and (handover.recovery_group_id or rule.return_to is _PREVIOUS):
        return Write(), "It was not returned, since it is not in the recovery group any more."
    if rule.return_to is _PREVIOUS:
        agent_id = handover.previous_assignee_id
        # Whoever recovered it may be in that group as well, and would keep it there.
        nobody = frozenset({"assignee_id"}) if agent_id is None and ticket.assignee_id else frozenset()
        back = Write(group_id=handover.previous_group_id, assignee_id=agent_id, clear=nobody)
        return back, "It goes back to who had it before."
    return _to_group(rule.return_group or "", handover.return_group_id, ticket)


_PREVIOUS = ReturnTo.PREVIOUS


def _to_group(name: str, group_id: str | None, ticket: Ticket) -> tuple[Write, str]:
    if group_id is None:
        return Write(), f'It was not returned, since the desk has no group "{name}".'
    if group_id == ticket.group_id:
        return Write(), f'It is in the group "{name}" already.'
    return Write(group_id=group_id), f'It goes to the group "{name}".'


def _lost(protocol: RecoveryProtocol, ticket: Ticket, dictionary: TagDictionary) -> AfterAnswer:
    alert = Alert(
        kind=AlertKind.EMAIL,
        target="lead",
        subject=f"Recovery did not succeed on ticket {ticket.id}",
        text=f'The customer is still not satisfied after the protocol "{protocol.name}" on ticket {ticket.id}.',
        payload={"event": "recovery_lost", "ticket_id": ticket.id, "protocol": protocol.name},
    )
    if ticket.status is TicketStatus.CLOSED:
        reason = "The customer's answer is not good: lost. The ticket is closed for changes, so it was not reopened."
        return AfterAnswer(event=CaseEvent.LOSE, write=Write(), alert=alert, reason=reason)
    tagging = tags.lost_write(ticket.tags, dictionary)
    resting = ticket.status in (TicketStatus.SOLVED, TicketStatus.PENDING, TicketStatus.HOLD)
    write = Write(
        add_tags=tagging.add_tags,
        remove_tags=tagging.remove_tags,
        status=TicketStatus.OPEN if resting else None,
    )
    reason = "The customer's answer is not good: lost. The ticket is open again and the leads are told."
    return AfterAnswer(event=CaseEvent.LOSE, write=write, alert=alert, reason=reason)

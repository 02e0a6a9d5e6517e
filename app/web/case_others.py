"""What a case's page shows of others: who was alerted and has to take it, and what a vendor is asked. No routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.connect import KINDS
from app.protocols.actions.alert import AlertParams, told_line
from app.protocols.protocol import Action
from app.store import alert_chains, steps, vendor_items
from app.store.models import AlertCall, Desk, RecoveryCase


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One who was alerted, or is about to be."""

    line: str
    told_at: datetime | None
    due_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    settled_at: datetime | None
    open: bool  #: nobody of the chain has taken it yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One vendor item."""

    vendor: str | None
    way: str
    ticket_id: str | None
    url: str | None  #: of its ticket at the helpdesk
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Everybody beside the people who work on the case."""

    calls: Sequence[Called]
    items: Sequence[Item]


def of_case(session: Session, desk: Desk, case: RecoveryCase, actions: Mapping[str, Action]) -> Others:
    """What is known of a case's alerts that wait, and of its vendor items."""
    calls = alert_chains.of_case(session, case.id)
    taken = {call.chain_id for call in calls if call.acknowledged_at is not None}
    first = {row.id: row.action for row in steps.with_ids(session, {call.chain_id for call in calls})}
    return Others(
        calls=[_called(call, actions.get(first.get(call.chain_id, "")), call.chain_id not in taken) for call in calls],
        items=[
            Item(
                vendor=item.vendor,
                way=item.way,
                ticket_id=item.ticket_id,
                url=_url(desk, item.ticket_id) if item.ticket_id else None,
                made_at=item.made_at,
            )
            for item in vendor_items.of_case(session, case.id)
        ],
    )


def _called(call: AlertCall, action: Action | None, is_open: bool) -> Called:
    return Called(
        line=_line(call, action),
        told_at=call.told_at,
        due_at=call.due_at,
        acknowledged_at=call.acknowledged_at,
        acknowledged_by=call.acknowledged_by,
        settled_at=call.settled_at,
        open=is_open,
    )


def _line(call: AlertCall, action: Action | None) -> str:
    params = action.params if action is not None else None
    if not isinstance(params, AlertParams) or call.position > len(params.then):
        return "Alert"
    return told_line(params if call.position == 0 else params.then[call.position - 1])


def _url(desk: Desk, ticket_id: str) -> str:
    return KINDS[desk.kind].ticket_url(subdomain=desk.subdomain, base_url=desk.base_url, ticket_id=ticket_id)

"""What the helpdesk's own fields say of a customer: tier, value, organisation. Which field says what is the desk's
setting `customer`; nothing is judged here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.store.models import TrackedTicket
from connectors.base import Connector
from connectors.ticket import Customer, Ticket
from tasks.claims import TicketClaim

TIER, VALUE = "tier", "value"
TICKET = "ticket"  #: the source of a ticket's own fields; the others are the customer's
LONGEST = 100
LONGEST_NAME = 200


def read(claim: TicketClaim, ticket: Ticket, connector: Connector) -> Ticket:
    """The ticket with what is told of its customer, where a setting asks for it.

    A helpdesk that tells it only when asked is asked when the ticket is met, and when its organisation changed.
    """
    row = claim.tracked
    asked = any(not source.startswith(f"{TICKET}.") for source in claim.customer.values())
    known = row.read_at is not None and row.organization_id == ticket.organization_id
    if not asked or ticket.customer is not None or known:
        return ticket
    return replace(ticket, customer=connector.read_customer(ticket))


def describe(row: TrackedTicket, ticket: Ticket, mapped: Mapping[str, str], fields: Mapping[str, str]) -> None:
    """Store what is said of the customer. `mapped` names the sources, as "organization.plan"; without one for the tier
    it is the ticket's field that `fields` maps to it. What was not read stays as it was."""
    if ticket.customer is not None and ticket.customer.organization:
        row.organization = ticket.customer.organization[:LONGEST_NAME]
    sources = ({TIER: f"{TICKET}.{fields[TIER]}"} if TIER in fields else {}) | dict(mapped)
    for name, source in sources.items():
        owner, _, key = source.partition(".")
        if owner != TICKET and ticket.customer is None:
            continue
        found = _found(ticket, owner, key)
        if name == TIER:
            row.customer_tier = _word(found)
        elif name == VALUE:
            row.customer_value = _number(found)


def _found(ticket: Ticket, owner: str, key: str) -> Any:
    customer = ticket.customer or Customer()
    of = {"user": customer.fields, "organization": customer.organization_fields, TICKET: ticket.custom_fields}
    return of.get(owner, {}).get(key)


def _word(value: Any) -> str | None:
    """In lower case: one helpdesk tells a choice by its label, another by its tag."""
    said = str(value).strip().lower()[:LONGEST] if isinstance(value, str | int | float) else ""
    return said or None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None

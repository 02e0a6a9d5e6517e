"""What the placeholders of notes and alerts stand for on one ticket and case."""

from __future__ import annotations

from collections.abc import Mapping

from app.protocols.actions.base import Planning
from app.protocols.names import polite_name


def values(planning: Planning) -> Mapping[str, str]:
    """A text for every placeholder; empty where it is not known."""
    case, ticket = planning.case, planning.ticket
    return {
        "ticket_id": ticket.id,
        "ticket_url": case.ticket_url,
        "case_url": case.url,
        "protocol": case.protocol,
        "customer": polite_name(ticket.requester.name),
        "score": "" if case.score is None else str(case.score),
        "state": (case.state or "").replace("_", " and "),
        "reasons": "\n".join(f"- {reason}" for reason in case.reasons),
        "cause": case.cause.replace("_", " "),
        "stars": "" if case.stars is None else str(case.stars),
        "previous_group": case.previous_group,
        "vendor": case.vendor,
    }

"""From what was heard on a ticket to what it is about: gathered with every message, concluded with every score.

Called by `scoring.py` within its transaction; nothing here talks to a helpdesk or decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import log
from app.scoring import causes, explain, turning
from app.scoring.churn import Stake, churn
from app.scoring.conversation import Running, TicketFacts
from app.scoring.gathering import PLAIN_LENS, Lens, gather
from app.scoring.model import Model
from app.scoring.taxonomy import TaxonomyError, normal
from app.scoring.text import clean
from app.store import insights, scores
from app.store.models import Desk, TrackedTicket
from app.words import Score
from connectors.ticket import Message, Ticket

#: Desk setting `fields`: what a custom field of the helpdesk is for, to its id there.
REASON, VENDOR, ORDER_VENDOR, TIER = "cause", "vendor", "order_vendor", "tier"
LONGEST = 100  #: characters of a field's value that are kept

#: What a tag or a tier field says of a customer's value, where the desk's setting `tiers` says nothing else. Judgement.
TIERS = {
    "vip": 1.0, "enterprise": 1.0, "gold": 1.0, "platinum": 1.0, "premium": 0.8, "business": 0.8,
    "subscription": 0.7, "subscriber": 0.7, "annual plan": 0.7, "pro": 0.6, "silver": 0.6,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How a ticket stands at the end of a look."""

    score: Score
    running: Running
    facts: TicketFacts
    model: Model


def hear(session: Session, row: TrackedTicket, message: Message) -> None:
    """Gather what one public message of the customer hints at."""
    cleaned = clean(message.text)
    if not cleaned.text or cleaned.is_auto_reply:
        return
    kept = insights.load(session, row)
    gathered = gather(kept.gathered, message.id, cleaned.text, _lens(session, row.desk_id))
    insights.keep(session, row, replace(kept, gathered=gathered))


def read_fields(session: Session, row: TrackedTicket, ticket: Ticket) -> None:
    """Keep what the desk's mapped fields say on this ticket, so that scoring again by time knows it too."""
    mapped = session.get_one(Desk, row.desk_id).settings.get("fields", {})
    says = {
        purpose: str(value).strip()[:LONGEST]
        for purpose in (REASON, VENDOR, ORDER_VENDOR, TIER)
        if (value := ticket.custom_fields.get(str(mapped.get(purpose, "")))) not in (None, "")
    }
    kept = insights.load(session, row)
    if row.insight is None or dict(kept.says) != says:
        insights.keep(session, row, replace(kept, says=says))


def of(session: Session, row: TrackedTicket, stand: Stand) -> None:
    """Conclude from everything gathered and the score that stands: cause, fault, vendor, churn risk, turning point."""
    kept = insights.load(session, row)
    lens = _lens(session, row.desk_id)
    finding = causes.conclude(kept.gathered, lens, _says(row, kept.says, stand.facts))
    if row.cause_by is not None and row.cause_class is not None:
        cause = causes.corrected(row.cause_class, lens.taxonomy)
        fault = causes.find_fault(kept.gathered, lens.taxonomy, cause, finding.vendor)
        finding = replace(finding, cause=cause, fault=fault)
    stake = _stake(row, kept.says, session.get_one(Desk, row.desk_id).settings, stand.score.at)
    insights.record(session, row, finding, churn(stand.running, stand.facts, kept.gathered, stake))
    row.language = stand.running.language
    row.resolution = explain.resolution(stand.score)
    _turn(session, row, stand.model)


def _turn(session: Session, row: TrackedTicket, model: Model) -> None:
    """The earlier ticket that the conversation began poor because of, else the message at which it turned."""
    first = scores.opening(session, row.id)
    row.turning_ticket_id = None
    if first is not None and turning.began_poor(first.base_logit, first.factors, model):
        row.turning_ticket_id = insights.earlier_trouble(session, row)
    series = scores.series(session, row.id, turning.LONGEST)
    index = turning.turned_at([p_satisfied for _, p_satisfied in series])
    row.turning_message_id = None if index is None else series[index][0]


def _says(row: TrackedTicket, says: Mapping[str, str], facts: TicketFacts) -> causes.TicketSays:
    return causes.TicketSays(
        tags=frozenset(row.tags),
        reason=says.get(REASON),
        vendor=facts.vendor or says.get(VENDOR),
        order_vendor=says.get(ORDER_VENDOR),
    )


def _stake(row: TrackedTicket, says: Mapping[str, str], settings: Mapping[str, Any], now: datetime) -> Stake:
    until = row.solved_at or now
    days = max(0.0, (until - row.opened_at) / timedelta(days=1)) if row.opened_at else 0.0
    tiers = {normal(name): float(value) for name, value in settings.get("tiers", TIERS).items()}
    said = [(says[TIER], "tier")] if TIER in says else []
    said += [(tag, "tag") for tag in sorted(row.tags)]
    worth = [(tiers[normal(name)], f"{kind}: {name}") for name, kind in said if normal(name) in tiers]
    tier, tier_said = max(worth, default=(0.0, ""))
    return Stake(open_days=days, tier=min(1.0, max(0.0, tier)), tier_said=tier_said)


def _lens(session: Session, desk_id: int) -> Lens:
    try:
        return insights.lens(session, desk_id)
    except TaxonomyError as error:
        # Settings are checked when they are stored; these are of an older form. The packaged classes still serve.
        log.get("insight").warning("causes_unusable", desk_id=desk_id, slips=len(error.slips))
        session.info["lens"] = PLAIN_LENS
        return PLAIN_LENS

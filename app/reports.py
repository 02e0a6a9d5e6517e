"""The numbers behind the pages, from stored rows to plain JSON. The arithmetic is `app.measure`'s."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.measure import early as warned
from app.measure import funnel as measured
from app.store import cases, early_warnings
from app.store import deviations as done_otherwise
from app.store.database import Database
from app.store.models import RecoveryCase
from app.words import Arm, CaseStage


def case_rows(database: Database, desk_id: int) -> list[measured.CaseRow]:
    """Every case of a desk, as measuring wants it."""
    with database.desk(desk_id, read=True) as session:
        answers = cases.answered_at(session)
        return [_row(case, protocol, answers) for case, protocol in cases.with_protocol(session)]


def funnel(database: Database, desk_id: int) -> dict[str, Any]:
    """How many cases got how far, in all and by protocol and cause; durations in hours."""
    rows = case_rows(database, desk_id)
    return {
        **_shown(measured.funnel(rows)),
        "by_protocol": {name: _shown(one) for name, one in measured.by_protocol(rows).items()},
        "by_cause": {name: _shown(one) for name, one in measured.by_cause(rows).items()},
    }


def deviations(database: Database, desk_id: int) -> dict[str, Any]:
    """Where people did something else than the protocol, with their reasons, and what they changed back of ours."""
    with database.desk(desk_id, read=True) as session:
        told = done_otherwise.all_of(session)
    return {
        "deviations": [{**asdict(one), "at": one.at.isoformat()} for one in told],
        "by_kind": dict(sorted(Counter(one.kind for one in told).items())),
        "by_protocol": dict(sorted(Counter(one.protocol for one in told).items())),
    }


def early(database: Database, desk_id: int, *, hours: float = 4.0, messages: int = 0) -> dict[str, Any]:
    """How many badly rated tickets had been flagged poor, how long before, and the false alarms beside it."""
    with database.desk(desk_id, read=True) as session:
        rated = [
            warned.Rated(rating=value, rated_at=at, poor_at=poor_at, messages_left=left)
            for value, at, poor_at, left in early_warnings.rated_tickets(session)
        ]
    found = warned.early(rated, hours=hours, messages=messages)
    return {
        "wanted": {"hours": hours, "messages": messages},
        "rated": len(rated),
        "badly_rated": found.flagged.of,
        "flagged": _share(found.flagged),
        "flagged_in_time": _share(found.in_time),
        "false_alarms": _share(found.false_alarms),
        "lead_hours": _lead(found.lead_hours),
        "lead_messages": _lead(found.lead_messages),
        "few": found.few,
        "note": _note(found),
    }


def _share(share: warned.Share) -> dict[str, Any]:
    low, high = share.interval or (None, None)
    return {"count": share.count, "of": share.of, "share": share.value, "low": low, "high": high}


def _lead(lead: warned.Lead) -> dict[str, Any]:
    return {"tickets": lead.count, "p10": lead.p10, "p50": lead.p50, "p90": lead.p90}


def _note(found: warned.Early) -> str:
    if not found.flagged.of:
        return "No ticket has been rated badly yet, so there is nothing to say."
    if found.few:
        many = "1 ticket was" if found.flagged.of == 1 else f"{found.flagged.of} tickets were"
        return f"Only {many} rated badly: with so few, these shares may well be chance."
    return "Shares with their 95 % intervals. What happened, not a promise of what comes."


def _shown(found: measured.Funnel) -> dict[str, Any]:
    return {
        "stages": {count.stage.value: count.count for count in found.stages},
        "endings": {ending.value: len(ids) for ending, ids in found.endings.items()},
        "hours_to_first_touch": _hours(found.to_first_touch),
        "hours_to_recovery": _hours(found.to_recovery),
    }


def _hours(spread: measured.Spread) -> dict[str, float | int | None]:
    p50, p90 = (None if took is None else round(took.total_seconds() / 3600, 2) for took in (spread.p50, spread.p90))
    return {"cases": spread.count, "p50": p50, "p90": p90}


def _row(case: RecoveryCase, protocol: str, answers: Mapping[int, datetime]) -> measured.CaseRow:
    def ended(stage: CaseStage) -> datetime | None:
        return case.closed_at if case.stage is stage else None

    return measured.CaseRow(
        id=case.id,
        protocol=protocol,
        cause=case.cause,
        eligible_at=case.opened_at,
        held_out_at=case.opened_at if case.arm is Arm.HOLDOUT else None,
        flagged_at=case.flagged_at,
        assigned_at=case.assigned_at,
        contacted_at=case.contacted_at,
        resolved_at=case.resolved_at,
        resurveyed_at=case.resurveyed_at,
        answered_at=answers.get(case.id),
        recovered_at=ended(CaseStage.RECOVERED),
        lost_at=ended(CaseStage.LOST),
        expired_at=ended(CaseStage.EXPIRED),
    )

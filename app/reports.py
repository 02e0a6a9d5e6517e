"""The numbers behind the pages, from stored rows to plain JSON. The arithmetic is `app.measure`'s."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.measure import funnel as measured
from app.store import cases
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

"""What people did on a case, told together: from the audit log, their reasons, alerts they took, opinions on scores.

Read only, for the case's timeline. Who did it is told by name where they still work here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store import alert_chains, audit, colleagues, deviations
from app.store.models import AuditEntry, Label, RecoveryCase

MOST_ENTRIES = 200  #: of the audit log, the newest

#: What the audit log alone tells of a case; all else stands in rows of its own. A template has words for each.
FROM_THE_LOG = frozenset(
    {
        "case.claimed", "case.released", "case.handed_over", "case.snoozed", "case.woken", "case.looked_again",
        "step.confirmed", "step.repeated", "invitation.confirmed", "invitation.repeated", "invitation.hastened",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that one person did."""

    at: datetime
    did: str  #: a verb of the audit log, a kind of deviation, "override", "acknowledged", "agreed" or "disagreed"
    by: str  #: a name or address; empty where it is not known
    to: str = ""  #: whom it was handed to
    until: str = ""  #: ISO 8601, of a snooze
    detail: str = ""  #: what was changed, where that is no customer's words
    words: str | None = None  #: their reason, opened; None where there is none, or where it was erased


def of_case(session: Session, case: RecoveryCase) -> Sequence[Act]:
    """Oldest first."""
    names = {one.key: one.name for one in colleagues.of_desk(session, case.desk_id)}
    found = [*_logged(session, case, names), *_otherwise(session, case, names)]
    found += [*_taken(session, case, names), *_opinions(session, case, names)]
    return sorted(found, key=lambda act: act.at)


def _logged(session: Session, case: RecoveryCase, names: Mapping[str, str]) -> Iterator[Act]:
    page = audit.page(session, audit.Wanted(what=f"case:{case.id}"), limit=MOST_ENTRIES)
    for row in page.entries:
        if row.did in FROM_THE_LOG:
            yield _of_entry(row, names)


def _of_entry(row: AuditEntry, names: Mapping[str, str]) -> Act:
    detail = row.detail or {}
    to, until = str(detail.get("to") or ""), str(detail.get("until") or "")
    return Act(at=row.at, did=row.did, by=_named(row.by, names), to=_named(to, names), until=until)


def _otherwise(session: Session, case: RecoveryCase, names: Mapping[str, str]) -> Iterator[Act]:
    for one in deviations.of_case(session, case.id):
        changed = f"{one.field}: ours was {one.ours or 'nothing'}, now {one.theirs or 'nothing'}" if one.field else ""
        yield Act(
            at=one.at, did=one.kind, by=_named(one.by or "", names), detail=changed or one.step or "", words=one.reason
        )


def _taken(session: Session, case: RecoveryCase, names: Mapping[str, str]) -> Iterator[Act]:
    for call in alert_chains.of_case(session, case.id):
        if call.acknowledged_at is not None:
            by = call.acknowledged_by or ""
            by = "" if by == alert_chains.BY_LINK else by
            yield Act(at=call.acknowledged_at, did="acknowledged", by=_named(by, names))


def _opinions(session: Session, case: RecoveryCase, names: Mapping[str, str]) -> Iterator[Act]:
    """What people thought of scores of the case's ticket while it was open."""
    said = select(Label).where(Label.tracked_id == case.tracked_id, Label.at >= case.opened_at)
    for row in session.scalars(said if case.closed_at is None else said.where(Label.at <= case.closed_at)):
        yield Act(at=row.at, did="agreed" if row.agrees else "disagreed", by=_named(row.by, names))


def _named(key: str, names: Mapping[str, str]) -> str:
    """A person as others know them: by name, else by what the row says of them."""
    if key in names or "@" in key or not key:
        return names.get(key, key)
    kind, _, number = key.partition(":")
    told = {"account": "a former colleague", "agent": f"agent {number}", "token": f"a program (token {number})"}
    return told.get(kind, f"the {key}")

"""Audit: who changed what on a desk, and when. Written in the transaction of the change, and never altered.

It holds ids, names of settings and numbers: never customers' words, never secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.store.models import AuditEntry

LONGEST_TEXT = 200
PAGE = 100

OPERATOR = "operator"  #: who acts on the command line, or with the operator's token


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are looked for; None asks nothing."""

    by: str | None = None
    did: str | None = None  #: a verb ("case.claimed") or all of a noun ("case")
    what: str | None = None
    since: datetime | None = None
    until: datetime | None = None  #: exclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entries, newest first; `older_than` asks for the next ones and is None on the last page."""

    entries: Sequence[AuditEntry]
    older_than: int | None


def record(  # noqa: PLR0913  an entry has each of these, and the desk where the transaction is of none
    session: Session,
    *,
    by: str,
    did: str,
    what: str,
    detail: Mapping[str, Any] | None = None,
    at: datetime,
    on: int | None = None,
) -> None:
    """Put on record what a person changed, in a desk's session, or in a system's on the desk `on`. `at` is mechanism
    time.

    `by`: "account:7", "agent:123", "token:5" or "operator"; `did`: a dotted verb in the past, such as "case.claimed";
    `what`: "case:12". `detail` is a flat object; long texts in it are cut.
    """
    desk_id = session.info["desk_id"] or on
    if desk_id is None:
        raise ValueError("an audit entry belongs to a desk")
    kept = {name: _short(value) for name, value in detail.items()} if detail else None
    session.add(AuditEntry(desk_id=desk_id, at=at, by=by[:64], did=did[:64], what=what[:100], detail=kept))


def page(session: Session, wanted: Wanted, *, older_than: int | None = None, limit: int = PAGE) -> Page:
    """The newest entries of those wanted, or those before the one with the id `older_than`."""
    found = _narrowed(wanted).order_by(AuditEntry.id.desc()).limit(limit + 1)
    if older_than is not None:
        found = found.where(AuditEntry.id < older_than)
    rows = session.scalars(found).all()
    return Page(entries=rows[:limit], older_than=rows[limit - 1].id if len(rows) > limit else None)


def after(session: Session, wanted: Wanted, last_id: int, limit: int = 1000) -> Sequence[AuditEntry]:
    """The next entries of those wanted, oldest first: for an export that is written piece by piece. Begin with 0."""
    found = _narrowed(wanted).where(AuditEntry.id > last_id)
    return session.scalars(found.order_by(AuditEntry.id).limit(limit)).all()


def account_ids(entries: Sequence[AuditEntry]) -> frozenset[int]:
    """The accounts that the entries name as who did it, or as whom it was done to."""
    return frozenset(_accounts(entries))


def _accounts(entries: Sequence[AuditEntry]) -> Iterator[int]:
    for entry in entries:
        for name in (entry.by, entry.what):
            kind, _, number = name.partition(":")
            if kind == "account" and number.isascii() and number.isdecimal():
                yield int(number)


def _narrowed(wanted: Wanted) -> Select[AuditEntry]:
    found = select(AuditEntry)
    if wanted.by is not None:
        found = found.where(AuditEntry.by == wanted.by)
    if wanted.did is not None:
        found = found.where(
            or_(AuditEntry.did == wanted.did, AuditEntry.did.startswith(f"{wanted.did}.", autoescape=True))
        )
    if wanted.what is not None:
        found = found.where(AuditEntry.what == wanted.what)
    if wanted.since is not None:
        found = found.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(AuditEntry.at < wanted.until)
    return found


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, (list, tuple)):
        return [_short(one) for one in value[:PAGE]]
    return value if value is None or isinstance(value, bool | int | float) else str(value)[:LONGEST_TEXT]

"""Vendor items: what is looked into with a vendor while the customer's case goes on. The links go both ways."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.models import RecoveryCase, StepRow, VendorItem

LONGEST_VENDOR = 100


def record(
    session: Session, step: StepRow, *, vendor: str, way: str, ticket_id: str | None, now: datetime
) -> VendorItem:
    """Store the item that a step made, once; `now` is business time."""
    known = session.scalar(select(VendorItem).where(VendorItem.step_id == step.id))
    if known is not None:
        return known
    item = VendorItem(
        desk_id=step.desk_id,
        case_id=step.case_id,
        step_id=step.id,
        vendor=vendor[:LONGEST_VENDOR] or None,
        way=way,
        ticket_id=ticket_id,
        made_at=now,
    )
    session.add(item)
    session.flush()
    return item


def of_case(session: Session, case_id: int) -> Sequence[VendorItem]:
    return session.scalars(select(VendorItem).where(VendorItem.case_id == case_id).order_by(VendorItem.id)).all()


def case_behind(session: Session, ticket_id: str) -> RecoveryCase | None:
    """The customer's case that a vendor's ticket belongs to; None for every other ticket."""
    behind = select(RecoveryCase).join(VendorItem, VendorItem.case_id == RecoveryCase.id)
    return session.scalar(behind.where(VendorItem.ticket_id == ticket_id).order_by(VendorItem.id.desc()).limit(1))

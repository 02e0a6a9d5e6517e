"""What every page on protocols hangs on: the blueprint, and finding what an address names. No handler is here."""

from __future__ import annotations

from flask import Blueprint, abort
from sqlalchemy.orm import Session

from app.store import drafts, protocols
from app.store.models import ProtocolRow, ProtocolVersion

blueprint = Blueprint("protocols", __name__, url_prefix="/protocols")


def row_or_404(session: Session, protocol_id: int) -> ProtocolRow:
    """The protocol, if this desk has it."""
    row = drafts.find_protocol(session, protocol_id)
    if row is None:
        abort(404)
    return row


def version_or_404(session: Session, protocol_id: int, number: str | int | None) -> ProtocolVersion:
    """That version of the protocol; its newest where no number is given."""
    versions = protocols.versions_of(session, protocol_id)
    wanted = next((one for one in versions if number in (None, "") or str(one.number) == str(number)), None)
    if wanted is None:
        abort(404)
    return wanted

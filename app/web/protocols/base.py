"""What every page on protocols hangs on: the blueprint, and finding what an address names. No handler is here."""

from __future__ import annotations

from flask import Blueprint, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.store import drafts, protocols
from app.store.models import ProtocolRow, ProtocolVersion
from app.web.context import desk_id, visitor

blueprint = Blueprint("protocols", __name__, url_prefix="/protocols")


@blueprint.before_request
def refuse_other_desks_forms() -> ResponseReturnValue | None:
    """A form that was opened on another desk would store its document where nobody looked for it."""
    if request.method != "POST" or request.form.get("desk", "") in ("", str(desk_id())):
        return None
    place = visitor().place
    advice = (
        f"It is “{place.name if place else ''}”, and the form was opened on another one. Nothing was changed. Switch "
        "back to the form's desk, go back in your browser, and send it again."
    )
    page = render_template(
        "errors/show.html", code=409, title="You are on another desk now", advice=advice, request_id=g.request_id
    )
    return make_response(page, 409)


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

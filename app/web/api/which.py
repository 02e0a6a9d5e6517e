"""Which desk a call of the API is about, and who calls. What they may call is declared in `base`."""

from __future__ import annotations

from flask import abort
from marshmallow import Schema, fields

from app.store import accounts, desks
from app.store.database import Purpose
from app.store.models import Role
from app.web.context import find_visitor, parts

OPERATOR = "operator"


class OnDeskSchema(Schema):
    """Whatever a call needs beside the desk it is about."""

    desk = fields.Integer(
        load_default=None,
        metadata={"description": "The desk's id; may be left out where there is one, or by its signed-in people"},
    )


def find_desk(wanted: int | None, role: Role) -> int:
    """The desk that is meant. A signed-in person reaches those where they have the role; the operator reaches all."""
    visitor = find_visitor()
    if visitor is not None:
        place = visitor.place if wanted is None else visitor.place_on(wanted)
        if place is None or accounts.RANK[place.role] < accounts.RANK[role]:
            abort(404)
        return place.desk_id
    with parts().database.system(Purpose.OPERATE, read=True) as session:
        known = [desk.id for desk in desks.all_of(session)]
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        abort(404)
    return wanted


def caller() -> str:
    """Who is put on record for what this call does."""
    visitor = find_visitor()
    return visitor.email if visitor is not None else OPERATOR

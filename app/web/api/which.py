"""Which desk a call of the API is about, and who calls. What they may call is declared in `base`."""

from __future__ import annotations

from flask import abort, g
from flask_smorest import abort as refuse
from marshmallow import Schema

from app.store import desks
from app.store.accounts import reaches
from app.store.database import Purpose
from app.store.models import Role
from app.web.access import reading
from app.web.api.values import WholeNumber
from app.web.context import find_visitor, parts

OPERATOR = "operator"


class OnDeskSchema(Schema):
    """Whatever a call needs beside the desk it is about."""

    desk = WholeNumber(
        load_default=None,
        metadata={"description": "The desk's id; may be left out where there is only one"},
    )


def find_desk(wanted: int | None, role: Role) -> int:
    """The desk that is meant. A signed-in person reaches those where they have the role; the operator reaches all.

    Which desk a session happens to be on says nothing about what a program means, so with several one is named.
    """
    g.called_desk = desk_id = _find(wanted, role)
    return desk_id


def _find(wanted: int | None, role: Role) -> int:
    visitor = find_visitor()
    if visitor is not None:
        reached = [one.desk_id for one in visitor.places if reaches(one.role, role, reads=reading())]
        if wanted is None and len(reached) > 1:
            refuse(422, errors=[{"path": "desk", "message": "is needed; you have several", "value": None}])
        if not reached or wanted not in (None, *reached):
            abort(404)
        return reached[0] if wanted is None else wanted
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


def caller_name() -> str:
    """Who calls, as the audit log and the count of calls name them: "token:5", "account:7" or "operator"."""
    visitor = find_visitor()
    if "api_token_id" in g:
        return f"token:{g.api_token_id}"
    return OPERATOR if visitor is None else f"account:{visitor.account_id}"
